package playtest

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"

	"holdfast"
	"holdfast/internal/sim"
)

// shown is how a moment is written for people and in expect.
const shown = "Mon 2006-01-02 15:04"

// Result is what came of a test.
type Result struct {
	Test     *Test
	Err      error        // it could not be played: an event that was refused
	Rows     []Row        // expected beside happened
	Fields   []Field      // of the account at the end that are wrong
	Happened []*Happening // all of it, in order
	Run      sim.Run
	Took     time.Duration // of the machine's time

	ran map[ran]bool
}

// OK reports whether the test holds.
func (r Result) OK() bool { return r.Err == nil && len(r.Fields) == 0 && !r.anyBad() }

func (r Result) anyBad() bool {
	for _, row := range r.Rows {
		if row.Bad() {
			return true
		}
	}
	return false
}

// Play runs one test.
func (t *Test) Play(ctx context.Context) Result {
	r := Result{Test: t, ran: map[ran]bool{}}
	var mu sync.Mutex
	c := t.Case
	c.Trace = func(playbook, step string, block int) {
		mu.Lock()
		defer mu.Unlock()
		r.ran[ran{playbook, step, block}] = true
	}
	if r.Run, r.Err = sim.Simulate(ctx, c); r.Err != nil {
		if known, ok := errors.AsType[*holdfast.Error](r.Err); ok {
			r.Err = known // who wrote the test need not know where in us it came up
		}
		r.Happened = t.happened(r.Run)
		return r
	}
	r.Happened = t.happened(r.Run)
	r.Rows, r.Fields = t.judge(r.Run, r.Happened)
	return r
}

// Play runs tests over the machine's cores and hands each result to done, in the
// order of tests, one at a time. now tells how long each took. The error is that
// ctx ended, or done's.
func Play(ctx context.Context, tests []*Test, now func() time.Time, done func(Result) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	results := make([]chan Result, len(tests))
	for i := range results {
		results[i] = make(chan Result, 1)
	}
	next := make(chan int)
	var all sync.WaitGroup
	for range max(runtime.GOMAXPROCS(0), 1) {
		all.Go(func() {
			for i := range next {
				began := now()
				r := tests[i].Play(ctx)
				r.Took = now().Sub(began)
				results[i] <- r
			}
		})
	}
	all.Go(func() {
		defer close(next)
		for i := range tests {
			select {
			case next <- i:
			case <-ctx.Done():
				return
			}
		}
	})
	defer all.Wait()
	defer stop()
	for i := range tests {
		select {
		case r := <-results[i]:
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := done(r); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Why is the first thing wrong, in one line; "" when the test holds.
func (r Result) Why() string {
	if r.Err != nil {
		return r.Err.Error()
	}
	for _, row := range r.Rows {
		switch {
		case !row.Bad():
		case row.Got == nil:
			return "did not happen: " + row.Want.String()
		case row.Want == nil:
			return "not expected: " + row.Got.String()
		default:
			return row.Want.String() + ": " + row.Wrong[0]
		}
	}
	if len(r.Fields) > 0 {
		f := r.Fields[0]
		return "at the end account." + f.Name + " is " + f.Got + ", not " + f.Want
	}
	return ""
}
