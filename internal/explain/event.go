package explain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/facts"
	"holdfast/internal/intake"
	"holdfast/internal/store"
	"holdfast/playbooks"
	"holdfast/rules"
	"holdfast/triggers"
)

// happening is what a message would do to the account as it stands in w.
func (w *world) happening(ctx context.Context, m holdfast.Message, zone *time.Location) (*Happening, error) {
	out := &Happening{Event: m.Event, At: m.At, Contact: m.Contact, Does: []Effect{}}
	did, err := w.intake.TryMessage(ctx, m, w.clock.Now(), func(tx store.Tx, _ int64) error {
		a, err := w.ask(tx)
		if err != nil {
			return err
		}
		return a.doesNot(out, m)
	})
	if err != nil {
		return nil, err
	}
	out.Rejected = did.Rejected
	for _, e := range did.Enrolled {
		out.does(Effect{Kind: "start", Playbook: e.Playbook, Enrollment: e.ID, What: "starts " + e.Playbook + " (trigger " + e.Trigger + ")"})
	}
	if err := w.store.View(ctx, func(tx store.Tx) error { return out.signals(tx, did) }); err != nil {
		return nil, err
	}
	for _, l := range did.Lines {
		switch l.Kind {
		case "skip":
			out.does(Effect{Kind: "refused", Playbook: l.Playbook, What: "does not start " + l.Playbook + ": " + refused(l.Reason)})
		case "goal":
			out.does(Effect{Kind: "goal", Playbook: l.Playbook, Enrollment: l.Enrollment, What: "meets the goal of " + l.Playbook + " (" + l.Outcome + ")"})
		}
	}
	out.rows(did, zone)
	out.short(did, m)
	return out, nil
}

// marked does what the intake does before the first live message after history.
func (w *world) marked(ctx context.Context) error {
	var left string
	err := w.store.View(ctx, func(tx store.Tx) (err error) {
		left, err = tx.MetaGet("intake_unmarked")
		return err
	})
	if err != nil || left == "" {
		return err
	}
	return w.intake.MarkTruths(ctx)
}

func (h *Happening) does(e Effect) { h.Does = append(h.Does, e) }

