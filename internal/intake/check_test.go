package intake_test

import (
	"errors"
	"strings"
	"testing"

	"holdfast"
	"holdfast/internal/intake"
	"holdfast/internal/store"
)

// What the stores would each write in a way of their own names nothing.
func TestAnIdIsSuchAsAllStoresKeep(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(m *holdfast.Message, id string)
		what   string
	}{
		"account": {func(m *holdfast.Message, id string) { m.Account = id }, "account"},
		"contact": {func(m *holdfast.Message, id string) { m.Contact = id }, "contact"},
		"message": {func(m *holdfast.Message, id string) { m.ID = id }, "message"},
		"event":   {func(m *holdfast.Message, id string) { m.Event = id }, "event"},
		"source":  {func(m *holdfast.Message, id string) { m.Source = id }, "source"},
		"former id": {func(m *holdfast.Message, id string) {
			m.Kind, m.Event, m.Props = holdfast.Alias, "", map[string]any{holdfast.Previous: id}
		}, "previous"},
		"key of an object": {func(m *holdfast.Message, id string) {
			m.Event, m.Props = "Subscription Started", map[string]any{"subscription_id": id}
		}, "subscription"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for _, id := range []string{"caf\xe9", "a\x00b"} {
				bad, good := w.msg("acme Login"), w.msg("bolt Login")
				c.change(&bad, id)
				res := w.takeAll(intake.Live, []holdfast.Message{bad, good})
				if len(res.Problems) != 1 || res.Problems[0].Index != 0 || !strings.HasPrefix(res.Problems[0].Reason, c.what+" ") {
					t.Errorf("%q: got %+v", id, res.Problems)
				}
				w.view(func(tx store.Tx) error {
					_, err := tx.Account(id)
					if !errors.Is(err, store.ErrNotFound) {
						t.Errorf("%q is an account (%v)", id, err)
					}
					return nil
				})
			}
			good := w.msg("acme Login")
			c.change(&good, "café ✓")
			good.Contact = "" // a contact whom nobody has placed would be another matter
			if name == "former id" {
				good.Kind, good.Account = holdfast.Alias, "acme"
			}
			if res := w.takeAll(intake.Live, []holdfast.Message{good}); len(res.Problems) > 0 {
				t.Errorf("got %+v", res.Problems)
			}
		})
	}
}

// A visitor's id that is none is no other's id either.
func TestNothingWaitsForWhatIsNoId(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(w.msg("/dana Login"))
	for _, s := range []intake.Same{{Old: "dana", New: "d\x00"}, {Old: "dana", New: "caf\xe9"}} {
		if _, err := w.Receive(t.Context(), intake.Call{Same: []intake.Same{s}}); err != nil {
			t.Fatal(err)
		}
	}
	if res := w.receive(w.msg("acme/dana = {}")); res.Placed != 1 {
		t.Errorf("got %+v", res)
	}
}
