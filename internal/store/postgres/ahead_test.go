package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/internal/store/postgres/pgtest"
)

// hundred are messages of whom nobody has heard.
func hundred(prefix string) (ms []holdfast.Message) {
	for i := range 100 {
		ms = append(ms, holdfast.Message{ID: fmt.Sprint(prefix, i), Source: "app", Kind: holdfast.Track, Event: "Login", Account: "acme", At: t0})
	}
	return ms
}

// appended writes them, all being new to tx.
func appended(tx store.Tx, ms []holdfast.Message) error {
	if _, err := tx.Look(store.Wanted{Messages: ms, Foreseen: func() []holdfast.Message { return ms }, Received: t0}); err != nil {
		return err
	}
	for _, m := range ms {
		_, fresh, err := tx.AppendEvent(m, t0)
		if err == nil {
			err = tx.PutContact(store.Contact{ID: "of-" + m.ID, Account: m.Account})
		}
		if err != nil || !fresh {
			return errors.Join(err, fmt.Errorf("%s: fresh is %v", m.ID, fresh))
		}
	}
	return nil
}

func keptEvents(t *testing.T, s store.Store) (n int) {
	t.Helper()
	if err := s.View(t.Context(), func(tx store.Tx) error {
		es, err := tx.Events("acme", nil, time.Time{}, time.Time{}, 0)
		n = len(es)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

// What was foreseen goes at once, and what is said as it was foreseen is not written again.
func TestWhatIsForeseenIsWrittenAhead(t *testing.T) {
	t.Parallel()
	s, since := traced(t)
	since()
	if err := s.Update(t.Context(), func(tx store.Tx) error {
		if err := appended(tx, hundred("a")); err != nil {
			return err
		}
		es, err := tx.Events("acme", nil, time.Time{}, time.Time{}, 0) // asks behind what is under way
		if len(es) != 100 {
			t.Errorf("%d events are seen, want 100", len(es))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if got := since(); got["INSERT INTO events"] != 1 || got["DELETE FROM events"] != 0 {
		t.Errorf("events were not written once: %v", got)
	}
	if err := s.Update(t.Context(), func(tx store.Tx) error {
		ms := hundred("b")
		_, err := tx.Look(store.Wanted{Messages: ms, Foreseen: func() []holdfast.Message { return ms }, Received: t0})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if got := since(); got["INSERT INTO events"] != 1 || got["DELETE FROM events"] != 1 || keptEvents(t, s) != 100 {
		t.Errorf("what nobody appended was not written and taken back: %v, %d are kept", got, keptEvents(t, s))
	}
}

// Whoever asks about events while some are foreseen has them taken back, and nothing is
// written ahead for a while: they would be written twice.
func TestWhoeverAsksAboutEventsForeseesNone(t *testing.T) {
	t.Parallel()
	s, since := traced(t)
	inserts := func(prefix string) (n, deletes int) {
		since()
		if err := s.Update(t.Context(), func(tx store.Tx) error {
			ms := hundred(prefix)
			_, err := tx.Look(store.Wanted{Messages: ms, Foreseen: func() []holdfast.Message { return ms }, Received: t0})
			for _, m := range ms {
				if _, e := tx.LastEvent("acme", "Login"); e != nil && !errors.Is(e, store.ErrNotFound) {
					err = errors.Join(err, e)
				}
				_, fresh, e := tx.AppendEvent(m, t0)
				if err = errors.Join(err, e); !fresh {
					t.Errorf("%s is not fresh", m.ID)
				}
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		got := since()
		return got["INSERT INTO events"], got["DELETE FROM events"]
	}
	if n, d := inserts("first"); n != 101 || d != 1 {
		t.Errorf("the first time: %d inserts and %d deletes, want 101 and 1", n, d)
	}
	if n, d := inserts("second"); n != 100 || d != 0 {
		t.Errorf("the second time: %d inserts and %d deletes, want 100 and 0", n, d)
	}
	if n := keptEvents(t, s); n != 200 {
		t.Errorf("%d events are kept, want 200", n)
	}
}

// However fn ends while rows are under way, the connection is as good as before.
func TestAnEndWhileRowsAreUnderWay(t *testing.T) {
	t.Parallel()
	s := open(t, pgtest.Start(t).Database(t))
	no := errors.New("no")
	for i := range 5 {
		if err := s.Update(t.Context(), func(tx store.Tx) error {
			return errors.Join(appended(tx, hundred(fmt.Sprint("no-", i, "-"))), no)
		}); !errors.Is(err, no) {
			t.Errorf("got %v, want what fn said", err)
		}
		func() {
			defer func() { _ = recover() }()
			_ = s.Update(t.Context(), func(tx store.Tx) error {
				if err := appended(tx, hundred(fmt.Sprint("panic-", i, "-"))); err != nil {
					t.Error(err)
				}
				panic("fn")
			})
		}()
		ctx, cancel := context.WithCancel(t.Context())
		if err := s.Update(ctx, func(tx store.Tx) error {
			err := appended(tx, hundred(fmt.Sprint("late-", i, "-")))
			cancel()
			return err
		}); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want that the caller has left", err)
		}
		if n := keptEvents(t, s); n != 100*i {
			t.Errorf("%d events are kept, want %d", n, 100*i)
		}
		if err := s.Update(t.Context(), func(tx store.Tx) error { return appended(tx, hundred(fmt.Sprint("yes-", i, "-"))) }); err != nil {
			t.Fatal(err)
		}
	}
}

// A row that came by another process after it was looked for is found out by the row
// itself: the update runs again, and asks.
func TestARowThatCameMeanwhile(t *testing.T) {
	t.Parallel()
	address := pgtest.Start(t).Database(t)
	ours, theirs := open(t, address), open(t, address)
	ms := hundred("m")[:30] // few enough that they do not come alone
	runs, fresh := 0, 0
	if err := ours.Update(t.Context(), func(tx store.Tx) error {
		runs++
		if _, err := tx.Look(store.Wanted{Messages: ms, Foreseen: func() []holdfast.Message { return ms[10:] }, Received: t0}); err != nil {
			return err
		}
		if runs == 1 {
			if err := theirs.Update(t.Context(), func(tx store.Tx) error {
				_, _, err := tx.AppendEvent(ms[3], t0)
				return err
			}); err != nil {
				return err
			}
		}
		fresh = 0
		for _, m := range ms {
			_, is, err := tx.AppendEvent(m, t0)
			if err != nil {
				return err
			}
			if is {
				fresh++
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if n := keptEvents(t, ours); runs < 2 || fresh != 29 || n != 30 {
		t.Errorf("%d runs, %d fresh, %d kept: want two or more, 29 and 30", runs, fresh, n)
	}
}

// That none of many messages is there is not asked until some are, and then for a while.
func TestMessagesThatAreSentAgain(t *testing.T) {
	t.Parallel()
	s := open(t, pgtest.Start(t).Database(t))
	for i, want := range []struct{ from, runs, fresh int }{{0, 1, 100}, {90, 2, 90}, {180, 1, 90}, {270, 1, 90}} {
		var ms []holdfast.Message
		for k := range 100 {
			ms = append(ms, holdfast.Message{ID: fmt.Sprint("m", want.from+k), Source: "app", Kind: holdfast.Track, Event: "Login", Account: "acme", At: t0})
		}
		runs, fresh := 0, 0
		if err := s.Update(t.Context(), func(tx store.Tx) error {
			runs++
			fresh = 0
			_, err := tx.Look(store.Wanted{Messages: ms, Foreseen: func() []holdfast.Message { return ms[5:] }, Received: t0})
			for _, m := range ms {
				_, is, e := tx.AppendEvent(m, t0)
				if err = errors.Join(err, e); is {
					fresh++
				}
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if runs != want.runs || fresh != want.fresh {
			t.Errorf("hundred %d: %d fresh in %d runs, want %d in %d", i, fresh, runs, want.fresh, want.runs)
		}
	}
	if n := keptEvents(t, s); n != 370 {
		t.Errorf("%d events are kept, want 370", n)
	}
}

// A bad row among them is named by what was written, and undoes all.
func TestABadRowUnderWay(t *testing.T) {
	t.Parallel()
	s := open(t, pgtest.Start(t).Database(t))
	if err := s.Update(t.Context(), func(tx store.Tx) error { return appended(tx, hundred("first")) }); err != nil {
		t.Fatal(err)
	}
	err := s.Update(t.Context(), func(tx store.Tx) error {
		ms := hundred("second")
		ms[10].At = time.Date(300000, 1, 1, 0, 0, 0, 0, time.UTC) // beyond PostgreSQL's calendar
		return appended(tx, ms)
	})
	if err == nil || !strings.Contains(err.Error(), "append event") {
		t.Errorf("got %v, want an error that names the event's writing", err)
	}
	if n := keptEvents(t, s); n != 100 {
		t.Errorf("%d events are kept, want 100", n)
	}
}
