package intake_test

import (
	"context"
	"errors"
	"testing"

	"holdfast/internal/store"
)

// meanwhile does something once, between what was listed and the transaction that
// visits it.
type meanwhile struct {
	store.Store
	do func()
}

func (s *meanwhile) Update(ctx context.Context, fn func(store.Tx) error) error {
	if do := s.do; do != nil {
		s.do = nil
		do()
	}
	return s.Store.Update(ctx, fn)
}

// An account that becomes another while a pass is on its way to it stays gone, and
// nobody enrolls it.
func TestAnAccountThatBecomesAnotherDuringAPassStaysGone(t *testing.T) {
	t.Parallel()
	const quiet = "playbook: quiet\ntrigger: {id: t, when: metric.logins < 1}"
	for name, pass := range map[string]func(*world) error{
		"scan": func(w *world) error { return w.Scan(w.t.Context(), w.clock.Now()) },
		"mark": func(w *world) error { return w.MarkTruths(w.t.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, quiet)
			w.live(`old = {"name": "Old"}`, `new = {"name": "New"}`, `old Login {"count": 5}`, `new Login {"count": 5}`)
			w.clock.Move(start.AddDate(0, 0, 20)) // both are quiet
			whole := w.Store
			w.Store = &meanwhile{whole, func() {
				w.Store = whole
				w.merge(w.becomes("old", "new"))
			}}
			if err := pass(w); err != nil {
				t.Fatal(err)
			}
			w.Store = whole
			if err := whole.View(t.Context(), func(tx store.Tx) error {
				_, err := tx.Account("old")
				return err
			}); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("old is there again (%v)", err)
			}
			if es := w.runs("old"); len(es) > 0 {
				t.Errorf("old is enrolled: %+v", es)
			}
		})
	}
}
