package activities_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/internal/store"
)

const capped = head + `
guardrails:
  caps: [{max: 1, what: email, in: 30d, per: contact}]
steps:
  - {id: opening, email: hello, to: [contacts.champion], from: owner}
  - {id: pause, wait: 3d}
  - {id: again, email: hello, to: [contacts.champion], from: owner}
`

// becomes moves what is kept of acme and of dana to other ids, as the intake does.
func (w *world) becomes(account, contact string) {
	w.t.Helper()
	w.update(func(tx store.Tx) error {
		a, err := tx.Account("acme")
		if err != nil {
			return err
		}
		c, err := tx.Contact("dana")
		if err != nil {
			return err
		}
		a.ID, c.ID, c.Account = account, contact, account
		if err := errors.Join(tx.PutAccount(a), tx.MoveAccount("acme", account), tx.PutContact(c), tx.MoveContact("dana", contact, []string{account})); err != nil {
			return err
		}
		es, err := tx.EnrollmentsOf(account, true)
		for _, e := range es {
			err = errors.Join(err, tx.Wake(e.ID))
		}
		return err
	})
}

func TestAnEnrollmentGoesOnUnderTheSurvivorAndSoDoesItsCap(t *testing.T) {
	t.Parallel()
	w := newWorld(t, capped)
	r := w.enroll("1")
	r.rest()
	w.becomes("bolt", "dani")
	r.rest()
	r.sleep()
	if len(w.email.sent) != 1 {
		t.Errorf("%d e-mails: the cap was lost", len(w.email.sent))
	}
	for range 5 {
		if len(w.email.sent) == 1 {
			r.sleep()
		}
	}
	if len(w.email.sent) != 2 {
		t.Fatalf("%d e-mails, want the second when the cap is over\n%s", len(w.email.sent), strings.Join(r.timeline(), "\n"))
	}
	if m := w.email.sent[1]; m.Account != "bolt" || m.Contact != "dani" {
		t.Errorf("the second is about %s of %s", m.Contact, m.Account)
	}
	if diff := cmp.Diff([]string{"opening email dana sent", "again email dani sent"}, r.ledger()); diff != "" {
		t.Error(diff)
	}
}

// TestAMessageUnderWayWhileItsAccountBecomesAnotherGoesOnce merges between the
// claim and the record, with each fate that a send can have.
func TestAMessageUnderWayWhileItsAccountBecomesAnotherGoesOnce(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		failure error
		arrives bool
		ledger  []string
		sent    int
	}{
		{name: "it is taken", ledger: []string{"opening email dana sent"}, sent: 1},
		{name: "it is refused, and goes at the next try", failure: &holdfast.DeliveryError{Reason: "busy", Refused: true, Err: errors.New("429")},
			ledger: []string{"opening email dana sent"}, sent: 1},
		{name: "nobody knows", failure: &holdfast.DeliveryError{Reason: "reset", Err: errors.New("reset")}, arrives: true,
			ledger: []string{"opening email dana unknown reset"}, sent: 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, oneMail)
			r := w.enroll("1")
			once := true
			w.email.fail = func(m holdfast.Outbound) error {
				if !once {
					return nil
				}
				once = false
				w.becomes("bolt", "dani")
				if tc.arrives {
					w.email.arrives(m)
				}
				return tc.failure
			}
			r.rest()
			if tc.failure != nil && !tc.arrives {
				r.sleep()
			}
			r.rest()
			if diff := cmp.Diff(tc.ledger, r.ledger()); diff != "" {
				t.Error(diff)
			}
			if len(w.email.sent) != tc.sent {
				t.Errorf("%d e-mails, want %d", len(w.email.sent), tc.sent)
			}
			w.update(func(tx store.Tx) error {
				all, err := tx.TouchesOf(r.id)
				if slices.ContainsFunc(all, func(h store.Touch) bool { return h.Account != "bolt" || h.Contact != "dani" }) {
					t.Errorf("the ledger still names who is no more: %+v", all)
				}
				return err
			})
		})
	}
}
