package privacy_test

import (
	"context"
	"testing"

	"holdfast"
	"holdfast/internal/intake"
	"holdfast/internal/privacy"
	"holdfast/internal/store"
	"holdfast/internal/store/memory"
)

// halfway is a channel that lets a test in while a mail is on its way.
type halfway struct {
	store.Store
	during func()
}

func (h *halfway) Name() string   { return "email" }
func (h *halfway) Loopback() bool { return true }

func (h *halfway) Deliver(ctx context.Context, m holdfast.Outbound) (holdfast.Receipt, error) {
	if during := h.during; during != nil {
		h.during = nil
		during()
	}
	return holdfast.Receipt{ProviderID: "p"}, h.Update(ctx, func(tx store.Tx) error {
		_, err := tx.PutMessage(store.Outmail{Outbound: m})
		return err
	})
}

func TestAnErasureWaitsForAMailOnItsWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, memory.New())
	w.take(intake.History,
		holdfast.Message{Kind: holdfast.Group, Account: "acme", Props: map[string]any{"name": "Acme", "owner": "olga"}},
		holdfast.Message{Kind: holdfast.Identify, Account: "acme", Contact: "d1", Props: map[string]any{"email": "dana@acme.test", "first_name": "Dana", "last_name": "Doelling"}})
	var r privacy.Report
	w.wire(&halfway{w.store, func() { r = w.erase("d1") }})
	w.take(intake.Live, holdfast.Message{Kind: holdfast.Track, Event: "ping", Account: "acme", Contact: "d1"})
	w.settle()
	if r.Waits == "" || !r.Done.IsZero() || w.mails() != 1 {
		t.Fatalf("it did not wait: %+v, %d mails", r, w.mails())
	}
	f := &privacy.Finisher{Eraser: w.eraser}
	if err := f.Fire(t.Context(), w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	gone(t, "the rows", everything(t, w.store))
	w.view(func(tx store.Tx) error {
		all, err := tx.Touches(store.TouchFilter{})
		if len(all) != 1 || all[0].State != holdfast.Sent || all[0].Contact != r.ID {
			t.Errorf("the ledger says %+v", all)
		}
		return err
	})
}
