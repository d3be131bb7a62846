package steps

import (
	"strings"
	"time"

	"holdfast/internal/calendar"
	"holdfast/internal/source"
)

// Late is one of those who hear of a task that nobody has done.
type Late struct {
	To    string        // owner, owner.manager, account.<field> or a #channel; "" = whoever has the task
	After calendar.Span // after it was due
}

// overdueKind of Happened tells that an open task or approval is late.
const overdueKind = "overdue"

// untilItExpires is Tries of a wait for people that ends when their work expires.
// Who hears of late work is on the agenda. Waits that were begun before it was
// have 0 there, and end at the due time first.
const untilItExpires = 1

// unanswered rests on at an open task or approval, and ends the step when it
// expires. last is that moment for a wait that was begun before Until said it.
func (w *walk) unanswered(s *Step, why string, last func() time.Time) Command {
	wait := w.st.Wait
	if wait.Until.IsZero() || !w.reached(wait.Until) {
		return w.restOn(s)
	}
	if wait.Tries < untilItExpires {
		if expires := roundUp(last()); !w.reached(expires) {
			w.say(s, overdueKind, "late", "it was due on "+w.clock(wait.Until), time.Time{})
			wait.Until, wait.Tries = expires, untilItExpires
			return w.restOn(s)
		}
	}
	w.say(s, taskVerb, "expired", why, time.Time{})
	w.leave(s, Result{From: wait.Since, Outcome: "expired"})
	return Command{}
}

// lastAt is when a task that was opened with a wait expires, in the account's days.
func (t *Task) lastAt(wait *Wait, in Input) time.Time {
	opened := wait.Since.In(in.Zone)
	if !t.Expires.Zero() {
		return t.Expires.Add(opened, in.Days)
	}
	return in.Days.AddBusiness(t.Due.Add(opened, in.Days), 10)
}

// overdue reads who hears of a late task: a map, or a list of them.
func (d *Decoder) overdue() []Late {
	n := d.Node.Get("overdue")
	if n == nil {
		return nil
	}
	if n.Kind() != source.List {
		return []Late{d.late(n)}
	}
	var chain []Late
	for _, item := range n.Items() {
		chain = append(chain, d.late(item))
	}
	if len(chain) == 0 {
		d.Diags.Errorf(n.Span(), "missing-key", "write who hears of it: {escalate_to: owner.manager, after: 1bd}", "overdue of %s names nobody", d.what())
	}
	return chain
}

func (d *Decoder) late(n *source.Node) Late {
	n.Strict(d.Diags, "overdue", "escalate_to", "remind", "after")
	l := Late{To: "owner.manager"}
	to, remind := n.Get("escalate_to"), n.Get("remind")
	switch {
	case to != nil && remind != nil:
		d.Diags.Errorf(remind.Span(), "bad-value", "give each an item of the list of its own", "one item of overdue both reminds and escalates")
	case remind != nil:
		remind.Word(d.Diags, "remind", "owner")
		l.To = ""
	case to != nil:
		l.To = to.Text()
		switch {
		case l.To == "#":
			d.Diags.Errorf(to.Span(), "bad-reference", `write it in quotes: "#cs-leads"`, "%q is no channel", l.To)
		case !strings.HasPrefix(l.To, "#"):
			d.oursAt(to.Span(), l.To)
		}
	}
	if after := n.Get("after"); after != nil {
		l.After = d.duration(after, "after")
	}
	return l
}
