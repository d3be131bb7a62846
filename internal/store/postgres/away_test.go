package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/internal/store/postgres"
	"holdfast/internal/store/postgres/pgtest"
)

// count adds one in an update.
func count(tx store.Tx) error {
	text, err := tx.MetaGet("n")
	n, _ := strconv.Atoi(text)
	return errors.Join(err, tx.MetaSet("n", strconv.Itoa(n+1)))
}

func counted(t *testing.T, s store.Store, want int) {
	t.Helper()
	if err := s.View(t.Context(), func(tx store.Tx) error {
		n, err := tx.MetaGet("n")
		if n != strconv.Itoa(want) {
			t.Errorf("counted %s, want %d", n, want)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// restarts is a patience that a machine cannot outlast, however slowly it starts a
// server: what is tested is that the store waits, not for how long.
const restarts = 10 * time.Minute

func TestADatabaseThatWasRestartedIsFoundAgain(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	s := open(t, server.Database(t))
	s.SetPatience(restarts)
	if err := s.Update(t.Context(), count); err != nil {
		t.Fatal(err)
	}
	counted(t, s, 1)
	server.Restart(t)
	counted(t, s, 1)
	if err := s.Update(t.Context(), count); err != nil {
		t.Fatalf("after a restart: %v", err)
	}

	// Killed in the middle: fn is run again.
	runs := 0
	if err := s.Update(t.Context(), func(tx store.Tx) error {
		err := count(tx)
		if runs++; runs == 1 {
			server.Kill(t)
			server.Restart(t)
			if _, err := tx.MetaGet("k"); err == nil {
				t.Error("a statement succeeded on a connection that is gone")
			}
		}
		return err
	}); err != nil || runs != 2 {
		t.Fatalf("killed in the middle: %v after %d runs", err, runs)
	}
	counted(t, s, 3)

	// A view that loses its database says so in a way that callers can tell.
	err := s.View(t.Context(), func(tx store.Tx) error {
		server.Restart(t)
		_, err := tx.Heads()
		return err
	})
	if holdfast.CodeOf(err) != holdfast.Unavailable {
		t.Errorf("a view in a restart: %v", err)
	}

	// It is away when the update begins: that waits, and ends with its context.
	server.Stop(t)
	for n := range 200 { // wherever it is then: before a try, in one, after it
		ctx, cancel := context.WithCancel(t.Context())
		gaveUp := make(chan error)
		go func() { gaveUp <- s.Update(ctx, count) }()
		for range 10 * n {
			runtime.Gosched()
		}
		cancel()
		if err := <-gaveUp; !errors.Is(err, context.Canceled) {
			t.Fatalf("cancelled while the database was away: %v", err)
		}
	}
	done := make(chan error)
	go func() {
		done <- errors.Join(s.Update(t.Context(), count), s.View(t.Context(), func(tx store.Tx) error { _, err := tx.Heads(); return err }))
	}()
	server.Restart(t)
	if err := <-done; err != nil {
		t.Errorf("waited for the database: %v", err)
	}
	counted(t, s, 4)
}

func TestADatabaseThatStaysAwayIsTold(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	s := open(t, server.Database(t))
	s.SetPatience(100 * time.Millisecond)
	server.Kill(t)
	for what, err := range map[string]error{
		"update": s.Update(t.Context(), count), "view": s.View(t.Context(), func(store.Tx) error { return nil }),
	} {
		if holdfast.CodeOf(err) != holdfast.Unavailable || !strings.Contains(err.Error(), "has not answered for") {
			t.Errorf("%s: got %v", what, err)
		}
	}
	server.Restart(t)
	s.SetPatience(restarts)
	if err := s.Update(t.Context(), count); err != nil {
		t.Errorf("when it is back: %v", err)
	}
}

// Whatever the moment at which the server dies, each update that returned nil was
// made once, and none that was reported as failed.
func TestKilledAtAnyMomentEachUpdateIsMadeOnce(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	s := open(t, server.Database(t))
	s.SetPatience(restarts)
	acknowledged, stop := make(chan int), make(chan struct{})
	go func() {
		defer close(acknowledged)
		for i := 0; ; i++ {
			if err := s.Update(t.Context(), func(tx store.Tx) error {
				return errors.Join(count(tx), tx.AddLine(store.Line{Kind: fmt.Sprint(i)}))
			}); err != nil {
				t.Error(err)
				return
			}
			select {
			case acknowledged <- i:
			case <-stop:
				acknowledged <- i
				return
			}
		}
	}()
	last := -1
	for round := range 6 {
		for range 20 + 7*round {
			last = <-acknowledged
		}
		if round%2 == 0 {
			server.Kill(t)
		}
		server.Restart(t)
	}
	close(stop)
	for i := range acknowledged {
		last = i
	}
	counted(t, s, last+1)
	if err := s.View(t.Context(), func(tx store.Tx) error {
		lines, err := tx.Lines(0, 0)
		for i, l := range lines {
			if l.Kind != fmt.Sprint(i) {
				return fmt.Errorf("line %d is of update %s", i, l.Kind)
			}
		}
		if len(lines) != last+1 {
			t.Errorf("%d lines of %d updates", len(lines), last+1)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

// The answer to a commit gets lost, before or after the server has it, or it
// arrives when the update was already given up for lost.
func TestACommitWithoutAnswerIsLookedUp(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	for name, fate := range map[string]fate{"the server has it": forward, "it is lost": drop, "it comes late": delay} {
		address := server.Database(t)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wire := tap(t, address)
			s, err := postgres.Open(t.Context(), wire.address)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close() //nolint:errcheck // what it holds is thrown away
			runs := 0
			for i := range 3 {
				if i == 1 {
					wire.next <- fate
				}
				if err := s.Update(t.Context(), func(tx store.Tx) error { runs++; return count(tx) }); err != nil {
					t.Fatal(err)
				}
			}
			counted(t, s, 3)
			want := 4
			if fate == forward {
				want = 3
			}
			if runs != want {
				t.Errorf("ran %d times, want %d", runs, want)
			}
			if fate == delay {
				if said := <-wire.late; !strings.Contains(said, "40001") {
					t.Errorf("the late commit was answered %q, want that it lost (40001)", said)
				}
			}
		})
	}
}
