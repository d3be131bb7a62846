package storetest

import (
	"errors"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

func auditsAreKept(t *testing.T, s store.Store) {
	all := []store.Audit{
		{At: t0, Who: "os:mira", What: "release.apply", On: "1", Details: `{"digest":"d"}`},
		{At: t0.Add(time.Hour), Who: "team:sam", What: "task.done", On: "t1"},
		{At: t0.Add(2 * time.Hour), Who: "token:mira", What: "tasks.close", On: "t2"},
	}
	update(t, s, func(tx store.Tx) error {
		var errs []error
		for _, a := range all {
			errs = append(errs, tx.AddAudit(a))
		}
		return errors.Join(errs...)
	})
	for i := range all {
		all[i].Seq = int64(i) + 1
	}
	view(t, s, func(tx store.Tx) error {
		var errs []error
		for what, c := range map[string]struct {
			f    store.AuditFilter
			want []store.Audit
		}{
			"all":            {store.AuditFilter{}, all},
			"since":          {store.AuditFilter{Since: t0.Add(time.Hour)}, all[1:]},
			"a name":         {store.AuditFilter{Who: "mira"}, []store.Audit{all[0], all[2]}},
			"a kind of name": {store.AuditFilter{Who: "os:mira"}, all[:1]},
			"a kind alone":   {store.AuditFilter{Who: "os"}, nil},
			"a thing":        {store.AuditFilter{What: "task"}, all[1:2]},
			"what":           {store.AuditFilter{What: "tasks.close"}, all[2:]},
			"a page":         {store.AuditFilter{After: 1, Limit: 1}, all[1:2]},
		} {
			got, err := tx.Audits(c.f)
			errs = append(errs, err, same(what, got, c.want))
		}
		return errors.Join(errs...)
	})
}

func standingCountsWhatIsOpen(t *testing.T, s store.Store) {
	now := t0.Add(24 * time.Hour)
	ended := enrollment("gone")
	ended.Status = "ended"
	other := enrollment("c")
	other.Playbook = "onboarding"
	enrolled(t, s, enrollment("a"), enrollment("b"), ended, other)
	settle(t, s, "b", "c")
	update(t, s, func(tx store.Tx) error {
		task := func(id, status string, due, snoozed time.Time) error {
			return tx.PutTask(store.Task{ID: id, Enrollment: "a", Path: id, Playbook: "win-back", Status: status, OpenedAt: t0, DueAt: due, SnoozedUntil: snoozed})
		}
		touch := func(id, channel string, state holdfast.TouchState) error {
			return tx.PutTouch(store.Touch{ID: id, Enrollment: "a", Path: id, Channel: channel, State: state, ClaimedAt: t0})
		}
		return errors.Join(
			tx.Wake("a"),
			task("late", "open", t0, time.Time{}), task("put off", "open", t0, now.Add(time.Hour)), task("soon", "open", now.Add(time.Hour), t0),
			task("done", "done", t0, time.Time{}), task("undated", "open", time.Time{}, time.Time{}),
			touch("1", "email", holdfast.Unknown), touch("2", "email", holdfast.Unknown), touch("3", "slack", holdfast.Claimed), touch("4", "email", holdfast.Sent),
		)
	})
	view(t, s, func(tx store.Tx) error {
		got, err := tx.Standing(now)
		return errors.Join(err, same("standing", got, store.Standing{
			Rows: 2, Oldest: 1, OldestAt: t0, Active: map[string]int{"win-back": 2, "onboarding": 1},
			Touches: map[string]map[holdfast.TouchState]int{"email": {holdfast.Unknown: 2}, "slack": {holdfast.Claimed: 1}},
			Tasks:   map[string]store.TaskCount{"win-back": {Open: 4, Overdue: 1}},
		}))
	})
}
