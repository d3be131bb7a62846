package postgres

import (
	"fmt"
	"time"

	"holdfast/internal/store"
)

// Lease gives the enrollments that have waited longest, in that order. The first
// waiting row of each stands for it: while another relay's transaction holds that,
// the enrollment is passed over and nobody waits.
func (t *tx) Lease(holder string, until, now time.Time, limit int) ([]store.Relayed, error) {
	if err := t.changes("lease"); err != nil {
		return nil, err
	}
	leased, err := all(t, "find relay rows", value[string], `SELECT r.enrollment FROM relay r
		WHERE r.result IS NULL AND NOT EXISTS (SELECT 1 FROM leases l WHERE l.enrollment = r.enrollment AND l.until > $1)
		AND NOT EXISTS (SELECT 1 FROM relay f WHERE f.enrollment = r.enrollment AND f.result IS NULL AND f.seq < r.seq)
		ORDER BY r.seq LIMIT $2 FOR UPDATE OF r SKIP LOCKED`, now, limited(limit))
	if err != nil || len(leased) == 0 {
		return nil, err
	}
	if err := t.put("lease", `INSERT INTO leases (enrollment, holder, until) SELECT unnest($1::text[]), $2, $3
		ON CONFLICT (enrollment) DO UPDATE SET holder = excluded.holder, until = excluded.until`, leased, holder, until); err != nil {
		return nil, err
	}
	return all(t, "list relay rows", func(row scanner) (store.Relayed, error) {
		var r store.Relayed
		return r, row.Scan(&r.Seq, &r.Enrollment, &r.Kind, &r.N, &r.Digest, at(&r.CreatedAt))
	}, `SELECT seq, enrollment, kind, n, digest, created_at FROM relay WHERE enrollment = ANY ($1) AND result IS NULL
		ORDER BY array_position($1, enrollment::text), seq`, leased)
}

func (t *tx) Delivered(enrollment string, seq int64, result string) error {
	if err := t.put("mark relay rows", "UPDATE relay SET result = $1 WHERE enrollment = $2 AND seq <= $3 AND result IS NULL",
		result, enrollment, seq); err != nil {
		return err
	}
	return t.Unlease(enrollment)
}

func (t *tx) Unlease(enrollment string) error {
	return t.put("release lease", "DELETE FROM leases WHERE enrollment = $1", enrollment)
}

func (t *tx) UnleaseAll() error { return t.put("release leases", "DELETE FROM leases") }

func (t *tx) Restart(enrollment string) error {
	n, err := t.exec("restart", `INSERT INTO relay (enrollment, kind, n, digest, created_at)
		SELECT id, 'start', woken, digest, started_at FROM enrollments e WHERE id = $1
		AND NOT EXISTS (SELECT 1 FROM relay r WHERE r.enrollment = e.id AND r.kind = 'start' AND r.result IS NULL)`, enrollment)
	if err != nil || n > 0 {
		return err
	}
	if _, err := t.Enrollment(enrollment); err != nil {
		return fmt.Errorf("restart enrollment %s: %w", enrollment, err)
	}
	return nil
}
