package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"holdfast"
	"holdfast/internal/store"
)

func errorsRollBack(t *testing.T, s store.Store) {
	boom := errors.New("boom")
	err := s.Update(t.Context(), func(tx store.Tx) error {
		if err := tx.MetaSet("k", "v"); err != nil {
			return err
		}
		return boom
	})
	if err != boom { //nolint:errorlint // as it is, not wrapped
		t.Errorf("got %v, want the error as it is", err)
	}
	metaIs(t, s, "k", "")
}

func metaIs(t *testing.T, s store.Store, key, want string) {
	t.Helper()
	view(t, s, func(tx store.Tx) error {
		got, err := tx.MetaGet(key)
		return errors.Join(err, same("meta "+key, got, want))
	})
}

func panicsRollBack(t *testing.T, s store.Store) {
	func() {
		defer func() {
			if got := recover(); got != "boom" {
				t.Errorf("recovered %v, want the panic of fn", got)
			}
		}()
		_ = s.Update(t.Context(), func(tx store.Tx) error {
			if err := tx.MetaSet("k", "v"); err != nil {
				return err
			}
			panic("boom") //nolint:forbidigo // that a panic rolls back is what is checked
		})
	}()
	metaIs(t, s, "k", "")
	update(t, s, func(tx store.Tx) error { return tx.MetaSet("k", "after") })
	metaIs(t, s, "k", "after")
}

func cancelledUpdates(t *testing.T, s store.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Update(ctx, func(tx store.Tx) error {
		defer cancel()
		return tx.MetaSet("k", "v")
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled in fn: got %v", err)
	}
	ran := false
	err = s.Update(ctx, func(store.Tx) error { ran = true; return nil })
	if !errors.Is(err, context.Canceled) || ran {
		t.Errorf("cancelled before: got %v, ran %v", err, ran)
	}
	if err := s.View(ctx, func(tx store.Tx) error { _, err := tx.Heads(); return err }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled view: got %v", err)
	}
	metaIs(t, s, "k", "")

	// One that gives up while it waits neither runs nor blocks those behind it.
	held, inside, waiting := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		waiting <- s.Update(context.WithoutCancel(ctx), func(tx store.Tx) error {
			close(inside)
			<-held
			return tx.MetaSet("k", "held")
		})
	}()
	<-inside
	ctx, cancel = context.WithCancel(t.Context())
	gaveUp := make(chan error)
	go func() { gaveUp <- s.Update(ctx, func(tx store.Tx) error { return tx.MetaSet("k", "late") }) }()
	cancel()
	if err := <-gaveUp; !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled while waiting: got %v", err)
	}
	close(held)
	if err := <-waiting; err != nil {
		t.Error(err)
	}
	metaIs(t, s, "k", "held")
}

func viewsOnlyRead(t *testing.T, s store.Store) {
	err := s.View(t.Context(), func(tx store.Tx) error { return tx.MetaSet("k", "v") })
	if err == nil {
		t.Error("a view wrote meta")
	}
	err = s.View(t.Context(), func(tx store.Tx) error {
		_, _, err := tx.AppendEvent(holdfast.Message{ID: "1", Source: "s", At: t0}, t0)
		return err
	})
	if err == nil {
		t.Error("a view appended an event")
	}
	metaIs(t, s, "k", "")
}

func viewsAreSnapshots(t *testing.T, s store.Store) {
	update(t, s, func(tx store.Tx) error { return tx.MetaSet("k", "before") })
	written := make(chan error, 1)
	view(t, s, func(tx store.Tx) error {
		first, err := tx.MetaGet("k")
		if err != nil {
			return err
		}
		go func() {
			written <- s.Update(context.WithoutCancel(t.Context()), func(tx store.Tx) error { return tx.MetaSet("k", "after") })
		}()
		// The writer may be held up until we are done; what must not be is that
		// we see its work in the middle.
		for range 100 {
			again, err := tx.MetaGet("k")
			if err := errors.Join(err, same("value in one view", again, first)); err != nil {
				return err
			}
		}
		return nil
	})
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	metaIs(t, s, "k", "after")
}

func overIsOver(t *testing.T, s store.Store) {
	var kept store.Tx
	update(t, s, func(tx store.Tx) error { kept = tx; return nil })
	if err := kept.MetaSet("k", "v"); err == nil {
		t.Error("a transaction wrote after it was over")
	}
	metaIs(t, s, "k", "")
}

func closedRefuses(t *testing.T, s store.Store) {
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	if err := s.Update(t.Context(), func(store.Tx) error { return nil }); err == nil {
		t.Error("update on a closed store succeeded")
	}
	if err := s.View(t.Context(), func(store.Tx) error { return nil }); err == nil {
		t.Error("view on a closed store succeeded")
	}
}

