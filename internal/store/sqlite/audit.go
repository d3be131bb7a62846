package sqlite

import (
	"time"

	"holdfast"
	"holdfast/internal/store"
)

func (t *tx) AddAudit(a store.Audit) error {
	return t.put("write audit", "INSERT INTO audit (at, who, what, subject, details) VALUES (?, ?, ?, ?, ?)",
		micros(a.At), a.Who, a.What, a.On, a.Details)
}

func (t *tx) Audits(f store.AuditFilter) ([]store.Audit, error) {
	return all(t, "list the audit log", func(row scanner) (store.Audit, error) {
		var a store.Audit
		return a, row.Scan(&a.Seq, at(&a.At), &a.Who, &a.What, &a.On, &a.Details)
	}, `SELECT seq, at, who, what, subject, details FROM audit
		WHERE seq > ?1 AND (?2 IS NULL OR at >= ?2) AND (?3 = '' OR who = ?3 OR substr(who, instr(who, ':') + 1) = ?3)
		AND (?4 = '' OR what = ?4 OR substr(what, 1, length(?4) + 1) = ?4 || '.') ORDER BY seq LIMIT ?5`,
		f.After, micros(f.Since), f.Who, f.What, limited(f.Limit))
}

func (t *tx) Standing(now time.Time) (store.Standing, error) {
	s := store.Standing{Active: map[string]int{}, Touches: map[string]map[holdfast.TouchState]int{}, Tasks: map[string]store.TaskCount{}}
	err := each(t, "count relay rows", `SELECT count(*), coalesce(min(seq), 0) FROM
		(SELECT seq FROM relay INDEXED BY relay_waiting WHERE result IS NULL ORDER BY seq LIMIT ?)`, []any{store.MostRows}, func(row scanner) (bool, error) {
		return true, row.Scan(&s.Rows, &s.Oldest)
	})
	if err == nil && s.Rows > 0 {
		s.OldestAt, err = one(t, "read relay row", func(row scanner) (v time.Time, err error) {
			return v, row.Scan(at(&v))
		}, "SELECT created_at FROM relay WHERE seq = ?", s.Oldest)
	}
	if err != nil {
		return s, err
	}
	if err := each(t, "count enrollments", "SELECT playbook, count(*) FROM enrollments INDEXED BY enrollments_active WHERE status = 'active' GROUP BY playbook", nil, func(row scanner) (bool, error) {
		var playbook string
		var n int
		err := row.Scan(&playbook, &n)
		s.Active[playbook] = n
		return true, err
	}); err != nil {
		return s, err
	}
	if err := each(t, "count open touches", "SELECT channel, state, count(*) FROM touches INDEXED BY touches_open WHERE final = 0 GROUP BY channel, state", nil, func(row scanner) (bool, error) {
		var channel string
		var state holdfast.TouchState
		var n int
		err := row.Scan(&channel, &state, &n)
		if s.Touches[channel] == nil {
			s.Touches[channel] = map[holdfast.TouchState]int{}
		}
		s.Touches[channel][state] = n
		return true, err
	}); err != nil {
		return s, err
	}
	err = each(t, "count open tasks", `SELECT playbook, count(*), coalesce(sum(max(due_at, coalesce(snoozed_until, due_at)) < ?), 0)
		FROM tasks INDEXED BY tasks_open WHERE status = 'open' GROUP BY playbook`, []any{now.UnixMicro()}, func(row scanner) (bool, error) {
		var playbook string
		var n store.TaskCount
		err := row.Scan(&playbook, &n.Open, &n.Overdue)
		s.Tasks[playbook] = n
		return true, err
	})
	return s, err
}