// signals are ends and answered waits.
func (h *Happening) signals(tx store.Tx, did intake.Effects) error {
	started := map[string]string{}
	for _, e := range did.Enrolled {
		started[e.ID] = e.Playbook
	}
	for _, s := range did.Signals {
		name := started[s.Enrollment]
		if e, err := tx.Enrollment(s.Enrollment); err == nil {
			name = e.Playbook
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		e := Effect{Kind: s.Kind, Playbook: name, Enrollment: s.Enrollment}
		switch s.Kind {
		case "exit":
			e.What = "ends " + name + " as " + s.Outcome + " (" + s.Reason + ")"
		case "heard":
			e.What = "answers what step " + s.Path + " of " + name + " waits for"
		default:
			e.What = "wakes " + name + " (" + s.Kind + ")"
		}
		h.does(e)
	}
	for _, id := range did.Woken {
		e, err := tx.Enrollment(id)
		if err != nil {
			return err
		}
		h.does(Effect{Kind: "wake", Playbook: e.Playbook, Enrollment: id, What: "wakes " + e.Playbook + ": a date that it waits for may have moved"})
	}
	return nil
}

// rows are dates and conditions that begin or cease to count.
func (h *Happening) rows(did intake.Effects, zone *time.Location) {
	for _, d := range did.Dues {
		var of struct{ Playbook, Trigger string }
		if json.Unmarshal(d.Data, &of) != nil || of.Playbook == "" {
			continue
		}
		what := of.Playbook + " may start by trigger " + of.Trigger + " on " + d.At.In(zone).Format("Mon 2 Jan 2006 15:04")
		h.does(Effect{Kind: d.Kind, Playbook: of.Playbook, What: what})
	}
	for _, t := range did.Truths {
		if !t.True && !strings.HasPrefix(t.Trigger, "goal:") {
			h.does(Effect{Kind: "fell", Playbook: t.Playbook, What: "trigger " + t.Trigger + " of " + t.Playbook + " is true no more, so it can become true again"})
		}
	}
}

// ours are events that tell of a row that was written with them.
var ours = map[string]bool{
	holdfast.EventTaskDone: true, holdfast.EventTaskCannot: true, holdfast.EventTaskExpired: true,
	holdfast.EventApproved: true, holdfast.EventDenied: true,
}

func (h *Happening) short(did intake.Effects, m holdfast.Message) {
	switch {
	case did.Rejected != "":
		h.Short = "it would be refused: " + did.Rejected
	case did.Repeated:
		h.Short = "it is known already and changes nothing"
	case len(h.Does) == 0:
		h.Short = "it would be stored, and nothing would follow"
	default:
		var says []string
		for _, e := range h.Does {
			says = append(says, e.What)
		}
		h.Short = first(says, 3)
	}
	if ours[m.Event] {
		h.Short += "; the task or request itself is closed by a hand, and its sequence goes on from there"
	}
	if did.Late {
		h.Short += " (it is too old to start anything)"
	}
}

// doesNot lists what names the event and is not moved by it, and why. It runs
// after the event was applied.
func (a *asker) doesNot(h *Happening, m holdfast.Message) error {
	rec, err := facts.Event(a.project.Rules, store.Event{Message: m})
	if err != nil {
		rec = rules.Record{}
	}
	seen := func(contact string) (*rules.Facts, *rules.Facts, error) {
		f, err := a.intake.FactsOf(a.tx, a.account, contact, a.at)
		if err != nil {
			return nil, nil, err
		}
		g := *f
		g.Event = rec
		return f, &g, nil
	}
	f, g, err := seen(m.Contact)
	if err != nil {
		return err
	}
	for _, p := range a.heads {
		for _, t := range p.Triggers {
			if t.Kind != triggers.Event || t.On != m.Event {
				continue
			}
			for _, n := range []*rules.Node{a.node(t.When, g, m.Contact), a.node(p.When, f, m.Contact)} {
				if n != nil && n.State != "true" {
					h.DoesNot = append(h.DoesNot, Effect{Kind: "start", Playbook: p.Name, What: "does not start " + p.Name + " (trigger " + t.ID + "): " + n.Why(), When: n})
					break
				}
			}
		}
	}
	return a.stays(h, m, g)
}

// stays lists the exits that name the event and whose filter does not hold.
func (a *asker) stays(h *Happening, m holdfast.Message, g *rules.Facts) error {
	for _, e := range a.runs {
		p := a.versions[e.Digest]
		if e.Status != "active" || p == nil {
			continue
		}
		for _, x := range p.Exits {
			if x.On != m.Event || x.When == nil {
				continue
			}
			if n := a.node(x.When, g, m.Contact); n.State != "true" {
				h.DoesNot = append(h.DoesNot, exitNot(p, e, x, n))
			}
		}
	}
	return nil
}

func exitNot(p *playbooks.Playbook, e store.Enrollment, x playbooks.Exit, n *rules.Node) Effect {
	return Effect{Kind: "exit", Playbook: p.Name, Enrollment: e.ID, What: "does not end " + p.Name + " as " + x.Outcome + ": " + n.Why(), When: n}
}

// message is an event of an account at a moment. The error names an event that
// is not declared, or props that do not fit.
func message(set *rules.Set, account, event, contact string, props map[string]any, at time.Time) (holdfast.Message, error) {
	m := holdfast.Message{
		ID: fmt.Sprintf("explain/%s/%d", event, at.UnixNano()), Source: "system", Kind: holdfast.Track, Event: event,
		Account: account, Contact: contact, At: at, Props: props,
	}
	if _, ok := set.EventFields(event); !ok {
		return m, unknown("event", event, set.Events())
	}
	if _, err := set.EventOf(m); err != nil {
		return m, holdfast.Errorf(holdfast.Invalid, "event %s: %v", event, err)
	}
	return m, nil
}
