package memory

import (
	"bytes"
	"strings"
	"time"

	"holdfast/internal/store"
)

func taskTables(t *tables) {
	t.tasks.key = func(k *store.Task) string { return k.ID }
	t.tasksByDue = t.tasks.indexed(nil, nil, func(a, b *store.Task) int { return byTime(a.DueAt, b.DueAt, a.ID, b.ID) })
	t.tasksOwned = t.tasks.indexed(nil, func(k *store.Task) key { return key{k.Owner} },
		func(a, b *store.Task) int { return byTime(a.OpenedAt, b.OpenedAt, a.ID, b.ID) })
	t.tasksOf = t.tasks.indexed(nil, func(k *store.Task) key { return key{k.Enrollment} },
		func(a, b *store.Task) int { return byTime(a.OpenedAt, b.OpenedAt, a.ID, b.ID) })
}

func ownTask(k *store.Task) store.Task {
	own := *k
	own.Answers = bytes.Clone(k.Answers)
	return own
}

func (t *tx) PutTask(k store.Task) error {
	if err := t.writes("write task"); err != nil {
		return err
	}
	k.OpenedAt, k.DueAt, k.ExpiresAt, k.ClosedAt = moment(k.OpenedAt), moment(k.DueAt), moment(k.ExpiresAt), moment(k.ClosedAt)
	k.SnoozedUntil = moment(k.SnoozedUntil)
	t.tasks.put(t, ownTask(&k))
	return nil
}

func (t *tx) Task(id string) (store.Task, error) { return one(t, &t.tasks, id, ownTask) }

// Tasks is narrowed by what is not empty.
func (t *tx) Tasks(account, owner, status string, limit int) ([]store.Task, error) {
	is := func(want, got string) bool { return want == "" || want == got }
	return some(t, t.tasksByDue.of(), limit, func(k *store.Task) bool {
		return is(account, k.Account) && is(owner, k.Owner) && is(status, k.Status)
	}, ownTask)
}

// TasksOf are by OpenedAt, then ID.
func (t *tx) TasksOf(enrollment string) ([]store.Task, error) {
	return some(t, t.tasksOf.of(enrollment), 0, nil, ownTask)
}

// CountTasks counts what an owner has.
func (t *tx) CountTasks(owner string, since time.Time) (n store.Load, err error) {
	_, err = some(t, t.tasksOwned.of(owner), 0, func(k *store.Task) bool {
		if strings.HasSuffix(k.Path, "!") {
			return false
		}
		if k.Status == "open" {
			n.Open++
		}
		if !k.OpenedAt.Before(moment(since)) {
			n.Opened++
		}
		return false
	}, ownTask)
	return n, err
}
