package postgres

import (
	"fmt"
	"slices"
	"time"

	"holdfast/internal/store"
)

// active is the status of a run that is not over.
const active = "active"

var (
	enrollmentRows = fresh(rows("enroll", "enrollments", `id text, playbook text, digest text, account text, contact text, trigger text, occurrence text,
		entry_key text, arm text, status text, outcome text, started_at timestamptz, ended_at timestamptz, goal_at timestamptz, step text, doing text,
		state text, due timestamptz, woken bigint, echoed bigint, event bigint`, "DO NOTHING"))
	enrollmentColumns = enrollmentRows.columns
	relayRows         = rows("write relay row", "relay", "enrollment text, kind text, n bigint, digest text, created_at timestamptz", "", "enrollments")
)

func scanEnrollment(row scanner) (store.Enrollment, error) {
	var e store.Enrollment
	return e, row.Scan(&e.ID, &e.Playbook, &e.Digest, &e.Account, &e.Contact, &e.Trigger, &e.Occurrence, &e.EntryKey,
		&e.Arm, &e.Status, &e.Outcome, at(&e.StartedAt), at(&e.EndedAt), at(&e.GoalAt), &e.Step, &e.Doing,
		&e.State, at(&e.Due), &e.Woken, &e.Echoed, &e.Event)
}

// entry is what nobody enrolls twice with.
type entry struct{ id, playbook, key string }

// enteredBy remembers the entries of accounts all of whose enrollments were read.
func (t *tx) enteredBy(accounts []string, es map[string][]store.Enrollment) {
	if t.asks || t.read {
		return
	}
	if t.entered == nil {
		t.entered = map[string][]entry{}
	}
	for _, a := range accounts {
		a = plain(a)
		t.entered[a] = make([]entry, 0, len(es[a])+1)
		for i := range es[a] {
			t.entered[a] = append(t.entered[a], entryOf(&es[a][i]))
		}
	}
}

func entryOf(e *store.Enrollment) entry {
	return entry{plain(e.ID), plain(e.Playbook), plain(e.EntryKey)}
}

// Enroll answers without asking when all enrollments of the account were read in this
// transaction: being serialisable, it would not commit beside another that enrolled
// it. The row is written later then.
func (t *tx) Enroll(e store.Enrollment) (won bool, err error) {
	if e.Status == "" {
		e.Status = active
	}
	var woken int64
	if e.Status == active {
		woken = 1
	}
	row := []any{
		e.ID, e.Playbook, e.Digest, e.Account, e.Contact, e.Trigger, e.Occurrence, e.EntryKey, e.Arm, e.Status, e.Outcome,
		when(e.StartedAt), when(e.EndedAt), when(e.GoalAt), e.Step, e.Doing, document(e.State), when(e.Due), woken, int64(0), e.Event,
	}
	account := plain(e.Account)
	if entered, known := t.entered[account]; known {
		mine := entryOf(&e)
		if slices.ContainsFunc(entered, func(o entry) bool { return o.id == mine.id || o.playbook == mine.playbook && o.key == mine.key }) {
			return false, t.ready()
		}
		t.entered[account] = append(entered, mine)
		err = t.add(enrollmentRows, row...)
	} else {
		one := gathered{form: enrollmentRows}
		one.add(row)
		var n int64
		if n, err = t.exec("enroll", enrollmentRows.query, one.arrays()...); n == 0 {
			return false, err
		}
	}
	if err != nil || woken == 0 {
		return err == nil, err
	}
	return true, t.relay(e.ID, "start", woken, e.Digest, e.StartedAt)
}

func (t *tx) relay(enrollment, kind string, n int64, digest string, created time.Time) error {
	return t.add(relayRows, enrollment, kind, n, digest, when(created))
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
