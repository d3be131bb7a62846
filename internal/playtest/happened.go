package playtest

import (
	"slices"
	"strings"
	"time"

	"holdfast/internal/sim"
	"holdfast/internal/store"
	"holdfast/steps"
)

// Happening is one thing that happened, in the words of expect.
type Happening struct {
	At     time.Time // by the account's clock
	Head   string
	Name   string // step, outcome or trigger
	Path   string // of the step, passes included
	Verb   string // of the step
	To     string // contact, one of the team, or #channel
	Result string // sent, opened, taken, timeout, ...
	Reason string
	// Of messages and tasks.
	Channel, Subject, Text string
	Due                    time.Time
	Until                  time.Time // of a wait or a shift
	Moved                  []string  // why guards put it off, in order

	Matters bool   // a complete expect must list it
	rest    string // of an outcome: "", forever, or a moment
}

// headOf is the word of expect for a kind of line; others are told by their verb.
var headOf = map[string]string{"enroll": "start", "shift": "shift", "skip": "skip", "error": "error", "goal": "goal", "exit": "outcome", "outcome": "outcome", "wait": "wait"}

// happened turns the timeline of a run into happenings, in order.
func (t *Test) happened(run sim.Run) []*Happening {
	zone := t.zone // as the moments of the test: they stay comparable when the account moves
	mail := map[string]store.Outmail{}
	for _, m := range run.Mail {
		mail[m.Touch] = m
	}
	tasks := map[string]store.Task{}
	for _, k := range run.Tasks {
		tasks[k.Enrollment+"\x00"+k.Path] = k
	}
	moved := map[string][]string{}
	var all []*Happening
	for _, l := range run.Lines {
		h := t.of(l)
		h.At = l.At.In(zone)
		if until, err := time.Parse(time.RFC3339, l.Local); err == nil && (l.Kind == "wait" || l.Kind == "shift") {
			h.Until = until.In(zone)
		}
		switch h.Head {
		case "shift":
			h.Reason = l.Reason
			moved[l.Path] = append(moved[l.Path], l.Reason)
		case "touch":
			m := mail[l.Touch]
			h.Subject, h.Text, h.Moved = m.Subject, m.Text, moved[l.Path]
			delete(moved, l.Path)
		case "task":
			k := tasks[l.Enrollment+"\x00"+l.Path]
			h.Subject, h.Text, h.Due, h.Moved = k.Title, k.Brief, k.DueAt, moved[l.Path]
			delete(moved, l.Path)
		case "outcome":
			h.rest = restOf(run, l)
		}
		all = append(all, h)
	}
	if !run.Ended && run.At != "" {
		all = append(all, &Happening{At: run.Stands.In(zone), Head: "still", Name: run.At, Path: run.At, Reason: run.Doing, Matters: true})
	}
	return all
}

// of is l without its time.
func (t *Test) of(l store.Line) *Happening {
	h := &Happening{Name: l.Step, Path: l.Path, To: l.To, Channel: l.Channel, Result: l.Outcome, Reason: l.Reason}
	for _, b := range t.books {
		if s := steps.StepOf(b.Program, l.Step); s != nil && l.Playbook == b.Name {
			h.Verb = s.Verb
		}
	}
	h.Head = headOf[l.Kind]
	switch {
	case l.Kind == "skip" && l.Enrollment == "":
		h.Head = "refused"
	case l.Kind == "skip":
		h.Matters = l.Touch != "" // by a guard; its own condition is the playbook's business
	case l.Kind == "approval" && l.Outcome != "":
		h.Head, h.Matters = l.Outcome, true
	case l.Kind == "review":
		h.Head, h.Matters = "review", l.Outcome == "asked"
	case l.Kind == "enroll":
		h.Name, h.Reason, _ = strings.Cut(l.Reason, ": ")
		h.Matters = t.Case.Natural
	case l.Kind == "exit", l.Kind == "outcome", l.Kind == "goal":
		h.Name, h.Matters = l.Outcome, true
	case l.Kind == "error":
		h.Matters = true
	case l.Kind == "task" && l.Outcome == "opened":
		h.Head, h.Matters = "task", true
	case l.Kind == "task":
		h.Head, h.Matters = l.Outcome, l.Outcome == "expired"
	case l.Outcome == "sent":
		h.Head, h.Matters = "touch", true
	case h.Head == "" && h.Verb != "":
		h.Head = h.Verb
	case h.Head == "":
		h.Head = l.Kind
	}
	return h
}

// restOf is how long the account rests after the end that l tells.
func restOf(run sim.Run, l store.Line) string {
	i := slices.IndexFunc(run.Rests, func(r store.Rest) bool { return r.Enrollment == l.Enrollment })
	switch {
	case i < 0:
		return ""
	case run.Rests[i].Until.IsZero():
		return "forever"
	}
	return run.Rests[i].Until.Format(time.RFC3339)
}

// is reports whether h may be what e speaks of, whatever its details.
func (e *Expected) is(h *Happening) bool {
	if e.Head != h.Head && (e.Head != h.Verb || h.Head != "touch" && h.Head != "wait") {
		return false
	}
	switch e.Head {
	case "refused":
		return true
	case "start", "goal", "outcome":
		return true // another name is a difference of the same thing
	}
	return e.Name == h.Name || e.Name == h.Path
}
