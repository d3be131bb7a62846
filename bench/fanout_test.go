package bench

import (
	"context"
	"errors"
	"flag"
	"sync/atomic"
	"testing"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"

	"holdfast"
	"holdfast/internal/clock"
	"holdfast/internal/intake"
	"holdfast/internal/paired"
	"holdfast/internal/relay"
	"holdfast/internal/temporal"
)

var fanOut = flag.Int("bench-fanout", 5000, "enrollments that one event begins")

// TestBenchFanOut: one announcement, from its message to the last start that Temporal
// has answered and the outbox empty, beside a client that starts as many workflows of
// an account's id. Both are by sixteen at once over a server of their own, on which no
// worker is: what a first task does is not what is measured.
func TestBenchFanOut(t *testing.T) { //nolint:paralleltest // it measures
	sizes := []int{40}
	if *pairs > 0 {
		sizes = []int{*fanOut / 5, *fanOut}
	}
	for _, n := range sizes {
		ours, theirs := paired.Blocks(max(*pairs, 1), fanned(t, n, announce), fanned(t, n, startBare))
		for _, row := range []paired.Row{
			{Name: "fanout", Ours: paired.Each(ours, cpu), Theirs: paired.Each(theirs, cpu)},
			{Name: "fanout-wall", Ours: paired.Each(ours, wall), Theirs: paired.Each(theirs, wall)},
		} {
			row.Size = n
			row.Report(t, *pairs > 0)
		}
	}
}

func cpu(c paired.Cost) float64  { return c.CPU }
func wall(c paired.Cost) float64 { return c.Wall }

// fanned is a block: a world of n accounts in a fresh directory, all of which a side
// starts once it is ready.
func fanned(t *testing.T, n int, ready func(*world, int) (start func())) func() paired.Cost {
	t.Helper()
	return func() paired.Cost {
		w := worldOf(t, "announce", n)
		defer w.stop()
		counted := &counts{Client: w.client}
		w.client = counted
		cost := paired.Measure(t, ready(w, n))
		if got := int(counted.started.Load()); got != n {
			t.Fatalf("%d workflows were started, want %d", got, n)
		}
		return cost
	}
}

// counts is a client that knows how many workflows it has started.
type counts struct {
	client.Client

	started atomic.Int64
}

// ExecuteWorkflow implements client.Client.
func (c *counts) ExecuteWorkflow(ctx context.Context, o client.StartWorkflowOptions, kind any, args ...any) (client.WorkflowRun, error) {
	run, err := c.Client.ExecuteWorkflow(ctx, o, kind, args...)
	if _, late := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); err == nil || late { // late: a try before was not answered in time
		c.started.Add(1)
	}
	return run, err
}

// announce is our side: the message, the agenda that takes it to the accounts, and the
// relay beside it, as in one process of the product.
func announce(w *world, _ int) func() {
	r := new(relay.Relay)
	in := w.intake(clock.System{}, r.Poke)
	var entered atomic.Bool // all rows are committed
	var looked bool         // and the relay has looked once since
	empty := make(chan struct{})
	r.Store, r.Client, r.TaskQueue, r.Holder, r.Clock = w.store, w.client, temporal.TaskQueue, "bench", clock.System{}
	r.OnIdle = func() {
		switch {
		case looked:
			select {
			case <-empty:
			default:
				close(empty)
			}
		case entered.Load():
			looked = true
			r.Poke()
		}
	}
	w.background(func(ctx context.Context) { _ = r.Run(ctx) })
	return func() {
		res, err := in.Receive(w.t.Context(), intake.Call{Messages: []holdfast.Message{{
			ID: "shipped", Source: "bench", Kind: holdfast.Track, Event: "Feature Shipped", At: clock.System{}.Now(), Props: map[string]any{"topics": []any{"sso"}},
		}}})
		if err != nil || res.Announced != 1 {
			w.t.Fatalf("%+v, %v", res, err)
		}
		for {
			next, some, err := in.Next(w.t.Context())
			if err != nil {
				w.t.Fatal(err)
			}
			now := clock.System{}.Now()
			if !some || next.After(now) {
				break
			}
			if err := in.Fire(w.t.Context(), now); err != nil {
				w.t.Fatal(err)
			}
		}
		entered.Store(true)
		r.Poke()
		<-empty
	}
}

// Bare is a workflow of nothing but its account.
func Bare(ctx workflow.Context, _ string) error { return workflow.Sleep(ctx, 90*24*60*week) }

// startBare is the other side: a client and a list of accounts.
func startBare(w *world, n int) func() {
	return func() { w.begin(0, n, Bare, func(i int) []any { return []any{account(i)} }) }
}
