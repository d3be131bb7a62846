package memory

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/internal/store"
)

func enrollmentTables(t *tables) {
	byID := func(a, b *store.Enrollment) int { return strings.Compare(a.ID, b.ID) }
	t.enrollments.key = func(e *store.Enrollment) string { return e.ID }
	t.enrollmentsByID = t.enrollments.indexed(nil, nil, byID)
	t.enrollmentsOf = t.enrollments.indexed(nil, func(e *store.Enrollment) key { return key{e.Account} },
		func(a, b *store.Enrollment) int { return byTime(a.StartedAt, b.StartedAt, a.ID, b.ID) })
	t.enrollmentsByEntry = t.enrollments.indexed(nil, func(e *store.Enrollment) key { return key{e.Playbook, e.Account, e.EntryKey} }, nil)
	t.enrollmentsByDue = t.enrollments.indexed(func(e *store.Enrollment) bool { return e.Status == active && !e.Due.IsZero() }, nil,
		func(a, b *store.Enrollment) int { return byTime(a.Due, b.Due, a.ID, b.ID) })
	t.enrollmentsAtWork = t.enrollments.indexed(func(e *store.Enrollment) bool { return e.Status == active && e.Woken != e.Echoed }, nil, byID)
}

func ownEnrollment(e *store.Enrollment) store.Enrollment {
	own := *e
	own.State = bytes.Clone(e.State)
	return own
}

// kept is e as the store keeps it.
func kept(e store.Enrollment) store.Enrollment {
	e = ownEnrollment(&e)
	e.StartedAt, e.EndedAt, e.GoalAt, e.Due = moment(e.StartedAt), moment(e.EndedAt), moment(e.GoalAt), moment(e.Due)
	return e
}

func (t *tx) Enroll(e store.Enrollment) (won bool, err error) {
	if err := t.writes("enroll"); err != nil {
		return false, err
	}
	if t.enrollments.rows[e.ID] != nil || t.enrollmentsByEntry.unique(e.Playbook, e.Account, e.EntryKey) != nil {
		return false, nil
	}
	if e.Status == "" {
		e.Status = active
	}
	e.Woken, e.Echoed = 0, 0
	if e.Status == active {
		e.Woken = 1
	}
	t.enrollments.put(t, kept(e))
	if e.Woken > 0 {
		t.send(store.Relayed{Enrollment: e.ID, Kind: "start", N: e.Woken, Digest: e.Digest, CreatedAt: e.StartedAt})
	}
	return true, nil
}

func (t *tx) Enrollment(id string) (store.Enrollment, error) {
	return one(t, &t.enrollments, id, ownEnrollment)
}

func (t *tx) PutEnrollment(e store.Enrollment) error {
	if err := t.writes("write enrollment"); err != nil {
		return err
	}
	old := t.enrollments.rows[e.ID]
	if old == nil {
		return fmt.Errorf("write enrollment %s: %w", e.ID, store.ErrNotFound)
	}
	e.Playbook, e.Account, e.EntryKey, e.Woken = old.Playbook, old.Account, old.EntryKey, old.Woken
	t.enrollments.put(t, kept(e))
	if e.Status != active {
		t.silence(e.ID)
	}
	return nil
}

// silence ends what an ended run still had open towards us.
func (t *tx) silence(enrollment string) {
	for _, l := range slices.Clone(t.listenersOf.of(enrollment)) {
		t.listeners.drop(t, key{l.Enrollment, l.Path})
	}
	t.leaving.drop(t, enrollment)
	for _, r := range slices.Clone(t.relayWaitingOf.of(enrollment)) {
		t.mark(r, "too_late")
	}
}

func (t *tx) EnrollmentsOf(account string, activeOnly bool) ([]store.Enrollment, error) {
	return some(t, t.enrollmentsOf.of(account), 0, func(e *store.Enrollment) bool { return !activeOnly || e.Status == active }, ownEnrollment)
}

func (t *tx) ListEnrollments(f store.EnrollmentFilter) ([]store.Enrollment, error) {
	is := func(want, got string) bool { return want == "" || want == got }
	limit := f.Limit
	if limit <= 0 {
		limit = 1000
	}
	rows := from(t.enrollmentsByID.of(), func(e *store.Enrollment) bool { return e.ID > f.After })
	return some(t, rows, limit, func(e *store.Enrollment) bool {
		return is(f.Playbook, e.Playbook) && is(f.Account, e.Account) && is(f.Status, e.Status) && is(f.Outcome, e.Outcome)
	}, ownEnrollment)
}

// DueEnrollments are by Due, then ID.
func (t *tx) DueEnrollments(at time.Time, limit int) ([]store.Enrollment, error) {
	rows := t.enrollmentsByDue.of()
	at = moment(at)
	rows = rows[:len(rows)-len(from(rows, func(e *store.Enrollment) bool { return e.Due.After(at) }))]
	return some(t, rows, limit, func(e *store.Enrollment) bool { return e.Woken == e.Echoed }, ownEnrollment)
}

func (t *tx) NextEnrollmentDue() (time.Time, bool, error) {
	if rows := t.enrollmentsByDue.of(); len(rows) > 0 {
		return rows[0].Due, true, t.ready()
	}
	return time.Time{}, false, t.ready()
}

func (t *tx) Unsettled() (int, error) {
	return len(t.enrollmentsAtWork.of()) + len(t.relayWaiting.of()), t.ready()
}
