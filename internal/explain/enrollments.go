package explain

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"holdfast/internal/calendar"
	"holdfast/internal/store"
	"holdfast/playbooks"
	"holdfast/rules"
	"holdfast/steps"
)

// lastLines is how many lines of an enrollment are shown.
const lastLines = 5

// enrollment explains one run. Next is filled in when the clock has moved.
func (a *asker) enrollment(e store.Enrollment) (Enrollment, error) {
	out := Enrollment{
		ID: e.ID, Status: e.Status, Arm: e.Arm, Outcome: e.Outcome, Trigger: e.Trigger, EntryKey: e.EntryKey,
		StartedAt: e.StartedAt, EndedAt: e.EndedAt, Step: e.Step, Doing: e.Doing, Digest: e.Digest, Version: a.versionOf(e),
	}
	if err := a.told(&out); err != nil {
		return out, err
	}
	p := a.versions[e.Digest]
	if p == nil {
		return out, nil
	}
	f, err := a.intake.FactsOf(a.tx, a.account, e.Contact, a.at)
	if err != nil {
		return out, err
	}
	if p.Goal != nil {
		out.Goal = a.goal(e, p.Goal, f)
	}
	if e.Status != "active" {
		return out, nil
	}
	if err := a.standing(&out, e); err != nil {
		return out, err
	}
	for _, x := range p.Exits {
		out.Exits = append(out.Exits, a.exit(x, f, e.Contact))
	}
	return out, nil
}

// told is what the timeline says of it.
func (a *asker) told(out *Enrollment) error {
	lines, err := a.tx.LinesOf(out.ID)
	if err != nil {
		return err
	}
	for _, l := range lines {
		switch l.Kind {
		case "enroll":
			out.StartedBy = l.Reason
		case "exit", "outcome":
			out.EndedBy = l.Reason
		}
	}
	for _, l := range lines[max(0, len(lines)-lastLines):] {
		out.Lines = append(out.Lines, Line{At: l.At, Kind: l.Kind, Step: l.Step, What: said(l)})
	}
	return nil
}

// standing is where an active run stands, and what it waits for.
func (a *asker) standing(out *Enrollment, e store.Enrollment) error {
	st := stateOf(e)
	out.Waits = waits(st)
	for _, w := range out.Waits {
		if out.Since.IsZero() || w.Since.Before(out.Since) {
			out.Since = w.Since
		}
		if !w.Until.IsZero() && (out.Until.IsZero() || w.Until.Before(out.Until)) {
			out.Until = w.Until
		}
		if w.Kind == "park" {
			out.Parked = cmp.Or(a.parkedBy(e.ID, w), w.Reason)
		}
	}
	exit, err := a.tx.ExitOf(e.ID)
	if err == nil {
		out.Doing = "is told to end as " + exit.Outcome + " (" + exit.Reason + ")"
	} else if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	tasks, err := a.tx.TasksOf(e.ID)
	if err != nil {
		return err
	}
	for _, k := range tasks {
		if k.Status != "open" {
			continue
		}
		out.Tasks = append(out.Tasks, Task{
			Title: k.Title, Owner: k.Owner, DueAt: k.Due(), Expires: k.ExpiresAt,
			Overdue: !k.Due().IsZero() && k.Due().Before(a.at), Holds: !k.Background && slices.ContainsFunc(out.Waits, func(w Wait) bool { return w.Path == k.Path }),
		})
	}
	return nil
}

// parkedBy is the row that holds a touch back, as its line tells it.
func (a *asker) parkedBy(enrollment string, w Wait) string {
	lines, err := a.tx.LinesOf(enrollment)
	if err != nil {
		return ""
	}
	for _, l := range slices.Backward(lines) {
		if l.Path == w.Path && l.Outcome == "parked" {
			return l.Reason
		}
	}
	return ""
}

// waits are all places where an enrollment rests, its arms' own included.
func waits(st steps.State) []Wait {
	var out []Wait
	for _, w := range steps.Waits(st) {
		out = append(out, Wait{Path: w.Path, Kind: w.Kind, Since: w.Since, Until: w.Until, Reason: w.Reason})
	}
	return out
}

func (a *asker) versionOf(e store.Enrollment) string {
	if err := a.broken[e.Digest]; err != nil {
		return err.Error()
	}
	if a.versions[e.Digest] == nil {
		return "its version is not stored"
	}
	i := slices.IndexFunc(a.heads, func(p *playbooks.Playbook) bool { return p.Name == e.Playbook })
	switch {
	case i < 0:
		return "older: the playbook is not published any more"
	case a.heads[i].Digest != e.Digest:
		return "older: the playbook was changed since; this enrollment keeps the version it began with"
	}
	return "head"
}

func (a *asker) exit(x playbooks.Exit, f *rules.Facts, contact string) Exit {
	out := Exit{ID: x.ID, Outcome: x.Outcome, On: x.On}
	switch {
	case x.On != "" && x.When != nil:
		out.Needs = x.On + " with " + code(x.When.Source())
	case x.On != "":
		out.Needs = x.On
	default:
		out.When = a.node(x.When, f, contact)
		out.Needs = out.When.Why()
		if out.Needs == "" {
			out.Needs = code(x.When.Source()) + " holds: it ends when it is next looked at"
		}
	}
	return out
}

func (a *asker) goal(e store.Enrollment, g *playbooks.Goal, f *rules.Facts) *Goal {
	out := &Goal{Outcome: g.Outcome, On: g.On, MetAt: e.GoalAt, Status: "open"}
	zone, days := a.zone, calendar.Days{}
	if place := a.intake.Options.Place; place != nil {
		zone, days = place(f.Account)
	}
	if out.Until = g.Within.Add(e.StartedAt.In(zone), days).UTC(); g.Within.Zero() {
		out.Until = time.Time{}
	}
	if g.On == "" {
		out.When = a.node(g.When, f, e.Contact)
	}
	switch {
	case !e.GoalAt.IsZero():
		out.Status = "met"
	case !out.Until.IsZero() && out.Until.Before(a.at):
		out.Status = "missed"
	}
	return out
}
