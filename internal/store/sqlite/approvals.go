package sqlite

import "holdfast/internal/store"

const approvalColumns = `id, enrollment, path, step, playbook, account, kind, title, amount, in_exchange, sunset_at,
	requested_by, role, approver, asked_at, status, decided_by, decided_at, note`

func scanApproval(row scanner) (store.Approval, error) {
	var a store.Approval
	return a, row.Scan(&a.ID, &a.Enrollment, &a.Path, &a.Step, &a.Playbook, &a.Account, &a.Kind, &a.Title, &a.Amount,
		&a.InExchange, at(&a.SunsetAt), &a.RequestedBy, &a.Role, &a.Approver, at(&a.AskedAt), &a.Status, &a.DecidedBy,
		at(&a.DecidedAt), &a.Note)
}

func (t *tx) PutApproval(a store.Approval) error {
	return t.put("write approval", `INSERT OR REPLACE INTO approvals (`+approvalColumns+`)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		a.ID, a.Enrollment, a.Path, a.Step, a.Playbook, a.Account, a.Kind, a.Title, a.Amount, a.InExchange, micros(a.SunsetAt),
		a.RequestedBy, a.Role, a.Approver, micros(a.AskedAt), a.Status, a.DecidedBy, micros(a.DecidedAt), a.Note)
}

func (t *tx) Approval(id string) (store.Approval, error) {
	return one(t, "read approval", scanApproval, "SELECT "+approvalColumns+" FROM approvals WHERE id = ?", id)
}

func (t *tx) ApprovalsOf(account string, limit int) ([]store.Approval, error) {
	query, args := "SELECT "+approvalColumns+" FROM approvals", []any{}
	if account != "" {
		query, args = query+" WHERE account = ?", append(args, account)
	}
	return all(t, "list approvals", scanApproval, query+" ORDER BY asked_at, id LIMIT ?", append(args, limited(limit))...)
}
