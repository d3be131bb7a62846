package postgres

import (
	"fmt"
	"strconv"

	"holdfast/internal/store"
)

// old is which rows of a table go, with $1 for the moment; events also read names to keep.
var old = map[string]string{
	store.OldDelivered: "result IS NOT NULL AND (created_at IS NULL OR created_at < $1)",
	store.OldMessages: `EXISTS (SELECT 1 FROM touches h JOIN enrollments e ON e.id = h.enrollment WHERE h.id = messages.touch
		AND h.state IN ('sent', 'reconciled', 'unconfirmed', 'failed', 'skipped') AND e.status <> 'active' AND coalesce(h.done_at, h.claimed_at) < $1)`,
	store.OldAudit:    "at < $1",
	store.OldTimeline: "at < $1 AND NOT EXISTS (SELECT 1 FROM enrollments e WHERE e.id = lines.enrollment AND e.status = 'active')",
	store.OldEvents: `kind = 'track' AND at < $1 AND received < $1
		AND NOT EXISTS (SELECT 1 FROM enrollments e WHERE e.account = events.account AND (e.status = 'active' OR e.event = events.seq))
		AND EXISTS (SELECT 1 FROM events n WHERE n.account = events.account AND n.name = events.name AND n.at > events.at)`,
}

func (t *tx) Prune(o store.Old, after string, dry bool) (next string, n int, err error) {
	switch o.What {
	case store.OldEnded:
		return t.pruneEnded(o, after, dry)
	case store.OldParked:
		return t.pruneParked(o, dry)
	}
	which, ok := old[o.What]
	if !ok {
		return "", 0, fmt.Errorf("nothing is kept as %q", o.What)
	}
	var from int64
	if after != "" {
		if from, err = strconv.ParseInt(after, 10, 64); err != nil {
			return "", 0, fmt.Errorf("prune %s after %q: %w", o.What, after, err)
		}
	}
	var w where
	w.arg(o.Before.UTC())
	if o.What == store.OldEvents && len(o.Keep) > 0 {
		which += " AND name <> ALL (" + w.arg(o.Keep) + ")"
	}
	seqs, err := all(t, "find what is old in "+o.What, value[int64],
		"SELECT seq FROM "+o.What+" WHERE "+which+" AND seq > "+w.arg(from)+" AND seq <= "+w.arg(from+store.PruneRows)+" ORDER BY seq", w.values()...)
	if err != nil {
		return "", 0, err
	}
	guarded := o.What == store.OldAudit && len(seqs) > 0 && !dry
	if guarded {
		if err := t.MetaSet(store.AuditBefore, strconv.FormatInt(o.Before.UnixMicro(), 10)); err != nil {
			return "", 0, err
		}
	}
	for _, seq := range seqs {
		if dry {
			break
		}
		if err := t.put("prune "+o.What, "DELETE FROM "+o.What+" WHERE seq = $1", seq); err != nil {
			return "", 0, err
		}
	}
	if guarded {
		if err := t.MetaSet(store.AuditBefore, ""); err != nil {
			return "", 0, err
		}
	}
	last, err := one(t, "read the end of "+o.What, value[int64], "SELECT coalesce(max(seq), 0) FROM "+o.What)
	if from += store.PruneRows; from < last {
		next = strconv.FormatInt(from, 10)
	}
	return next, len(seqs), err
}

func (t *tx) pruneEnded(o store.Old, after string, dry bool) (next string, n int, err error) {
	ids, err := all(t, "list enrollments", value[string], "SELECT id FROM enrollments WHERE id > $1 ORDER BY id LIMIT $2", after, store.PruneRows)
	if err != nil || len(ids) == 0 {
		return "", 0, err
	}
	last := ids[len(ids)-1]
	if len(ids) == store.PruneRows {
		next = last
	}
	for _, table := range []string{"signals", "tasks"} {
		which := " FROM " + table + " WHERE enrollment IN (SELECT id FROM enrollments WHERE id > $1 AND id <= $2 AND status <> 'active' AND ended_at < $3)"
		if table == "tasks" {
			which += " AND status <> 'open'"
		}
		args := []any{after, last, o.Before.UTC()}
		some, err := one(t, "count old "+table, value[int], "SELECT count(*)"+which, args...)
		if err != nil {
			return "", 0, err
		}
		n += some
		if !dry && some > 0 {
			if err := t.put("prune "+table, "DELETE"+which, args...); err != nil {
				return "", 0, err
			}
		}
	}
	return next, n, nil
}

// pruneParked goes by when messages came: a page of them at a time, or all at once
// where they are only counted.
func (t *tx) pruneParked(o store.Old, dry bool) (next string, n int, err error) {
	if dry {
		n, err = one(t, "count old parked messages", value[int], "SELECT count(*) FROM parked WHERE received < $1", o.Before.UTC())
		return "", n, err
	}
	if n, err = t.ForgetParked(o.Before, store.PruneRows); n == store.PruneRows {
		next = store.OldParked
	}
	return next, n, err
}
