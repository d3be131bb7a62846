package sqlite

import (
	"fmt"
	"time"

	"holdfast/internal/store"
)

// Lease gives the enrollments that have waited longest, in that order.
func (t *tx) Lease(holder string, until, now time.Time, limit int) ([]store.Relayed, error) {
	var leased []string
	seen := map[string]bool{}
	err := each(t, "find relay rows", `SELECT enrollment FROM relay r INDEXED BY relay_waiting
		WHERE result IS NULL AND NOT EXISTS (SELECT 1 FROM leases l WHERE l.enrollment = r.enrollment AND l.until > ?)
		ORDER BY seq`, []any{now.UnixMicro()}, func(row scanner) (bool, error) {
		var id string
		if err := row.Scan(&id); err != nil {
			return false, err
		}
		if !seen[id] {
			seen[id] = true
			leased = append(leased, id)
		}
		return limit <= 0 || len(leased) < limit, nil
	})
	if err != nil {
		return nil, err
	}
	var rows []store.Relayed
	for _, id := range leased {
		if err := t.put("lease", `INSERT INTO leases (enrollment, holder, until) VALUES (?, ?, ?)
			ON CONFLICT DO UPDATE SET holder = excluded.holder, until = excluded.until`, id, holder, until.UnixMicro()); err != nil {
			return nil, err
		}
		its, err := all(t, "list relay rows", func(row scanner) (store.Relayed, error) {
			var r store.Relayed
			return r, row.Scan(&r.Seq, &r.Enrollment, &r.Kind, &r.N, &r.Digest, at(&r.CreatedAt))
		}, "SELECT seq, enrollment, kind, n, digest, created_at FROM relay WHERE enrollment = ? AND result IS NULL ORDER BY seq", id)
		if err != nil {
			return nil, err
		}
		rows = append(rows, its...)
	}
	return rows, nil
}

func (t *tx) Delivered(enrollment string, seq int64, result string) error {
	if err := t.put("mark relay rows", "UPDATE relay SET result = ? WHERE enrollment = ? AND seq <= ? AND result IS NULL",
		result, enrollment, seq); err != nil {
		return err
	}
	return t.Unlease(enrollment)
}

func (t *tx) Unlease(enrollment string) error {
	return t.put("release lease", "DELETE FROM leases WHERE enrollment = ?", enrollment)
}

func (t *tx) UnleaseAll() error { return t.put("release leases", "DELETE FROM leases") }

func (t *tx) Restart(enrollment string) error {
	n, err := t.exec("restart", `INSERT INTO relay (enrollment, kind, n, digest, created_at)
		SELECT id, 'start', woken, digest, started_at FROM enrollments e WHERE id = ?
		AND NOT EXISTS (SELECT 1 FROM relay r WHERE r.enrollment = e.id AND r.kind = 'start' AND r.result IS NULL)`, enrollment)
	if err != nil || n > 0 {
		return err
	}
	if _, err := t.Enrollment(enrollment); err != nil {
		return fmt.Errorf("restart enrollment %s: %w", enrollment, err)
	}
	return nil
}
