package intake_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"holdfast/internal/store"
	"holdfast/internal/store/memory"
)

// siftingStore lets everybody through, as a database with little to rule out.
type siftingStore struct {
	store.Store
	viewing atomic.Int32
	mu      sync.Mutex
	update  error                                           // of every Update
	sift    func(ctx context.Context, trigger string) error // before each Sift
}

type siftingTx struct {
	store.Tx
	ctx context.Context //nolint:containedctx // of the view
	of  *siftingStore
}

func (s *siftingStore) View(ctx context.Context, fn func(store.Tx) error) error {
	s.viewing.Add(1)
	defer s.viewing.Add(-1)
	return s.Store.View(ctx, func(tx store.Tx) error { return fn(siftingTx{tx, ctx, s}) })
}

func (s *siftingStore) Update(ctx context.Context, fn func(store.Tx) error) error {
	s.mu.Lock()
	err := s.update
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return s.Store.Update(ctx, fn)
}

func (siftingTx) CanSift() bool { return true }

func (t siftingTx) Sift(sieve store.Sieve, after string, limit int) ([]string, error) {
	if err := t.of.sift(t.ctx, playbookOf(sieve)); err != nil {
		return nil, err
	}
	return t.Tx.Sift(sieve, after, limit)
}

// playbookOf is the playbook that a sieve asks for.
func playbookOf(s store.Sieve) string {
	if s.Playbook != "" {
		return s.Playbook
	}
	for _, k := range s.Kids {
		if p := playbookOf(k); p != "" {
			return p
		}
	}
	return ""
}

// siftedWorld has acme, whose renewal two playbooks wait for.
func siftedWorld(t *testing.T) (*world, *siftingStore) {
	t.Helper()
	w := newWorld(t,
		"playbook: a\ntrigger: {id: t, when: days_until(account.renewal_date) < 30}",
		"playbook: b\ntrigger: {id: t, when: days_until(account.renewal_date) < 20}")
	s := &siftingStore{Store: memory.New(), sift: func(context.Context, string) error { return nil }}
	w.Store, w.Options.Treated = s, true
	err := s.Update(t.Context(), func(tx store.Tx) error {
		return tx.PutAccount(store.Account{ID: "acme", Known: true, Fields: map[string]store.Field{"renewal_date": {Value: start.AddDate(0, 0, 10).Format("2006-01-02"), Message: "m"}}})
	})
	if err != nil {
		t.Fatal(err)
	}
	return w, s
}

// enrolled are the playbooks that acme is in.
func enrolled(t *testing.T, s store.Store) string {
	t.Helper()
	var in []string
	err := s.View(t.Context(), func(tx store.Tx) error {
		es, err := tx.EnrollmentsOf("acme", false)
		for _, e := range es {
			in = append(in, e.Playbook)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(in, " ")
}

func TestWhatWasFoundBeforeTheDatabaseFailedIsVisited(t *testing.T) {
	t.Parallel()
	w, s := siftedWorld(t)
	away := errors.New("the database is away")
	s.sift = func(_ context.Context, playbook string) error {
		if playbook == "b" {
			return away
		}
		return nil
	}
	if err := w.Scan(t.Context(), start); !errors.Is(err, away) {
		t.Errorf("the scan ended with %v, want %v", err, away)
	}
	if got := enrolled(t, s); got != "a" {
		t.Errorf("acme is in %q, want a", got)
	}
	s.sift = func(context.Context, string) error { return nil }
	if err := w.Scan(t.Context(), start); err != nil {
		t.Error(err)
	}
	if got := enrolled(t, s); got != "a b" {
		t.Errorf("acme is in %q after another scan, want a b", got)
	}
}

func TestAVisitThatFailsEndsTheQuestionUnderWay(t *testing.T) {
	t.Parallel()
	w, s := siftedWorld(t)
	broken := errors.New("the disk is full")
	s.sift = func(ctx context.Context, playbook string) error {
		if playbook != "b" {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.update = broken
			return nil
		}
		<-ctx.Done() // a question that takes long
		return ctx.Err()
	}
	if err := w.Scan(t.Context(), start); !errors.Is(err, broken) {
		t.Errorf("the scan ended with %v, want %v", err, broken)
	}
	if n := s.viewing.Load(); n != 0 {
		t.Errorf("%d questions are under way after the scan", n)
	}
}
