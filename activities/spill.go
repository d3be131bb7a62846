package activities

import (
	"fmt"
	"time"

	"holdfast/internal/calendar"
	"holdfast/internal/store"
	"holdfast/steps"
)

// assignee is who does a task: whom it names, whoever stands in for them or, when
// they have as much as they can look after, the least busy of their pool who has
// room. Nothing is lost for want of room: then it stays with them, and says so
// (S65). The stages of an escalation do not go elsewhere.
func (w *walk) assignee(s *steps.Step, spec *steps.Task) (someone, error) {
	who := w.who(spec.Assign)
	if up := w.v.Program.ByID[s.Parent]; up != nil {
		if _, escalation := up.Spec.(*steps.Escalate); escalation {
			return who, nil
		}
	}
	if c := who.Capacity; who.Channel != "" || (c.Open == 0 && c.Tasks == 0) {
		return who, nil
	}
	full, _, err := w.project.full(w.tx, who, w.now)
	if err != nil || full == "" {
		return who, err
	}
	var best someone
	least := 0
	for _, id := range w.project.pool(who.Person) {
		one, ok := w.project.person(id)
		if !ok || one.ID == who.ID || !w.project.there(one, w.now) {
			continue
		}
		too, n, err := w.project.full(w.tx, someone{Person: one}, w.now)
		if err != nil {
			return who, err
		}
		if too == "" && (best.ID == "" || n.Open < least) {
			best, least = someone{Person: one}, n.Open
		}
	}
	if best.ID == "" {
		who.Reason = joinNonEmpty(who.Reason, "over_capacity: "+full)
		return who, nil
	}
	best.Reason = joinNonEmpty(who.Reason, "spilled_from "+who.ID+": "+full)
	return best, nil
}

// full says, in words, why one of ours has no room for another task; "" is room.
// Weeks begin on Monday by their own clock.
func (p Project) full(tx store.Tx, who someone, now time.Time) (why string, n store.Load, err error) {
	if n, err = tx.CountTasks(who.id(), p.week(who, now)); err != nil {
		return "", n, fmt.Errorf("count tasks: %w", err)
	}
	switch c := who.Capacity; {
	case c.Open > 0 && n.Open >= c.Open:
		return fmt.Sprintf("%d of %d open tasks", n.Open, c.Open), n, nil
	case c.Tasks > 0 && n.Opened >= c.Tasks:
		return fmt.Sprintf("%d of %d tasks this week", n.Opened, c.Tasks), n, nil
	}
	return "", n, nil
}

// week is when the week of a moment began, by somebody's own clock.
func (p Project) week(who someone, now time.Time) time.Time {
	day := calendar.StartOfDay(now.In(p.ours(who).zone))
	return calendar.AddDays(day, -((int(day.Weekday()) + 6) % 7))
}
