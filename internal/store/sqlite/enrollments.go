package sqlite

import (
	"fmt"
	"strings"
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
		text{&e.State}, at(&e.Due), &e.Woken, &e.Echoed, &e.Event)
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
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?) ON CONFLICT DO NOTHING`,
		e.ID, e.Playbook, e.Digest, e.Account, e.Contact, e.Trigger, e.Occurrence, e.EntryKey, e.Arm, e.Status, e.Outcome,
		micros(e.StartedAt), micros(e.EndedAt), micros(e.GoalAt), e.Step, e.Doing, document(e.State), micros(e.Due),
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
	return t.put("write relay row", "INSERT INTO relay (enrollment, kind, n, digest, created_at) VALUES (?, ?, ?, ?, ?)",
		enrollment, kind, n, digest, micros(created))
}

func (t *tx) Enrollment(id string) (store.Enrollment, error) {
	return one(t, "read enrollment", scanEnrollment, "SELECT "+enrollmentColumns+" FROM enrollments WHERE id = ?", id)
}

func (t *tx) PutEnrollment(e store.Enrollment) error {
	n, err := t.exec("write enrollment", `UPDATE enrollments SET digest = ?, contact = ?, trigger = ?, occurrence = ?, arm = ?,
		status = ?, outcome = ?, started_at = ?, ended_at = ?, goal_at = ?, step = ?, doing = ?, state = ?, due = ?,
		echoed = ?, event = ? WHERE id = ?`,
		e.Digest, e.Contact, e.Trigger, e.Occurrence, e.Arm,
		e.Status, e.Outcome, micros(e.StartedAt), micros(e.EndedAt), micros(e.GoalAt), e.Step, e.Doing, document(e.State),
		micros(e.Due), e.Echoed, e.Event, e.ID)
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
	if err := t.put("drop listeners", "DELETE FROM listeners WHERE enrollment = ?", enrollment); err != nil {
		return err
	}
	if err := t.put("unmark as leaving", "DELETE FROM leaving WHERE enrollment = ?", enrollment); err != nil {
		return err
	}
	return t.put("end relay rows",
		"UPDATE relay SET result = 'too_late' WHERE enrollment = ? AND result IS NULL", enrollment)
}

func (t *tx) EnrollmentsOf(account string, activeOnly bool) ([]store.Enrollment, error) {
	query := "SELECT " + enrollmentColumns + " FROM enrollments WHERE account = ?"
	if activeOnly {
		query += " AND status = 'active'"
	}
	return all(t, "list enrollments", scanEnrollment, query+" ORDER BY started_at, id", account)
}

func (t *tx) ListEnrollments(f store.EnrollmentFilter) ([]store.Enrollment, error) {
	where := []string{"id > ?"}
	args := []any{f.After}
	narrow := func(column, value string) {
		if value != "" {
			where = append(where, column+" = ?")
			args = append(args, value)
		}
	}
	narrow("playbook", f.Playbook)
	narrow("account", f.Account)
	narrow("status", f.Status)
	narrow("outcome", f.Outcome)
	limit := f.Limit
	if limit <= 0 {
		limit = 1000
	}
	return all(t, "list enrollments", scanEnrollment, "SELECT "+enrollmentColumns+" FROM enrollments WHERE "+
		strings.Join(where, " AND ")+" ORDER BY id LIMIT ?", append(args, limit)...)
}

// DueEnrollments are by Due, then ID.
func (t *tx) DueEnrollments(at time.Time, limit int) ([]store.Enrollment, error) {
	return all(t, "list due enrollments", scanEnrollment, "SELECT "+enrollmentColumns+` FROM enrollments
		WHERE status = 'active' AND due IS NOT NULL AND due <= ? AND woken = echoed ORDER BY due, id LIMIT ?`,
		at.UnixMicro(), limited(limit))
}

func (t *tx) NextEnrollmentDue() (time.Time, bool, error) {
	return t.earliest("read next due enrollment",
		"SELECT min(due) FROM enrollments WHERE status = 'active' AND due IS NOT NULL")
}

func (t *tx) Unsettled() (int, error) {
	return one(t, "count unsettled", value[int], `SELECT
		(SELECT count(*) FROM enrollments INDEXED BY enrollments_unsettled WHERE status = 'active' AND woken <> echoed) +
		(SELECT count(*) FROM relay WHERE result IS NULL)`)
}
