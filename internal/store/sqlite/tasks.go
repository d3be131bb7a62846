package sqlite

import (
	"time"

	"holdfast/internal/store"
)

const taskColumns = `id, enrollment, path, step, playbook, account, contact, owner, title, brief, channel,
	opened_at, due_at, expires_at, status, closed_at, closed_by, reason, answers, background,
	snoozed_until, snooze_reason, owner_reason`

func scanTask(row scanner) (store.Task, error) {
	var k store.Task
	return k, row.Scan(&k.ID, &k.Enrollment, &k.Path, &k.Step, &k.Playbook, &k.Account, &k.Contact, &k.Owner, &k.Title,
		&k.Brief, &k.Channel, at(&k.OpenedAt), at(&k.DueAt), at(&k.ExpiresAt), &k.Status, at(&k.ClosedAt), &k.ClosedBy,
		&k.Reason, text{&k.Answers}, &k.Background, at(&k.SnoozedUntil), &k.SnoozeReason, &k.OwnerReason)
}

func (t *tx) PutTask(k store.Task) error {
	return t.put("write task", `INSERT OR REPLACE INTO tasks (`+taskColumns+`)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		k.ID, k.Enrollment, k.Path, k.Step, k.Playbook, k.Account, k.Contact, k.Owner, k.Title, k.Brief, k.Channel,
		micros(k.OpenedAt), micros(k.DueAt), micros(k.ExpiresAt), k.Status, micros(k.ClosedAt), k.ClosedBy, k.Reason,
		document(k.Answers), flag(k.Background), micros(k.SnoozedUntil), k.SnoozeReason, k.OwnerReason)
}

func (t *tx) Task(id string) (store.Task, error) {
	return one(t, "read task", scanTask, "SELECT "+taskColumns+" FROM tasks WHERE id = ?", id)
}

// Tasks is narrowed by what is not empty.
func (t *tx) Tasks(account, owner, status string, limit int) ([]store.Task, error) {
	query, join, args := "SELECT "+taskColumns+" FROM tasks", " WHERE ", []any{}
	for _, c := range []struct{ column, value string }{{"account", account}, {"owner", owner}, {"status", status}} {
		if c.value != "" {
			query, join, args = query+join+c.column+" = ?", " AND ", append(args, c.value)
		}
	}
	return all(t, "list tasks", scanTask, query+" ORDER BY due_at, id LIMIT ?", append(args, limited(limit))...)
}

// TasksOf are by OpenedAt, then ID.
func (t *tx) TasksOf(enrollment string) ([]store.Task, error) {
	return all(t, "list tasks", scanTask,
		"SELECT "+taskColumns+" FROM tasks WHERE enrollment = ? ORDER BY opened_at, id", enrollment)
}

// CountTasks counts by the index of an owner's openings.
func (t *tx) CountTasks(owner string, since time.Time) (store.Load, error) {
	return one(t, "count tasks", func(row scanner) (n store.Load, err error) {
		return n, row.Scan(&n.Open, &n.Opened)
	}, `SELECT COALESCE(SUM(status = 'open'), 0), COALESCE(SUM(opened_at >= ?), 0)
		FROM tasks WHERE owner = ? AND path NOT LIKE '%!'`, micros(since), owner)
}
