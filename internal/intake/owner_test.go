package intake_test

import (
	"testing"

	"holdfast/internal/store"
)

func TestAnEventWithoutAnAccountIsOfItsObjectsAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(w.msg(`acme = {"name": "Acme"}`), w.msg(`acme Subscription Started {"subscription_id": "s1", "seats": 3}`))
	later := w.msg(`acme Subscription Started {"subscription_id": "s1", "seats": 9}`)
	later.Account = ""
	unknown := w.msg(`acme Subscription Started {"subscription_id": "s2", "seats": 9}`)
	unknown.Account = ""
	nothing := w.msg(`acme Login {"count": 1}`)
	nothing.Account = ""
	res := w.receive(later, unknown, nothing)
	if res.Fresh != 1 || res.Rejected != 2 {
		t.Errorf("got %+v", res)
	}
	if again := w.receive(later); again.Repeated != 1 {
		t.Errorf("again: got %+v", again)
	}
	w.view(func(tx store.Tx) error {
		os, err := tx.Objects("acme", "subscription")
		a, errA := tx.Account("acme")
		if len(os) != 1 || errA != nil || a.Fields["seats"].Value == nil {
			t.Errorf("got %v, %v", os, a)
		}
		return err
	})
}