// together runs fn in n goroutines that start at once and returns their errors.
func together(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = fn(i)
		})
	}
	close(start)
	wg.Wait()
	return errs
}

func updatesAreSerial(t *testing.T, s store.Store) {
	errs := together(50, func(int) error {
		return s.Update(t.Context(), func(tx store.Tx) error {
			n, err := tx.MetaGet("n")
			return errors.Join(err, tx.MetaSet("n", n+"x"))
		})
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	view(t, s, func(tx store.Tx) error {
		n, err := tx.MetaGet("n")
		return errors.Join(err, same("increments", len(n), 50))
	})
}

func updatesAreFair(t *testing.T, s store.Store) {
	var order []int
	held, inside := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := s.Update(t.Context(), func(store.Tx) error { close(inside); <-held; return nil }); err != nil {
			t.Error(err)
		}
	})
	<-inside
	// Each joins only after the one before it is known to wait: a context that
	// reports when it is first waited on.
	for i := range 20 {
		ctx := waited{Context: t.Context(), once: new(sync.Once), began: make(chan struct{})}
		wg.Go(func() {
			if err := s.Update(ctx, func(store.Tx) error { order = append(order, i); return nil }); err != nil {
				t.Error(err)
			}
		})
		<-ctx.began
	}
	close(held)
	wg.Wait()
	if !slices.IsSorted(order) || len(order) != 20 {
		t.Errorf("updates ran in order %v", order)
	}
}

// waited is a context that tells when somebody first asks to wait on it.
type waited struct {
	context.Context //nolint:containedctx // it is one
	once            *sync.Once
	began           chan struct{}
}

func (w waited) Done() <-chan struct{} {
	w.once.Do(func() { close(w.began) })
	return w.Context.Done()
}

func failuresAreAlone(t *testing.T, s store.Store) {
	boom := errors.New("boom")
	errs := together(60, func(i int) (err error) {
		defer func() {
			if r := recover(); r != nil {
				err = boom
			}
		}()
		return s.Update(t.Context(), func(tx store.Tx) error {
			if err := tx.MetaSet(fmt.Sprint("k", i), "v"); err != nil {
				return err
			}
			switch i % 3 {
			case 1:
				return boom
			case 2:
				panic(boom) //nolint:forbidigo // that a panic is its caller's alone is what is checked
			}
			return nil
		})
	})
	for i, err := range errs {
		want, kept := error(nil), "v"
		if i%3 != 0 {
			want, kept = boom, ""
		}
		if err != want { //nolint:errorlint // as it is
			t.Errorf("update %d: got %v, want %v", i, err, want)
		}
		metaIs(t, s, fmt.Sprint("k", i), kept)
	}
}

func oneClaimWins(t *testing.T, s store.Store) {
	errs := together(50, func(i int) error {
		return s.Update(t.Context(), func(tx store.Tx) error {
			n, err := tx.CountTouches("acme", "", "email", t0)
			if err != nil || n > 0 {
				return err
			}
			return tx.PutTouch(store.Touch{
				ID: fmt.Sprint("touch", i), Enrollment: fmt.Sprint("e", i), Account: "acme", Path: "mail",
				Channel: "email", Recipient: "dana", State: holdfast.Claimed, ClaimedAt: t0,
			})
		})
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	view(t, s, func(tx store.Tx) error {
		n, err := tx.CountTouches("acme", "", "email", t0)
		return errors.Join(err, same("claims on a cap of one", n, 1))
	})
}

func oneEntryWins(t *testing.T, s store.Store) {
	var mu sync.Mutex
	wins := 0
	errs := together(50, func(i int) error {
		won := false
		err := s.Update(t.Context(), func(tx store.Tx) (err error) {
			e := enrollment("id")
			if i%2 == 1 { // another id for the same entry loses too
				e.ID = fmt.Sprint("id", i)
			}
			e.EntryKey = "renewal"
			if i%3 == 1 {
				if _, err := tx.ManyEnrollments([]string{"acme"}); err != nil {
					return err
				}
			}
			won, err = tx.Enroll(e)
			return err
		})
		mu.Lock()
		defer mu.Unlock()
		if won {
			wins++
		}
		return err
	})
	if err := errors.Join(append(errs, same("wins", wins, 1))...); err != nil {
		t.Fatal(err)
	}
	view(t, s, func(tx store.Tx) error {
		es, err := tx.EnrollmentsOf("acme", false)
		n, errN := tx.Unsettled()
		return errors.Join(err, errN, same("enrollments", len(es), 1), same("one wake and one start row", n, 2))
	})
}
