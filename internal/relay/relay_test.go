package relay_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"holdfast/internal/clock"
	"holdfast/internal/relay"
	"holdfast/internal/store"
	"holdfast/steps"
	"holdfast/workflows"
)

// outbox is the part of a store that a relay uses, in memory.
type outbox struct {
	store.Tx

	mu     sync.Mutex
	rows   []store.Relayed
	enrol  map[string]store.Enrollment
	leased map[string]bool
	result map[string]string
}

func newOutbox(rows ...store.Relayed) *outbox {
	o := &outbox{enrol: map[string]store.Enrollment{}, leased: map[string]bool{}, result: map[string]string{}}
	for i, r := range rows {
		r.Seq = int64(i + 1)
		o.rows = append(o.rows, r)
		o.enrol[r.Enrollment] = store.Enrollment{ID: r.Enrollment, Digest: "d1", Status: "active", StartedAt: began}
	}
	return o
}

var began = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func (o *outbox) Update(_ context.Context, fn func(store.Tx) error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return fn(o)
}

func (o *outbox) View(ctx context.Context, fn func(store.Tx) error) error { return o.Update(ctx, fn) }

func (o *outbox) Close() error { return nil }

func (o *outbox) Enrollment(id string) (store.Enrollment, error) {
	e, ok := o.enrol[id]
	if !ok {
		return e, store.ErrNotFound
	}
	return e, nil
}

func (o *outbox) Lease(_ string, _, _ time.Time, limit int) ([]store.Relayed, error) {
	byID := map[string][]store.Relayed{}
	var ids []string
	for _, r := range o.rows {
		if o.leased[r.Enrollment] {
			continue
		}
		if byID[r.Enrollment] == nil {
			ids = append(ids, r.Enrollment)
		}
		byID[r.Enrollment] = append(byID[r.Enrollment], r)
	}
	var out []store.Relayed
	for _, id := range ids[:min(limit, len(ids))] {
		o.leased[id] = true
		out = append(out, byID[id]...)
	}
	return out, nil
}

func (o *outbox) Delivered(id string, seq int64, result string) error {
	o.rows = slices.DeleteFunc(o.rows, func(r store.Relayed) bool { return r.Enrollment == id && r.Seq <= seq })
	o.result[id] = result
	return o.Unlease(id)
}

func (o *outbox) Unlease(id string) error {
	delete(o.leased, id)
	return nil
}

func (o *outbox) left() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.rows)
}

// engine is the part of Temporal that a relay calls.
type engine struct {
	client.Client

	mu      sync.Mutex
	running map[string]bool // false: it ended
	heard   []string
	starts  []workflows.Input
	err     error // of every call, while set
	during  func(id string)
}

func (e *engine) ExecuteWorkflow(_ context.Context, o client.StartWorkflowOptions, _ any, args ...any) (client.WorkflowRun, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.during != nil {
		e.during(o.ID)
	}
	if e.err != nil {
		return nil, e.err
	}
	if _, known := e.running[o.ID]; known {
		return nil, serviceerror.NewWorkflowExecutionAlreadyStarted("already", "", "")
	}
	if e.running == nil {
		e.running = map[string]bool{}
	}
	e.running[o.ID] = true
	e.heard = append(e.heard, "start "+o.ID)
	e.starts = append(e.starts, args[0].(workflows.Input))
	return nil, nil
}

func (e *engine) SignalWorkflow(_ context.Context, id, _, _ string, arg any) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err != nil {
		return e.err
	}
	if !e.running[id] {
		return serviceerror.NewNotFound("workflow not found")
	}
	e.heard = append(e.heard, "wake "+id+" "+string(rune('0'+arg.(workflows.Wake).N)))
	return nil
}

func newRelay(o *outbox, e *engine) *relay.Relay {
	return &relay.Relay{Store: o, Client: e, TaskQueue: "q", Holder: "me", Clock: clock.System{}}
}

