package memory

import (
	"cmp"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

func auditTables(t *tables) {
	t.audits.key = func(a *store.Audit) int64 { return a.Seq }
	t.auditsBySeq = t.audits.indexed(nil, nil, func(a, b *store.Audit) int { return cmp.Compare(a.Seq, b.Seq) })
}

func (t *tx) AddAudit(a store.Audit) error {
	if err := t.writes("write audit"); err != nil {
		return err
	}
	a.Seq, a.At = 1, moment(a.At)
	if end := last(t.auditsBySeq.of()); end != nil {
		a.Seq = end.Seq + 1
	}
	t.audits.put(t, a)
	return nil
}

func (t *tx) Audits(f store.AuditFilter) ([]store.Audit, error) {
	return some(t, t.auditsBySeq.of(), f.Limit, func(a *store.Audit) bool {
		_, name, _ := strings.Cut(a.Who, ":")
		return a.Seq > f.After && !a.At.Before(moment(f.Since)) && (f.Who == "" || f.Who == a.Who || f.Who == name) &&
			(f.What == "" || f.What == a.What || strings.HasPrefix(a.What, f.What+"."))
	}, self)
}

func (t *tx) Standing(now time.Time) (store.Standing, error) {
	s := store.Standing{Active: map[string]int{}, Touches: map[string]map[holdfast.TouchState]int{}, Tasks: map[string]store.TaskCount{}}
	rows := t.relayWaiting.of()
	if s.Rows = min(len(rows), store.MostRows); s.Rows > 0 {
		s.Oldest, s.OldestAt = rows[0].Seq, rows[0].CreatedAt
	}
	for _, e := range t.enrollments.rows {
		if e.Status == active {
			s.Active[e.Playbook]++
		}
	}
	for _, h := range t.touchesOpen.of() {
		if s.Touches[h.Channel] == nil {
			s.Touches[h.Channel] = map[holdfast.TouchState]int{}
		}
		s.Touches[h.Channel][h.State]++
	}
	now = moment(now)
	for _, k := range t.tasks.rows {
		if k.Status == "open" {
			n := s.Tasks[k.Playbook]
			n.Open++
			if due := k.Due(); !due.IsZero() && due.Before(now) {
				n.Overdue++
			}
			s.Tasks[k.Playbook] = n
		}
	}
	return s, t.ready()
}
