package explain

import (
	"cmp"
	"strings"
)

func (p *page) enrollment(e *Enrollment) {
	head := "enrollment " + short(e.ID) + " of " + p.when(e.StartedAt) + " by " + e.Trigger
	if e.StartedBy != "" {
		head += " (" + strings.TrimPrefix(e.StartedBy, e.Trigger+": ") + ")"
	}
	p.line(1, "", head)
	if e.Status != "active" {
		ended := "ended on " + p.when(e.EndedAt) + " as " + e.Outcome
		if e.EndedBy != "" {
			ended += ": " + e.EndedBy
		}
		p.line(2, "", ended)
	} else {
		p.running(e)
	}
	if g := e.Goal; g != nil {
		p.line(2, "", p.goal(g))
		p.named(3, "when", g.When)
	}
	if e.Version != "head" {
		p.line(2, "", "version "+e.Digest+" ("+e.Version+")")
	}
	if p.style.All {
		for _, l := range e.Lines {
			p.line(2, "dim", p.when(l.At)+"  "+l.Kind+" "+l.Step+"  "+l.What)
		}
	}
}

func (p *page) running(e *Enrollment) {
	where := doing(*e)
	if !e.Since.IsZero() {
		where += ", since " + p.when(e.Since)
	}
	p.line(2, "", where)
	if e.Arm == "holdout" {
		p.line(2, "unknown", "held out, so that the playbook's lift can be measured: it gets no touch")
	}
	if len(e.Waits) > 1 {
		for _, w := range e.Waits {
			p.line(3, "", p.wait(w))
		}
	}
	if e.Parked != "" {
		p.line(2, "unknown", "held back by "+e.Parked+": only a change of that releases it")
	}
	for _, k := range e.Tasks {
		due := "task " + k.Title + " for " + k.Owner + ", due " + p.when(k.DueAt)
		if k.Overdue {
			due += " (overdue)"
		}
		if !k.Expires.IsZero() {
			due += ", expires " + p.when(k.Expires)
		}
		if !k.Holds {
			due += "; the sequence does not wait for it"
		}
		p.line(2, "", due)
	}
	for _, c := range e.Next {
		p.line(2, "true", "next: "+p.coming(c))
		p.shifts(c, 3)
	}
	if len(e.Next) == 0 {
		p.line(2, "", "next: nothing by the clock alone")
	}
	for _, x := range e.Exits {
		p.line(2, "", "ends as "+x.Outcome+" on: "+x.Needs)
		if p.style.All {
			p.named(3, "when", x.When)
		}
	}
}

// awaited is what each kind of wait is for.
var awaited = map[string]string{
	"time": "its time", "task": "its task", "event": "an event", "shift": "a moment that suits the guardrails",
	"retry": "another try", "park": "what holds it back", "unknown": "word of a message", "child": "another playbook to end", "approval": "an answer to its request",
}

func (p *page) wait(w Wait) string {
	s := w.Path + " waits for " + cmp.Or(awaited[w.Kind], w.Kind) + ", since " + p.when(w.Since)
	if !w.Until.IsZero() {
		s += ", until " + p.when(w.Until)
	}
	if w.Reason != "" {
		s += " (" + w.Reason + ")"
	}
	return s
}

func (p *page) goal(g *Goal) string {
	s := "goal " + g.Outcome + " "
	switch g.Status {
	case "met":
		return s + "met on " + p.when(g.MetAt)
	case "missed":
		return s + "not met by " + p.when(g.Until)
	}
	s += "not met yet"
	if g.On != "" {
		s += "; met by " + g.On
	}
	if !g.Until.IsZero() {
		s += " until " + p.when(g.Until)
	}
	return s
}

func (p *page) coming(c Coming) string {
	s := p.when(c.At) + "  " + c.Kind
	if c.Step != "" {
		s += " " + c.Step
	}
	if c.To != "" {
		s += " to " + c.To
	}
	if c.What != "" && c.What != c.Kind && c.What != "sent" && c.What != "opened" {
		s += ": " + c.What
	}
	return s
}

// shifts are the moves of a touch, as a chain and then one by one.
func (p *page) shifts(c Coming, depth int) {
	if len(c.Shifts) == 0 {
		return
	}
	var chain []string
	for _, s := range c.Shifts {
		chain = append(chain, s.Reason)
	}
	p.line(depth, "dim", "moved by "+strings.Join(chain, " → "))
	for _, s := range c.Shifts {
		p.line(depth+1, "dim", s.Reason+": "+s.Detail+" → "+p.when(s.To))
	}
}

// short is enough of an id to tell it from others.
func short(id string) string {
	if len(id) > 12 {
		return id[:12]
	}
	return id
}
