package storetest

import (
	"errors"
	"testing"
	"time"

	"holdfast/internal/store"
)

func enrollmentsAreKept(t *testing.T, s store.Store) {
	e := store.Enrollment{
		ID: "e1", Playbook: "save", Digest: "d1", Account: "acme", Contact: "dana", Trigger: "red", Occurrence: "o1",
		EntryKey: "red/o1", Arm: "treated", Status: "active", StartedAt: t0, Step: "mail", Doing: "waits until Monday",
		State: []byte(`{"v":1}`), Due: t0.Add(time.Hour), Woken: 9, Echoed: 9, Event: 4,
	}
	update(t, s, func(tx store.Tx) error {
		_, err := tx.Enrollment("e1")
		return errors.Join(missing("enrollment", err), missing("write before enroll", tx.PutEnrollment(e)))
	})
	enrolled(t, s, e)
	e.Woken, e.Echoed = 1, 0
	view(t, s, func(tx store.Tx) error {
		got, err := tx.Enrollment("e1")
		return errors.Join(err, same("enrolled", got, e))
	})

	e.Digest, e.Contact, e.Status, e.Outcome, e.Step, e.Doing = "d2", "ann", "ended", "saved", "close", "is over"
	e.EndedAt, e.GoalAt, e.State, e.Due, e.Echoed, e.Event = t0.Add(1), t0.Add(time.Hour), nil, time.Time{}, 1, 5
	e.EndedAt = t0.Add(2 * time.Hour)
	update(t, s, func(tx store.Tx) error {
		other := e
		other.Playbook, other.Account, other.EntryKey, other.Woken = "x", "x", "x", 77
		return tx.PutEnrollment(other)
	})
	held := enrollment("held")
	held.Status, held.Account = "ended", "globex"
	enrolled(t, s, held)
	view(t, s, func(tx store.Tx) error {
		got, err := tx.Enrollment("e1")
		n, errN := tx.Unsettled()
		return errors.Join(err, errN, same("written", got, e), same("unsettled", n, 0))
	})
}

// Having read what accounts have changes nothing about who enters.
func enrollingAfterReading(t *testing.T, s store.Store) {
	theirs := enrollment("theirs")
	theirs.Account = "globex"
	enrolled(t, s, enrollment("first"), theirs)
	is := func(id, account, key, status string) store.Enrollment {
		e := enrollment(id)
		e.Account, e.EntryKey, e.Status = account, key, status
		return e
	}
	var won []bool
	update(t, s, func(tx store.Tx) error {
		won = nil
		before, err := tx.ManyEnrollments([]string{"acme", "initech"})
		errs := []error{err, same("before", len(before["acme"]), 1)}
		for _, e := range []store.Enrollment{
			is("first", "acme", "new", ""), is("other", "acme", "first", ""), is("second", "acme", "k\x00", ""), is("second", "acme", "l", ""),
			is("third", "acme", "k\x00", ""), is("theirs", "acme", "m", ""), is("held", "initech", "k", "ended"), is("more", "globex", "k", "active"),
		} {
			w, err := tx.Enroll(e)
			won, errs = append(won, w), append(errs, err)
		}
		seen, err := tx.Enrollment("second")
		seen.Step = "mail"
		return errors.Join(append(errs, err, tx.PutEnrollment(seen), tx.Wake("second"))...)
	})
	view(t, s, func(tx store.Tx) error {
		of, err := tx.ManyEnrollments([]string{"acme", "globex", "initech"})
		second, errS := tx.Enrollment("second")
		n, errN := tx.Unsettled()
		return errors.Join(err, errS, errN, same("won", won, []bool{false, false, true, false, false, false, true, true}),
			same("acme's", ids(of["acme"]), []string{"first", "second"}), same("globex's", ids(of["globex"]), []string{"more", "theirs"}),
			same("initech's", ids(of["initech"]), []string{"held"}), same("second", []any{second.Step, second.Woken, second.Status}, []any{"mail", int64(2), "active"}),
			same("unsettled: four and their rows, one of which was woken", n, 9))
	})
}

func ids(es []store.Enrollment) (ids []string) {
	for _, e := range es {
		ids = append(ids, e.ID)
	}
	return ids
}

func enrollmentsPage(t *testing.T, s store.Store) {
	a, b, c, d := enrollment("a"), enrollment("b"), enrollment("c"), enrollment("d")
	a.StartedAt, b.Status, b.Outcome = t0.Add(time.Hour), "ended", "saved"
	c.Account, d.Playbook = "globex", "save"
	enrolled(t, s, d, c, b, a)
	view(t, s, func(tx store.Tx) error {
		of, err := tx.EnrollmentsOf("acme", false)
		open, errOpen := tx.EnrollmentsOf("acme", true)
		return errors.Join(err, errOpen, same("by StartedAt, ID", ids(of), []string{"b", "d", "a"}),
			same("active", ids(open), []string{"d", "a"}))
	})
	for _, c := range []struct {
		filter store.EnrollmentFilter
		want   []string
	}{
		{store.EnrollmentFilter{}, []string{"a", "b", "c", "d"}},
		{store.EnrollmentFilter{Limit: 2}, []string{"a", "b"}},
		{store.EnrollmentFilter{After: "b", Limit: 1}, []string{"c"}},
		{store.EnrollmentFilter{Playbook: "save"}, []string{"d"}},
		{store.EnrollmentFilter{Account: "acme", Status: "active"}, []string{"a", "d"}},
		{store.EnrollmentFilter{Outcome: "saved"}, []string{"b"}},
		{store.EnrollmentFilter{Playbook: "win-back", Account: "acme", Status: "active", After: "a"}, nil},
	} {
		view(t, s, func(tx store.Tx) error {
			got, err := tx.ListEnrollments(c.filter)
			return errors.Join(err, same("list", ids(got), c.want))
		})
	}
}

