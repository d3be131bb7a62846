package steps

import (
	"time"

	"holdfast/internal/calendar"
	"holdfast/rules"
)

// Review is what comes before an e-mail goes: a person of ours sees the draft.
type Review struct {
	By        string        // owner, owner.manager or account.<field>
	SendAfter calendar.Span // sent as drafted when nobody answered; zero = then it is skipped
}

// Kinds of Wait around a review.
const (
	reviewKind   = "review"
	reviewedKind = "reviewed" // it may go
)

// unreviewed is how long a draft waits that may not go by itself.
var unreviewed = calendar.Span{Business: 10, Text: "10bd"}

// ReviewForm is what the reviewer may change of a draft.
func ReviewForm() []Question {
	return []Question{{Name: "subject", Type: rules.String, Long: true}, {Name: "body", Type: rules.String, Long: true}}
}

// Patience is how long a draft waits for its reviewer.
func (r *Review) Patience() calendar.Span {
	if r.SendAfter.Zero() {
		return unreviewed
	}
	return r.SendAfter
}

// review asks for one and waits for it; sends reports that the message may go.
func (w *walk) review(s *Step, spec *Review) (cmd Command, sends bool) {
	wait := w.st.Wait
	if wait == nil {
		a := w.answer(s)
		switch {
		case a == nil:
			cmd := w.ask(s)
			cmd.Review = true
			return cmd, false
		case a.Outcome != "opened":
			return Command{}, true // there is nobody to write to, or nothing to show
		}
		w.in.Answer = nil
		cmd := w.rest(s, reviewKind, spec.Patience().Add(w.at, w.in.Days), "")
		w.say(s, waitVerb, "", "waits for a review of the draft, until "+w.clock(w.st.Wait.Until), w.st.Wait.Until)
		return cmd, false
	}
	if wait.Kind != reviewKind {
		return Command{}, true
	}
	switch c := wait.Closed; {
	case c != nil && c.Status == "done":
		w.say(s, reviewKind, "approved", "", time.Time{})
	case c != nil:
		w.say(s, "skip", "skipped", "the reviewer refused it", time.Time{})
		w.leave(s, Result{Outcome: "skipped"})
		return Command{}, false
	case !w.reached(wait.Until):
		return w.restOn(s), false
	case spec.SendAfter.Zero():
		w.say(s, "drop", "dropped", "nobody reviewed it in time", time.Time{})
		w.say(s, "skip", "skipped", "nobody reviewed it in time", time.Time{})
		w.leave(s, Result{Outcome: "skipped"})
		return Command{}, false
	default:
		w.say(s, "drop", "dropped", "nobody objected; it goes as drafted", time.Time{})
	}
	w.st.Wait = &Wait{Path: wait.Path, Kind: reviewedKind, Since: w.at.UTC()}
	return Command{}, true
}

// review reads `review`.
func (d *Decoder) review() *Review {
	n := d.Node.Get("review")
	if n == nil {
		return nil
	}
	n.Strict(d.Diags, "review", "by", "send_after")
	r := &Review{By: "owner"}
	if by := n.Get("by"); by != nil {
		r.By = by.Text()
		d.oursAt(by.Span(), r.By)
	}
	if after := n.Get("send_after"); after != nil {
		r.SendAfter = d.duration(after, "send_after")
	}
	return r
}
