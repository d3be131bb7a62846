package leader_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"holdfast/internal/clock"
	"holdfast/internal/leader"
	"holdfast/internal/store"
	"holdfast/internal/store/memory"
)

// flaky is a store that a process may be cut off from.
type flaky struct {
	store.Store

	mu  sync.Mutex
	cut bool
}

func (f *flaky) set(cut bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cut = cut
}

func (f *flaky) Update(ctx context.Context, fn func(store.Tx) error) error {
	f.mu.Lock()
	cut := f.cut
	f.mu.Unlock()
	if cut {
		<-ctx.Done() // as a database that does not answer
		return ctx.Err()
	}
	return f.Store.Update(ctx, fn)
}

// office is who leads, as its processes see it.
type office struct {
	mu    sync.Mutex
	now   []string // those who work at this moment
	most  int
	terms []string
}

func (o *office) work(name string) func(context.Context) error {
	return func(ctx context.Context) error {
		o.mu.Lock()
		o.now = append(o.now, name)
		o.most = max(o.most, len(o.now))
		o.terms = append(o.terms, name)
		o.mu.Unlock()
		<-ctx.Done()
		o.mu.Lock()
		defer o.mu.Unlock()
		for i, n := range o.now {
			if n == name {
				o.now = append(o.now[:i], o.now[i+1:]...)
				break
			}
		}
		return ctx.Err()
	}
}

func (o *office) leads(t *testing.T, want string) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	if got := strings.Join(o.now, " "); got != want {
		t.Errorf("%q lead, want %q; terms so far: %v", got, want, o.terms)
	}
}

type candidate struct {
	store *flaky
	kill  context.CancelFunc
	ended chan error
}

func stand(t *testing.T, o *office, s store.Store, name string) *candidate {
	t.Helper()
	ctx, kill := context.WithCancel(t.Context())
	c := &candidate{store: &flaky{Store: s}, kill: kill, ended: make(chan error, 1)}
	l := &leader.Leader{Store: c.store, Holder: name, Clock: clock.System{}}
	go func() { c.ended <- l.Run(ctx, o.work(name)) }()
	return c
}

func TestOneOfManyLeads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := memory.New()
		var o office
		a := stand(t, &o, s, "a")
		wait(100 * time.Millisecond)
		b := stand(t, &o, s, "b")
		wait(time.Minute)
		o.leads(t, "a") // it holds on to it

		a.kill() // in order: the other need not wait until it is silent
		if err := <-a.ended; !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
		wait(2 * time.Second)
		o.leads(t, "b")

		c := stand(t, &o, s, "c")
		wait(time.Minute)
		b.store.set(true) // cut off, as by a partition: it stops before the other begins
		wait(4500 * time.Millisecond)
		o.leads(t, "")
		wait(4 * time.Second)
		o.leads(t, "c")
		b.store.set(false) // and back: it only stands by
		wait(time.Minute)
		o.leads(t, "c")
		c.kill()
		wait(2 * time.Second)
		o.leads(t, "b")
		b.kill()
		wait(time.Second)
		if o.most != 1 {
			t.Errorf("%d worked at once", o.most)
		}
	})
}

// A leader that is killed gives nothing back.
func TestAKilledLeaderIsReplacedWithinSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := memory.New()
		var o office
		err := s.Update(t.Context(), func(tx store.Tx) error { return tx.MetaSet("leader", "dead 41") })
		if err != nil {
			t.Fatal(err)
		}
		b := stand(t, &o, s, "b")
		wait(5 * time.Second)
		o.leads(t, "") // it may live
		wait(3 * time.Second)
		o.leads(t, "b")
		b.kill()
		if err := <-b.ended; !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
	})
}

// Work that fails ends the candidacy, with its error.
func TestWorkThatFailsIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := memory.New()
		l := &leader.Leader{Store: s, Holder: "a", Clock: clock.System{}}
		broken := errors.New("broken")
		if err := l.Run(t.Context(), func(context.Context) error { return broken }); !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
		var row string
		err := s.View(t.Context(), func(tx store.Tx) (err error) {
			row, err = tx.MetaGet("leader")
			return err
		})
		if err != nil || row != "" {
			t.Errorf("the row says %q, %v", row, err)
		}
	})
}

func wait(d time.Duration) {
	time.Sleep(d) // of the bubble's time
	synctest.Wait()
}
