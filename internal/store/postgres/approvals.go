package postgres

import "holdfast/internal/store"

const approvalColumns = `id, enrollment, path, step, playbook, account, kind, title, amount, in_exchange, sunset_at,
	requested_by, role, approver, asked_at, status, decided_by, decided_at, note`

func scanApproval(row scanner) (store.Approval, error) {
	var a store.Approval
	return a, row.Scan(&a.ID, &a.Enrollment, &a.Path, &a.Step, &a.Playbook, &a.Account, &a.Kind, &a.Title, &a.Amount,
		&a.InExchange, at(&a.SunsetAt), &a.RequestedBy, &a.Role, &a.Approver, at(&a.AskedAt), &a.Status, &a.DecidedBy,
		at(&a.DecidedAt), &a.Note)
}

var putApproval = upsert("approvals", approvalColumns)

func (t *tx) PutApproval(a store.Approval) error {
	return t.put("write approval", putApproval, a.ID, a.Enrollment, a.Path, a.Step, a.Playbook, a.Account, a.Kind, a.Title,
		a.Amount, a.InExchange, when(a.SunsetAt), a.RequestedBy, a.Role, a.Approver, when(a.AskedAt), a.Status, a.DecidedBy,
		when(a.DecidedAt), a.Note)
}

func (t *tx) Approval(id string) (store.Approval, error) {
	return one(t, "read approval", scanApproval, "SELECT "+approvalColumns+" FROM approvals WHERE id = $1", id)
}

func (t *tx) ApprovalsOf(account string, limit int) ([]store.Approval, error) {
	w := narrowed("account", account)
	return all(t, "list approvals", scanApproval, "SELECT "+approvalColumns+" FROM approvals"+w.clause()+
		" ORDER BY asked_at NULLS FIRST, id LIMIT "+w.arg(limited(limit)), w.values()...)
}
