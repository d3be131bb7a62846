package memory

import "holdfast/internal/store"

func approvalTables(t *tables) {
	byAsked := func(a, b *store.Approval) int { return byTime(a.AskedAt, b.AskedAt, a.ID, b.ID) }
	t.approvals.key = func(a *store.Approval) string { return a.ID }
	t.approvalsByAsked = t.approvals.indexed(nil, nil, byAsked)
	t.approvalsOf = t.approvals.indexed(nil, func(a *store.Approval) key { return key{a.Account} }, byAsked)
}

func (t *tx) PutApproval(a store.Approval) error {
	if err := t.writes("write approval"); err != nil {
		return err
	}
	a.SunsetAt, a.AskedAt, a.DecidedAt = moment(a.SunsetAt), moment(a.AskedAt), moment(a.DecidedAt)
	t.approvals.put(t, a)
	return nil
}

func (t *tx) Approval(id string) (store.Approval, error) { return one(t, &t.approvals, id, self) }

func (t *tx) ApprovalsOf(account string, limit int) ([]store.Approval, error) {
	rows := t.approvalsByAsked.of()
	if account != "" {
		rows = t.approvalsOf.of(account)
	}
	return some(t, rows, limit, nil, self)
}
