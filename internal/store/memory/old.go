package memory

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"holdfast/internal/store"
)

func (t *tx) Prune(o store.Old, after string, dry bool) (next string, n int, err error) {
	if !dry {
		err = t.writes("prune " + o.What)
	} else {
		err = t.ready()
	}
	if err != nil {
		return "", 0, err
	}
	switch o.What {
	case store.OldEnded:
		return t.pruneEnded(o, after, dry)
	case store.OldParked:
		return t.pruneParked(o, dry)
	}
	var from, last int64
	if after != "" {
		if from, err = strconv.ParseInt(after, 10, 64); err != nil {
			return "", 0, fmt.Errorf("prune %s after %q: %w", o.What, after, err)
		}
	}
	switch o.What {
	case store.OldDelivered:
		n, last = prune(t, &t.relay, from, dry, func(r *relayed) bool { return r.result != "" && r.CreatedAt.Before(moment(o.Before)) })
	case store.OldMessages:
		n, last = prune(t, &t.messages, from, dry, func(m *store.Outmail) bool { return t.oldMessage(m, o) })
	case store.OldTimeline:
		n, last = prune(t, &t.lines, from, dry, func(l *store.Line) bool {
			e := t.enrollments.rows[l.Enrollment]
			return !l.At.IsZero() && l.At.Before(moment(o.Before)) && (e == nil || e.Status != active)
		})
	case store.OldAudit:
		n, last = prune(t, &t.audits, from, dry, func(a *store.Audit) bool { return !a.At.IsZero() && a.At.Before(moment(o.Before)) })
	case store.OldEvents:
		n, last = prune(t, &t.events, from, dry, func(e *store.Event) bool { return t.oldEvent(e, o) })
	default:
		return "", 0, fmt.Errorf("nothing is kept as %q", o.What)
	}
	if from += store.PruneRows; from < last {
		next = strconv.FormatInt(from, 10)
	}
	return next, n, nil
}

// prune drops rows that are old from the next few, and says what is the last row.
func prune[V any](t *tx, tb *table[int64, V], from int64, dry bool, is func(*V) bool) (n int, last int64) {
	for _, seq := range slices.Sorted(maps.Keys(tb.rows)) {
		if seq > from && seq <= from+store.PruneRows && is(tb.rows[seq]) {
			n++
			if !dry {
				tb.drop(t, seq)
				continue
			}
		}
		last = seq
	}
	return n, last
}

func (t *tx) oldMessage(m *store.Outmail, o store.Old) bool {
	h := t.touches.rows[m.Touch]
	if h == nil || !h.State.Final() {
		return false
	}
	at := h.DoneAt
	if at.IsZero() {
		at = h.ClaimedAt
	}
	e := t.enrollments.rows[h.Enrollment]
	return e != nil && e.Status != active && !at.IsZero() && at.Before(moment(o.Before))
}

func (t *tx) oldEvent(e *store.Event, o store.Old) bool {
	before := moment(o.Before)
	if e.Kind != "track" || e.At.IsZero() || !e.At.Before(before) || !e.Received.Before(before) || slices.Contains(o.Keep, e.Event) {
		return false
	}
	for _, run := range t.enrollmentsOf.of(e.Account) {
		if run.Status == active || run.Event == e.Seq {
			return false
		}
	}
	return slices.ContainsFunc(t.eventsByTime.of(e.Account), func(n *store.Event) bool { return n.Event == e.Event && n.At.After(e.At) })
}

func (t *tx) pruneParked(o store.Old, dry bool) (next string, n int, err error) {
	if dry {
		for _, p := range t.parked.rows {
			if p.Received.Before(moment(o.Before)) {
				n++
			}
		}
		return "", n, nil
	}
	if n, err = t.ForgetParked(o.Before, store.PruneRows); n == store.PruneRows {
		next = store.OldParked
	}
	return next, n, err
}

func (t *tx) pruneEnded(o store.Old, after string, dry bool) (next string, n int, err error) {
	ids := from(t.enrollmentsByID.of(), func(e *store.Enrollment) bool { return e.ID > after })
	if len(ids) >= store.PruneRows {
		ids = ids[:store.PruneRows]
		next = last(ids).ID
	}
	for _, e := range ids {
		if e.Status == active || e.EndedAt.IsZero() || !e.EndedAt.Before(moment(o.Before)) {
			continue
		}
		for _, s := range slices.Clone(t.signalsOf.of(e.ID)) {
			n++
			if !dry {
				t.signals.drop(t, signalKey{s.Enrollment, s.Seq})
			}
		}
		for _, k := range slices.Clone(t.tasksOf.of(e.ID)) {
			if k.Status == "open" {
				continue
			}
			n++
			if !dry {
				t.tasks.drop(t, k.ID)
			}
		}
	}
	return next, n, nil
}
