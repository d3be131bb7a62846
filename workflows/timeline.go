package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"
)

// timeline is the one door through which an enrollment knows time and waits.
// In production it is workflow time and a native timer. A compressed clock has no
// timers: the conductor moves it and wakes whatever is due.
type timeline struct {
	compressed bool
	wakes      workflow.ReceiveChannel
	seen       int64 // greatest wake number received
	received   int   // wakes received in this run
}

func newTimeline(ctx workflow.Context, in Input) *timeline {
	return &timeline{compressed: in.Compressed, wakes: workflow.GetSignalChannel(ctx, WakeSignal), seen: in.Seen}
}

// drain takes every wake that is there and reports whether one of them was new.
func (t *timeline) drain() bool {
	before := t.seen
	var w Wake
	for t.wakes.ReceiveAsync(&w) {
		t.hear(w)
	}
	return t.seen > before
}

// hear counts a wake. One that is not greater than the last was delivered twice.
func (t *timeline) hear(w Wake) {
	t.received++
	t.seen = max(t.seen, w.N)
}

// rest sleeps until a new wake, until the moment (zero: no moment), or until ctx
// is cancelled, which is the only error.
func (t *timeline) rest(ctx workflow.Context, until time.Time) error {
	before, due := t.seen, false
	s := workflow.NewSelector(ctx)
	s.AddReceive(t.wakes, func(c workflow.ReceiveChannel, _ bool) {
		var w Wake
		c.Receive(ctx, &w)
		t.hear(w)
	})
	s.AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {})
	if !t.compressed && !until.IsZero() {
		timer, cancel := workflow.WithCancel(ctx) // ends the timer of a rest that a wake ended
		defer cancel()
		s.AddFuture(workflow.NewTimer(timer, span(workflow.Now(ctx), until)), func(workflow.Future) { due = true })
	}
	for !due && t.seen == before && ctx.Err() == nil {
		s.Select(ctx)
	}
	return ctx.Err()
}

// shortest keeps an activity and a server whose clocks differ from chasing each
// other: what is due already is tried again after it, not at once.
const shortest = time.Second

func span(now, until time.Time) time.Duration { return max(until.Sub(now), shortest) }
