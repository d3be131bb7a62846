package memory

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"holdfast/internal/store"
)

// relayed is a row of the outbox with what became of it; "" while it waits.
type relayed struct {
	store.Relayed
	result string
}

// leased is an enrollment that a relay has in hand.
type leased struct {
	enrollment, holder string
	until              time.Time
}

func relayTables(t *tables) {
	bySeq := func(a, b *relayed) int { return cmp.Compare(a.Seq, b.Seq) }
	waits := func(r *relayed) bool { return r.result == "" }
	t.relay.key = func(r *relayed) int64 { return r.Seq }
	t.relayBySeq = t.relay.indexed(nil, nil, bySeq)
	t.relayWaiting = t.relay.indexed(waits, nil, bySeq)
	t.relayWaitingOf = t.relay.indexed(waits, func(r *relayed) key { return key{r.Enrollment} }, bySeq)
	t.leases.key = func(l *leased) string { return l.enrollment }
}

// send writes a row for the relay.
func (t *tx) send(r store.Relayed) {
	r.Seq = 1
	if before := last(t.relayBySeq.of()); before != nil {
		r.Seq = before.Seq + 1
	}
	r.CreatedAt = moment(r.CreatedAt)
	t.relay.put(t, relayed{Relayed: r})
}

func (t *tx) mark(r *relayed, result string) {
	t.relay.put(t, relayed{Relayed: r.Relayed, result: result})
}

// Lease gives the enrollments that have waited longest, in that order.
func (t *tx) Lease(holder string, until, now time.Time, limit int) ([]store.Relayed, error) {
	if err := t.writes("lease"); err != nil {
		return nil, err
	}
	now = moment(now)
	var ids []string
	for _, r := range t.relayWaiting.of() {
		if l := t.leases.rows[r.Enrollment]; l != nil && l.until.After(now) || slices.Contains(ids, r.Enrollment) {
			continue
		}
		if ids = append(ids, r.Enrollment); len(ids) == limit {
			break
		}
	}
	var rows []store.Relayed
	for _, id := range ids {
		t.leases.put(t, leased{id, holder, moment(until)})
		for _, r := range t.relayWaitingOf.of(id) {
			rows = append(rows, r.Relayed)
		}
	}
	return rows, nil
}

func (t *tx) Delivered(enrollment string, seq int64, result string) error {
	if err := t.writes("mark relay rows"); err != nil {
		return err
	}
	for _, r := range slices.Clone(t.relayWaitingOf.of(enrollment)) {
		if r.Seq <= seq {
			t.mark(r, result)
		}
	}
	return t.Unlease(enrollment)
}

func (t *tx) Unlease(enrollment string) error {
	if err := t.writes("release lease"); err != nil {
		return err
	}
	t.leases.drop(t, enrollment)
	return nil
}

func (t *tx) UnleaseAll() error {
	if err := t.writes("release leases"); err != nil {
		return err
	}
	for id := range t.leases.rows {
		t.leases.drop(t, id)
	}
	return nil
}

func (t *tx) Restart(enrollment string) error {
	if err := t.writes("restart"); err != nil {
		return err
	}
	e := t.enrollments.rows[enrollment]
	if e == nil {
		return fmt.Errorf("restart enrollment %s: %w", enrollment, store.ErrNotFound)
	}
	for _, r := range t.relayWaitingOf.of(enrollment) {
		if r.Kind == "start" {
			return nil
		}
	}
	t.send(store.Relayed{Enrollment: e.ID, Kind: "start", N: e.Woken, Digest: e.Digest, CreatedAt: e.StartedAt})
	return nil
}
