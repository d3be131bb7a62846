package postgres

import (
	"fmt"
	"time"

	"holdfast/internal/store"
)

// active is the status of a run that is not over.
const active = "active"

const enrollmentColumns = `id, playbook, digest, account, contact, trigger, occurrence, entry_key, arm, status, outcome,
	started_at, ended_at, goal_at, step, doing, state, due, woken, echoed, event`

func scanEnrollment(row scanner) (store.Enrollment, error) {
	var e store.Enrollment
	return e, row.Scan(&e.ID, &e.Playbook, &e.Digest, &e.Account, &e.Contact, &e.Trigger, &e.Occurrence, &e.EntryKey,
		&e.Arm, &e.Status, &e.Outcome, at(&e.StartedAt), at(&e.EndedAt), at(&e.GoalAt), &e.Step, &e.Doing,
		&e.State, at(&e.Due), &e.Woken, &e.Echoed, &e.Event)
}

func (t *tx) Enroll(e store.Enrollment) (won bool, err error) {
	if e.Status == "" {
		e.Status = active
	}
	var woken int64
	if e.Status == active {
		woken = 1
	}
	n, err := t.exec("enroll", `INSERT INTO enrollments (`+enrollmentColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, 0, $20) ON CONFLICT DO NOTHING`,
		e.ID, e.Playbook, e.Digest, e.Account, e.Contact, e.Trigger, e.Occurrence, e.EntryKey, e.Arm, e.Status, e.Outcome,
		when(e.StartedAt), when(e.EndedAt), when(e.GoalAt), e.Step, e.Doing, document(e.State), when(e.Due),
		woken, e.Event)
	if err != nil || n == 0 {
		return false, err
	}
	if woken == 0 {
		return true, nil
	}
	return true, t.relay(e.ID, "start", woken, e.Digest, e.StartedAt)
}

func (t *tx) relay(enrollment, kind string, n int64, digest string, created time.Time) error {
	return t.put("write relay row", "INSERT INTO relay (enrollment, kind, n, digest, created_at) VALUES ($1, $2, $3, $4, $5)",
		enrollment, kind, n, digest, when(created))
}

func (t *tx) Enrollment(id string) (store.Enrollment, error) {
	return one(t, "read enrollment", scanEnrollment, "SELECT "+enrollmentColumns+" FROM enrollments WHERE id = $1", id)
}

func (t *tx) PutEnrollment(e store.Enrollment) error {
	n, err := t.exec("write enrollment", `UPDATE enrollments SET digest = $1, contact = $2, trigger = $3, occurrence = $4, arm = $5,
		status = $6, outcome = $7, started_at = $8, ended_at = $9, goal_at = $10, step = $11, doing = $12, state = $13, due = $14,
		echoed = $15, event = $16 WHERE id = $17`,
		e.Digest, e.Contact, e.Trigger, e.Occurrence, e.Arm,
		e.Status, e.Outcome, when(e.StartedAt), when(e.EndedAt), when(e.GoalAt), e.Step, e.Doing, document(e.State),
		when(e.Due), e.Echoed, e.Event, e.ID)
	if err != nil {
		return err
	}
	if n == 0 {
		return fmt.Errorf("write enrollment %s: %w", e.ID, store.ErrNotFound)
	}
	if e.Status == active {
		return nil
	}
	return t.silence(e.ID)
}

// silence ends what an ended run still had open towards us.
func (t *tx) silence(enrollment string) error {
	if err := t.put("drop listeners", "DELETE FROM listeners WHERE enrollment = $1", enrollment); err != nil {
		return err
	}
	if err := t.put("unmark as leaving", "DELETE FROM leaving WHERE enrollment = $1", enrollment); err != nil {
		return err
	}
	return t.put("end relay rows",
		"UPDATE relay SET result = 'too_late' WHERE enrollment = $1 AND result IS NULL", enrollment)
}

func (t *tx) EnrollmentsOf(account string, activeOnly bool) ([]store.Enrollment, error) {
	query := "SELECT " + enrollmentColumns + " FROM enrollments WHERE account = $1"
	if activeOnly {
		query += " AND status = 'active'"
	}
	return all(t, "list enrollments", scanEnrollment, query+" ORDER BY started_at NULLS FIRST, id", account)
}

func (t *tx) ListEnrollments(f store.EnrollmentFilter) ([]store.Enrollment, error) {
	w := narrowed("playbook", f.Playbook, "account", f.Account, "status", f.Status, "outcome", f.Outcome)
	w.and("id > ", f.After)
	limit := f.Limit
	if limit <= 0 {
		limit = 1000
	}
	return all(t, "list enrollments", scanEnrollment, "SELECT "+enrollmentColumns+" FROM enrollments"+w.clause()+
		" ORDER BY id LIMIT "+w.arg(limit), w.values()...)
}

// DueEnrollments are by Due, then ID.
func (t *tx) DueEnrollments(at time.Time, limit int) ([]store.Enrollment, error) {
	return all(t, "list due enrollments", scanEnrollment, "SELECT "+enrollmentColumns+` FROM enrollments
		WHERE status = 'active' AND due IS NOT NULL AND due <= $1 AND woken = echoed ORDER BY due, id LIMIT $2`,
		at, limited(limit))
}

func (t *tx) NextEnrollmentDue() (time.Time, bool, error) {
	return t.earliest("read next due enrollment",
		"SELECT min(due) FROM enrollments WHERE status = 'active' AND due IS NOT NULL")
}

func (t *tx) Unsettled() (int, error) {
	return one(t, "count unsettled", value[int], `SELECT
		(SELECT count(*) FROM enrollments WHERE status = 'active' AND woken <> echoed) +
		(SELECT count(*) FROM relay WHERE result IS NULL)`)
}