func dueEnrollmentsAreAtRest(t *testing.T, s store.Store) {
	early, tie, late, busy, over := enrollment("early"), enrollment("a-tie"), enrollment("late"), enrollment("busy"), enrollment("over")
	early.Due, tie.Due, late.Due, busy.Due, over.Due = t0, t0, t0.Add(time.Hour), t0.Add(-time.Hour), t0.Add(-2*time.Hour)
	view(t, s, func(tx store.Tx) error {
		_, ok, err := tx.NextEnrollmentDue()
		return errors.Join(err, same("next of none", ok, false))
	})
	enrolled(t, s, early, tie, late, busy, over, enrollment("never"))
	if n := unsettled(t, s); n != 12 {
		t.Errorf("unsettled after six starts: got %d, want 12", n)
	}
	settle(t, s, "early", "a-tie", "late", "over", "never")
	update(t, s, func(tx store.Tx) error {
		over, err := tx.Enrollment("over")
		over.Status = "ended"
		return errors.Join(err, tx.PutEnrollment(over))
	})
	view(t, s, func(tx store.Tx) error {
		due, err := tx.DueEnrollments(t0.Add(time.Minute), 0)
		first, errFirst := tx.DueEnrollments(t0.Add(time.Hour), 1)
		next, ok, errNext := tx.NextEnrollmentDue()
		n, errN := tx.Unsettled()
		return errors.Join(err, errFirst, errNext, errN, same("due and at rest", ids(due), []string{"a-tie", "early"}),
			same("one", ids(first), []string{"a-tie"}), same("next of the active", next, busy.Due), same("ok", ok, true),
			same("unsettled: busy and its row", n, 2))
	})
	settle(t, s, "busy")
	update(t, s, func(tx store.Tx) error { return tx.Wake("early") })
	view(t, s, func(tx store.Tx) error {
		due, err := tx.DueEnrollments(t0, 0)
		return errors.Join(err, same("woken ones are not due", ids(due), []string{"busy", "a-tie"}))
	})
}

func tasksAreKept(t *testing.T, s store.Store) {
	full := store.Task{
		ID: "t1", Enrollment: "e1", Path: "watch[1]/call", Step: "call", Playbook: "save", Account: "acme", Contact: "dana",
		Owner: "max", Title: "Call", Brief: "why", Channel: "phone", OpenedAt: t0, DueAt: t0.Add(2 * time.Hour),
		ExpiresAt: t0.Add(3 * time.Hour), Status: "done", ClosedAt: t0.Add(time.Hour), ClosedBy: "max", Reason: "r",
		Answers: []byte(`{"interest":"later"}`), Background: true,
		SnoozedUntil: t0.Add(4 * time.Hour), SnoozeReason: "they are away", OwnerReason: "deputy_of lea: left",
	}
	notice := store.Task{ID: "t3", Enrollment: "e3", Path: "call?late!", Owner: "lea", Status: "open", OpenedAt: t0}
	soon := store.Task{ID: "t2", Enrollment: "e1", Account: "acme", Owner: "max", Status: "open", OpenedAt: t0.Add(1000), DueAt: t0}
	tie := store.Task{ID: "t0", Enrollment: "e2", Account: "globex", Owner: "max", Status: "open", DueAt: t0}
	update(t, s, func(tx store.Tx) error {
		_, err := tx.Task("t1")
		open := full
		open.Status, open.Answers = "open", nil
		return errors.Join(missing("task", err), tx.PutTask(open), tx.PutTask(soon), tx.PutTask(tie), tx.PutTask(full), tx.PutTask(notice))
	})
	list := func(tx store.Tx, account, owner, status string, limit int, want ...string) error {
		ks, err := tx.Tasks(account, owner, status, limit)
		var got []string
		for _, k := range ks {
			got = append(got, k.ID)
		}
		return errors.Join(err, same("tasks of "+account+owner+status, got, want))
	}
	view(t, s, func(tx store.Tx) error {
		got, err := tx.Task("t1")
		of, errOf := tx.TasksOf("e1")
		load, errLoad := tx.CountTasks("max", t0)
		lately, errLately := tx.CountTasks("max", soon.OpenedAt)
		none, errNone := tx.CountTasks("lea", t0)
		return errors.Join(err, errOf, errLoad, errLately, errNone, same("task", got, full), same("of the enrollment", len(of), 2),
			same("load", load, store.Load{Open: 2, Opened: 2}), same("lately", lately, store.Load{Open: 2, Opened: 1}),
			same("what tells of a late one is no work", none, store.Load{}),
			list(tx, "", "", "", 0, "t3", "t0", "t2", "t1"), list(tx, "acme", "", "", 0, "t2", "t1"),
			list(tx, "", "max", "open", 1, "t0"), list(tx, "acme", "max", "done", 0, "t1"), list(tx, "x", "", "", 0))
	})
}
