package postgres

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
		&k.Reason, &k.Answers, &k.Background, at(&k.SnoozedUntil), &k.SnoozeReason, &k.OwnerReason)
}

var putTask = upsert("tasks", taskColumns)

func (t *tx) PutTask(k store.Task) error {
	return t.put("write task", putTask, k.ID, k.Enrollment, k.Path, k.Step, k.Playbook, k.Account, k.Contact, k.Owner,
		k.Title, k.Brief, k.Channel, when(k.OpenedAt), when(k.DueAt), when(k.ExpiresAt), k.Status, when(k.ClosedAt),
		k.ClosedBy, k.Reason, document(k.Answers), k.Background, when(k.SnoozedUntil), k.SnoozeReason, k.OwnerReason)
}

func (t *tx) Task(id string) (store.Task, error) {
	return one(t, "read task", scanTask, "SELECT "+taskColumns+" FROM tasks WHERE id = $1", id)
}

// Tasks is narrowed by what is not empty.
func (t *tx) Tasks(account, owner, status string, limit int) ([]store.Task, error) {
	w := narrowed("account", account, "owner", owner, "status", status)
	return all(t, "list tasks", scanTask, "SELECT "+taskColumns+" FROM tasks"+w.clause()+
		" ORDER BY due_at NULLS FIRST, id LIMIT "+w.arg(limited(limit)), w.values()...)
}

// TasksOf are by OpenedAt, then ID.
func (t *tx) TasksOf(enrollment string) ([]store.Task, error) {
	return all(t, "list tasks", scanTask,
		"SELECT "+taskColumns+" FROM tasks WHERE enrollment = $1 ORDER BY opened_at NULLS FIRST, id", enrollment)
}

// CountTasks counts by the index of an owner's openings.
func (t *tx) CountTasks(owner string, since time.Time) (store.Load, error) {
	return one(t, "count tasks", func(row scanner) (n store.Load, err error) {
		return n, row.Scan(&n.Open, &n.Opened)
	}, `SELECT count(*) FILTER (WHERE status = 'open'), count(*) FILTER (WHERE opened_at >= $2)
		FROM tasks WHERE owner = $1 AND path NOT LIKE '%!'`, owner, since)
}
