package sim

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"holdfast/internal/clock"
	"holdfast/workflows"
)

// engine is where the workflows run: the SDK's test environment in place of a
// server, one for each enrollment. It answers the two calls that a relay makes
// of a Temporal client.
type engine struct {
	client.Client // nil: a relay calls nothing else

	clock   clock.Clock
	advance func(context.Context, workflows.Step) (workflows.Progress, error)
	broken  func(error)           // an Advance failed: the simulation is over
	ended   func(context.Context) // an enrollment is over
	rested  func()                // an Advance is done

	mu   sync.Mutex
	runs map[string]*run
	busy int // Advances that run or that will follow at once
	all  sync.WaitGroup
}

// run is one enrollment's workflow, through all its continuations.
type run struct {
	started chan struct{} // closed by its first Advance: from then on it can be signalled
	once    sync.Once
	next    bool // an Advance follows at once, and is counted as busy

	mu    sync.Mutex
	env   *testsuite.TestWorkflowEnvironment
	wake  int64 // greatest that was signalled
	over  bool
	ended bool // the engine is being cleared
}

// ExecuteWorkflow starts an enrollment once.
func (g *engine) ExecuteWorkflow(_ context.Context, o client.StartWorkflowOptions, _ any, args ...any) (client.WorkflowRun, error) {
	in, ok := args[0].(workflows.Input)
	if !ok {
		return nil, serviceerror.NewInvalidArgument("an enrollment takes an Input")
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.runs[o.ID] != nil {
		return nil, serviceerror.NewWorkflowExecutionAlreadyStarted("it runs", "", "")
	}
	r := &run{started: make(chan struct{})}
	g.runs[o.ID] = r
	g.busy++
	r.next = true
	g.all.Go(func() { g.perform(r, in) })
	return nil, nil
}

// SignalWorkflow wakes an enrollment.
func (g *engine) SignalWorkflow(ctx context.Context, id, _, name string, arg any) error {
	g.mu.Lock()
	r := g.runs[id]
	g.mu.Unlock()
	w, ok := arg.(workflows.Wake)
	if r == nil || !ok {
		return serviceerror.NewNotFound("no such enrollment")
	}
	select {
	case <-r.started:
	case <-ctx.Done():
		return ctx.Err()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return serviceerror.NewNotFound("the enrollment is over")
	}
	r.wake = max(r.wake, w.N)
	r.env.SignalWorkflow(name, w)
	return nil
}

// perform plays a workflow to its end.
func (g *engine) perform(r *run, in workflows.Input) {
	for {
		env := g.environment(r)
		r.mu.Lock()
		r.env = env
		missed, ended := r.wake, r.ended
		r.mu.Unlock()
		if ended {
			break
		}
		if missed > in.Seen { // it came while one run went over into the next
			env.RegisterDelayedCallback(func() { env.SignalWorkflow(workflows.WakeSignal, workflows.Wake{N: missed}) }, time.Nanosecond)
		}
		env.ExecuteWorkflow(workflows.Enrollment, in)
		next, more := workflows.Continued(env.GetWorkflowError())
		if !more {
			break
		}
		in = next
	}
	r.mu.Lock()
	r.over = true
	r.mu.Unlock()
}

func (g *engine) environment(r *run) *testsuite.TestWorkflowEnvironment {
	suite := new(testsuite.WorkflowTestSuite)
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetStartTime(g.clock.Now())
	env.SetWorkflowRunTimeout(0)                                                // there is no other timer, so it would fire at the first rest
	env.SetTestTimeout(24 * time.Hour)                                          // of real time; the conductor notices a stall long before
	env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute}) // a busy machine is no deadlock
	worker.SetBinaryChecksum("simulation")                                      // or the SDK hashes our whole binary first
	env.RegisterActivityWithOptions(func(ctx context.Context, in workflows.Step) (workflows.Progress, error) {
		return g.played(ctx, r, in)
	}, activity.RegisterOptions{Name: workflows.AdvanceActivity})
	return env
}

// played is Advance, counted. One that fails ends the simulation: nothing here
// can be mended by trying again.
func (g *engine) played(ctx context.Context, r *run, in workflows.Step) (workflows.Progress, error) {
	g.mu.Lock()
	if !r.next {
		g.busy++
	}
	r.next = false
	g.mu.Unlock()
	r.once.Do(func() { close(r.started) })

	p, err := g.advance(ctx, in)
	if err != nil {
		g.broken(err)
	}
	if p.Over {
		g.ended(ctx) // before the clock may move on: another moment may start another
	}
	g.done(r, p)
	g.rested()
	if err != nil {
		return p, temporal.NewNonRetryableApplicationError("the simulation is broken", "broken", err)
	}
	return p, nil
}

func (g *engine) done(r *run, p workflows.Progress) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if r.next = p.Again; !r.next {
		g.busy--
	}
}

// Busy is how many Advances run or will follow at once.
func (g *engine) Busy() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.busy
}

// clear ends what still runs and waits for it.
func (g *engine) clear() {
	g.mu.Lock()
	runs := make([]*run, 0, len(g.runs))
	for _, r := range g.runs {
		runs = append(runs, r)
	}
	g.mu.Unlock()
	for _, r := range runs {
		<-r.started
		r.mu.Lock()
		r.ended = true
		if !r.over {
			r.env.CancelWorkflow()
		}
		r.mu.Unlock()
	}
	g.all.Wait()
}