func round(t *testing.T, r *relay.Relay) {
	t.Helper()
	if _, err := r.Round(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func startRow(id string) store.Relayed {
	return store.Relayed{Enrollment: id, Kind: "start", N: 1, Digest: "d1"}
}

func wakeRow(id string, n int64) store.Relayed {
	return store.Relayed{Enrollment: id, Kind: "wake", N: n}
}

func TestAStartCarriesTheWakesCommittedWithIt(t *testing.T) {
	t.Parallel()
	o, e := newOutbox(startRow("a"), wakeRow("a", 2), wakeRow("a", 3)), &engine{}
	round(t, newRelay(o, e))
	want := []workflows.Input{{Enrollment: "a", Digest: "d1", State: steps.State{V: 1, Started: began}, Seen: 3, Local: true}}
	if diff := cmp.Diff(want, e.starts); diff != "" {
		t.Errorf("starts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"start a"}, e.heard); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if o.result["a"] != "ok" || o.left() != 0 {
		t.Errorf("result %q, %d rows left", o.result["a"], o.left())
	}
}

func TestAStartDeliveredTwiceIsOnceAndStillWakes(t *testing.T) {
	t.Parallel()
	// The process died after the start reached Temporal and before it was marked.
	o, e := newOutbox(startRow("a"), wakeRow("a", 2)), &engine{running: map[string]bool{"a": true}}
	round(t, newRelay(o, e))
	if diff := cmp.Diff([]string{"wake a 2"}, e.heard); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestWakesOfOneEnrollmentBecomeTheGreatest(t *testing.T) {
	t.Parallel()
	o := newOutbox(wakeRow("a", 2), wakeRow("b", 5), wakeRow("a", 3), wakeRow("a", 4))
	e := &engine{running: map[string]bool{"a": true, "b": true}}
	round(t, newRelay(o, e))
	slices.Sort(e.heard)
	if diff := cmp.Diff([]string{"wake a 4", "wake b 5"}, e.heard); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestAWakeOfAnEndedEnrollmentIsTooLate(t *testing.T) {
	t.Parallel()
	o, e := newOutbox(wakeRow("a", 2), wakeRow("b", 2)), &engine{running: map[string]bool{"a": false, "b": false}}
	o.enrol["a"] = store.Enrollment{ID: "a", Status: "ended"}
	// b's workflow was ended by hand: Temporal refuses its id, though the store says active.
	round(t, newRelay(o, e))
	if diff := cmp.Diff(map[string]string{"a": "too_late", "b": "too_late"}, o.result); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
}

func TestAnEnrollmentThatTemporalLostStartsFromItsState(t *testing.T) {
	t.Parallel()
	o, e := newOutbox(wakeRow("a", 6)), &engine{}
	o.enrol["a"] = store.Enrollment{ID: "a", Digest: "d1", Status: "active", State: []byte(`{"v":1,"at":"settle"}`)}
	r := newRelay(o, e)
	r.Compressed = true
	round(t, r)
	want := []workflows.Input{{Enrollment: "a", Digest: "d1", State: steps.State{V: 1, At: "settle"}, Compressed: true, Seen: 6, Local: true}}
	if diff := cmp.Diff(want, e.starts); diff != "" {
		t.Errorf("starts (-want +got):\n%s", diff)
	}
}

func TestNothingIsLostWhileTemporalIsAway(t *testing.T) {
	t.Parallel()
	var rows []store.Relayed
	for _, id := range []string{"a", "b", "c"} {
		rows = append(rows, startRow(id))
	}
	o, e := newOutbox(rows...), &engine{err: serviceerror.NewUnavailable("away")}
	r := newRelay(o, e)
	if _, err := r.Round(t.Context()); err == nil {
		t.Fatal("a round without Temporal has no error")
	}
	if len(o.leased) != 0 || o.left() != 3 || r.InFlight() != 0 {
		t.Fatalf("leased %v, %d rows left, %d in flight; want all given back", o.leased, o.left(), r.InFlight())
	}
	e.err = nil
	round(t, r)
	if len(e.starts) != 3 || o.left() != 0 {
		t.Errorf("started %d, %d rows left", len(e.starts), o.left())
	}
}

func TestOneBadRowDoesNotHoldUpTheOthers(t *testing.T) {
	t.Parallel()
	o, e := newOutbox(startRow("bad"), startRow("good")), &engine{}
	e.during = func(id string) {
		e.err = nil
		if id == "bad" {
			e.err = serviceerror.NewInvalidArgument("no")
		}
	}
	if _, err := newRelay(o, e).Round(t.Context()); err == nil {
		t.Error("want the bad row's error")
	}
	if o.result["good"] != "ok" || o.left() != 1 {
		t.Errorf("results %v, %d rows left; want good delivered and bad kept", o.result, o.left())
	}
}

func TestAStopMarksWhatWasDelivered(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	o, e := newOutbox(startRow("a")), &engine{during: func(string) { cancel() }}
	if err := newRelay(o, e).Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Run ended with %v", err)
	}
	if o.result["a"] != "ok" {
		t.Errorf("result %q, want ok", o.result["a"])
	}
}

func TestAPokeIsDeliveredBeforeThePoll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // time moves only when everybody waits
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		o, e := newOutbox(), &engine{}
		r := newRelay(o, e)
		idle := 0
		r.OnIdle = func() { idle++ }
		go func() { _ = r.Run(ctx) }()
		synctest.Wait()
		began := (clock.System{}).Now()

		o.rows = []store.Relayed{startRow("a")}
		o.enrol["a"] = store.Enrollment{ID: "a", Status: "active"}
		r.Poke()
		r.Poke() // and never blocks
		synctest.Wait()
		if took := (clock.System{}).Now().Sub(began); o.left() != 0 || took != 0 {
			t.Errorf("%d rows left after %v, want none at once", o.left(), took)
		}
		if idle < 2 {
			t.Errorf("idle %d times, want before and after the delivery", idle)
		}
	})
}
