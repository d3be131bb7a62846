package relay

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"holdfast/internal/store"
	"holdfast/workflows"
)

// Results of a delivery, as the store keeps them.
const (
	delivered = "ok"
	tooLate   = "too_late" // the enrollment is over
)

// callTimeout bounds one call to Temporal; it is far below the lease.
const callTimeout = 3 * time.Second

// taskTimeout is how long a workflow task may take, and so how long one waits
// that a killed process had begun. A task of ours takes milliseconds.
const taskTimeout = 5 * time.Second

// outcome of one parcel: a result, or the error that stopped it.
type outcome struct {
	parcel

	result string
	err    error
}

// deliverAll hands the parcels over, several at once, and marks those that
// arrived together in one transaction. When Temporal turns out to be away, the
// rest are not tried.
func (r *Relay) deliverAll(ctx context.Context, parcels []parcel) error {
	todo := make(chan parcel, len(parcels))
	for _, p := range parcels {
		todo <- p
	}
	close(todo)

	done := make(chan outcome, len(parcels))
	failed := make(chan struct{})
	fail := sync.OnceFunc(func() { close(failed) })
	var wg sync.WaitGroup
	for range min(parallel, len(parcels)) {
		wg.Go(func() {
			for p := range todo {
				o := outcome{parcel: p}
				select {
				case <-failed:
					o.err = errGivenBack
				default:
					if o.result, o.err = r.deliver(ctx, p); away(o.err) {
						fail()
					}
				}
				done <- o
			}
		})
	}
	go func() { wg.Wait(); close(done) }()
	return r.markAll(ctx, done)
}

// away reports whether err is about Temporal, not about one enrollment.
func away(err error) bool {
	var unavailable *serviceerror.Unavailable
	var busy *serviceerror.ResourceExhausted
	var slow *serviceerror.DeadlineExceeded
	return errors.As(err, &unavailable) || errors.As(err, &busy) || errors.As(err, &slow) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

var errGivenBack = errors.New("given back undelivered")

// markAll writes outcomes as they come in, all that are there in one
// transaction, until done is closed. The error is the first real one.
func (r *Relay) markAll(ctx context.Context, done <-chan outcome) error {
	ctx = context.WithoutCancel(ctx) // what was delivered is marked even when we are told to stop
	var first error
	for o := range done {
		batch := []outcome{o}
		for more := true; more; {
			select {
			case o, ok := <-done:
				if more = ok; ok {
					batch = append(batch, o)
				}
			default:
				more = false
			}
		}
		for _, o := range batch {
			if first == nil && o.err != nil && !errors.Is(o.err, errGivenBack) {
				first = o.err
			}
		}
		if err := r.mark(ctx, batch); err != nil && first == nil {
			first = err
		}
	}
	return first
}

func (r *Relay) mark(ctx context.Context, batch []outcome) error {
	err := r.Store.Update(ctx, func(tx store.Tx) error {
		for _, o := range batch {
			if o.err != nil {
				if err := tx.Unlease(o.enrollment); err != nil {
					return err
				}
				continue
			}
			if err := tx.Delivered(o.enrollment, o.upTo, o.result); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("mark rows as delivered: %w", err)
	}
	return nil
}

// deliver starts or wakes one enrollment's workflow. A wake delivered with the
// start travels inside it.
func (r *Relay) deliver(ctx context.Context, p parcel) (string, error) {
	if p.start == nil {
		return r.wake(ctx, p)
	}
	p.start.Seen = p.wake
	fresh, err := r.start(ctx, p.start)
	if err != nil {
		return "", err
	}
	if fresh || p.wake == 0 {
		return delivered, nil
	}
	return r.wake(ctx, p) // started by an earlier try, which may have carried fewer wakes
}

// start begins a workflow. fresh is false when there is or was one of that id.
func (r *Relay) start(ctx context.Context, in *workflows.Input) (fresh bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err = r.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                                       in.Enrollment,
		TaskQueue:                                r.TaskQueue,
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		WorkflowTaskTimeout:                      taskTimeout,
		EnableEagerStart:                         true, // our own worker gets the first task in the answer
	}, workflows.EnrollmentType, *in)
	if _, ok := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); ok {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("start enrollment %s: %w", in.Enrollment, err)
	}
	return true, nil
}

// wake signals a workflow. One that is not there is over, or was lost with
// Temporal's memory: the store knows, and a lost one starts where its state says.
func (r *Relay) wake(ctx context.Context, p parcel) (string, error) {
	err := r.signal(ctx, p)
	if _, gone := errors.AsType[*serviceerror.NotFound](err); !gone {
		return delivered, err
	}
	in, err := r.lost(ctx, p.enrollment)
	if err != nil || in == nil {
		return tooLate, err
	}
	in.Seen = p.wake
	fresh, err := r.start(ctx, in)
	if err != nil {
		return "", err
	}
	if !fresh { // it ended, and only the store has not heard
		return tooLate, nil
	}
	r.log().WarnContext(ctx, "enrollment was not in temporal, started from its state", "enrollment", p.enrollment)
	return delivered, nil
}

func (r *Relay) signal(ctx context.Context, p parcel) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := r.Client.SignalWorkflow(ctx, p.enrollment, "", workflows.WakeSignal, workflows.Wake{N: p.wake}); err != nil {
		return fmt.Errorf("wake enrollment %s: %w", p.enrollment, err)
	}
	return nil
}

// lost is the input of an enrollment that should be running, nil when it ended.
func (r *Relay) lost(ctx context.Context, id string) (in *workflows.Input, err error) {
	err = r.Store.View(ctx, func(tx store.Tx) error {
		in = nil
		e, err := tx.Enrollment(id)
		if err != nil || e.Status != "active" {
			return err
		}
		in, err = r.input(e)
		return err
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("read enrollment %s: %w", id, err)
	}
	return in, nil
}
