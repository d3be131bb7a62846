package storetest

import (
	"errors"
	"testing"
	"time"

	"holdfast/internal/store"
)

func approvalsAreKept(t *testing.T, s store.Store) {
	one := store.Approval{
		ID: "b", Enrollment: "e", Path: "top[1]/concession", Step: "concession", Playbook: "save", Account: "acme", Kind: "discount",
		Title: "15 % off", Amount: "15 %", InExchange: "a case study", SunsetAt: t0.AddDate(1, 0, 0), RequestedBy: "mira",
		Role: "manager", Approver: "lea", AskedAt: t0, Status: "open",
	}
	other := store.Approval{ID: "a", Account: "globex", Kind: "approve", AskedAt: t0.Add(-time.Hour), Status: "denied", DecidedBy: "lea", DecidedAt: t0, Note: "no"}
	update(t, s, func(tx store.Tx) error { return errors.Join(tx.PutApproval(one), tx.PutApproval(other)) })
	one.Status, one.DecidedBy, one.DecidedAt = "approved", "lea", t0.Add(time.Hour)
	update(t, s, func(tx store.Tx) error { return tx.PutApproval(one) })
	view(t, s, func(tx store.Tx) error {
		got, err := tx.Approval("b")
		all, allErr := tx.ApprovalsOf("", 0)
		acme, acmeErr := tx.ApprovalsOf("acme", 5)
		_, none := tx.Approval("c")
		return errors.Join(err, allErr, acmeErr, missing("an approval", none),
			same("approval", got, one), same("approvals", all, []store.Approval{other, one}), same("of acme", acme, []store.Approval{one}))
	})
}
