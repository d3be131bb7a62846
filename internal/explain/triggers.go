package explain

import (
	"fmt"
	"time"

	"holdfast/internal/intake"
	"holdfast/internal/store"
	"holdfast/rules"
	"holdfast/triggers"
)

// weighed is a standing with its expressions explained.
type weighed struct {
	intake.Standing

	own, common, date *rules.Node
}

func (a *asker) weigh(st intake.Standing) weighed {
	contact := ""
	seen := st.Facts
	if st.Event != nil {
		contact, seen = st.Event.Contact, st.Seen
	}
	wd := weighed{Standing: st, common: a.node(st.Playbook.When, st.Facts, contact), date: a.node(st.Trigger.At, st.Facts, contact)}
	if st.Trigger.Kind != triggers.Event || st.Event != nil {
		wd.own = a.node(st.Trigger.When, seen, contact)
	}
	return wd
}

// unmet is why the conditions do not hold, or "".
func (wd weighed) unmet() string {
	for _, n := range []*rules.Node{wd.own, wd.common} {
		if n != nil && n.State != "true" {
			return n.Why()
		}
	}
	return ""
}

// trigger explains one; did is what looking at it now would do.
func (a *asker) trigger(wd weighed, did intake.Effects) Trigger {
	t := Trigger{ID: wd.Trigger.ID, Kind: wd.Trigger.Kind, Event: wd.Trigger.On, When: wd.own, Date: wd.date, Verdict: NotEnrolled}
	switch {
	case !a.acct.Known:
		t.Why = "the account is provisional: only events have named it so far"
	case t.Kind == triggers.Event:
		a.event(&t, wd)
	case t.Kind == triggers.Date:
		a.date(&t, wd)
	default:
		a.condition(&t, wd)
	}
	if t.Verdict == NotEnrolled && len(did.Enrolled) > 0 {
		t.Verdict = WouldEnrol
		if did.Enrolled[0].Arm == intake.HeldOut {
			t.Why += "; it would be held out, so that the playbook's lift can be measured: nothing would be sent"
		}
	}
	if t.Verdict != Enrolled && (wd.Surge != "" || wd.Silence != "") {
		a.paused(&t, wd)
	}
	if t.Verdict == NotEnrolled && len(did.Troubles) > 0 {
		t.Why = "a rule could not be evaluated: " + did.Troubles[0]
	}
	return t
}

// paused says that the trigger is paused or suspended, and that the account waits
// for an answer, or for the feed.
func (a *asker) paused(t *Trigger, wd weighed) {
	how := "a surge has paused the trigger (" + wd.Surge + ")"
	if wd.Surge == "" {
		how = "the trigger is suspended (" + wd.Silence + ")"
	}
	if wd.Waits.IsZero() {
		t.Why += "; " + how + ": what it starts now would wait"
		return
	}
	t.Verdict = Pending
	if wd.Surge == "" {
		how += "; it goes on by itself when the feed is back and its condition still holds"
	}
	t.Why = "fired on " + a.moment(wd.Waits) + " and waits: " + how + "; answer with holdfast triggers resume or drop " + wd.Playbook.Name + " " + t.ID
}

func (a *asker) event(t *Trigger, wd weighed) {
	if wd.Event == nil {
		t.Why = "no " + wd.Trigger.On + " has come"
		return
	}
	e := wd.Event
	t.LastAt = e.At
	last := "the last " + e.Event + " came on " + a.moment(e.At)
	if a.started(t, wd, e.ID) {
		return
	}
	if !wd.Enters.IsZero() {
		t.Verdict, t.Fires = Pending, wd.Enters
		t.Why = last + " for all accounts; this one enters on " + a.moment(wd.Enters) + ", if it still matches"
		return
	}
	switch unmet := wd.unmet(); {
	case unmet != "":
		t.Why = last + ": " + unmet
	case wd.Refusal != "":
		t.Why = last + " and passes, but " + refused(wd.Refusal)
	case e.Received.Sub(e.At) > lateLimit:
		t.Why = last + ", too late to start anything: it was received on " + a.moment(e.Received) + "; the next one would start it"
	default:
		t.Why = last + " and passes as things stand; it started nothing when it came: it came as history, or before the playbook, or did not pass then; the next one would start it"
	}
}

// lateLimit is the intake's: an event older than this starts nothing.
const lateLimit = 24 * time.Hour

func (a *asker) condition(t *Trigger, wd weighed) {
	if wd.Truth.True {
		t.Since = wd.Truth.Since
		if a.started(t, wd, wd.Truth.Since.Format(time.RFC3339)) {
			return
		}
	}
	unmet := wd.unmet()
	switch {
	case wd.Truth.True && wd.Truth.Fired && wd.Trigger.Rearm != nil:
		t.Why = "true since " + a.moment(t.Since) + "; it starts again only after `" + wd.Trigger.Rearm.Source() + "` has held"
	case unmet != "" && wd.NeedsContact:
		t.Why = unmet + " (it reads a contact, so it is looked at when a message names one)"
	case unmet != "":
		t.Why = unmet
	case wd.Truth.True && !wd.Truth.Fired:
		t.Verdict, t.Fires = Pending, wd.HeldUntil
		t.Why = "true since " + a.moment(t.Since) + "; it must hold for " + wd.Trigger.For.Text + ", until " + a.moment(wd.HeldUntil) + a.unless(wd.Refusal)
	case wd.Truth.True:
		t.Why = "true since " + a.moment(t.Since) + " and starts only as it becomes true: " +
			"it was so when the playbook was published (existing: " + wd.Trigger.Existing + "), or what made it so came late or as history, or the rules of entry forbade it; it must be false once before"
	case wd.Refusal != "":
		t.Why = "it holds, but " + refused(wd.Refusal)
	case !wd.Trigger.For.Zero():
		t.Verdict, t.Fires = Pending, wd.HeldUntil
		t.Why = "it holds now, and must hold for " + wd.Trigger.For.Text
	case wd.NeedsContact:
		t.Why = "it reads a contact, so it is looked at when a message names one"
	case a.then:
		t.Why = "it held then; whether it had just become true or was so before is not kept"
	default:
		t.Why = "it holds, and starts the playbook as soon as it is looked at"
	}
}

func (a *asker) date(t *Trigger, wd weighed) {
	if !wd.Dated {
		t.Why = "there is no date: " + wd.date.Why()
		if wd.date.Why() == "" {
			t.Why = "there is no date"
		}
		return
	}
	t.Fires = wd.Moment
	when := dateOf(wd.Trigger) + " (" + wd.Occurrence + ")"
	if a.started(t, wd, wd.Occurrence) {
		return
	}
	unmet := wd.unmet()
	switch {
	case wd.Moment.After(a.at):
		t.Why = "fires on " + a.moment(wd.Moment) + ", " + when
		t.Verdict = Pending
		if unmet != "" {
			t.Verdict = NotEnrolled
			t.Why += ", if it holds on that day; today " + unmet
		}
		t.Why += a.unless(wd.Refusal)
	case unmet != "":
		t.Why = "its day was " + a.moment(wd.Moment) + ", " + when + "; " + unmet
	case wd.Trigger.IfPast == "start" && !wd.Truth.Since.Equal(wd.Moment) && wd.Refusal == "":
		t.Why = "its day was " + a.moment(wd.Moment) + ", " + when + "; if_past: start lets it start when it is looked at"
	case wd.Refusal != "":
		t.Why = "its day was " + a.moment(wd.Moment) + ", " + when + "; " + refused(wd.Refusal)
	default:
		t.Why = "its day was " + a.moment(wd.Moment) + ", " + when +
			": it had gone by when the account, its date or the playbook was first seen (if_past: skip), or its conditions did not hold on that day"
	}
}

func dateOf(t *triggers.Trigger) string {
	switch {
	case t.Offset.Zero():
		return "on " + code(t.At.Source())
	case t.Before:
		return t.Offset.Text + " before " + code(t.At.Source())
	}
	return t.Offset.Text + " after " + code(t.At.Source())
}

func (a *asker) unless(refusal string) string {
	if refusal == "" {
		return ""
	}
	return "; as things stand " + refused(refusal)
}

// started tells of the enrollment that a trigger's occurrence began, if it did.
func (a *asker) started(t *Trigger, wd weighed, occurrence string) bool {
	var run *store.Enrollment
	for i := range a.runs {
		e := &a.runs[i]
		if e.Playbook != wd.Playbook.Name || e.Trigger != t.ID {
			continue
		}
		if e.Status == "active" || e.Occurrence == occurrence {
			run = e
		}
	}
	if run == nil {
		return false
	}
	t.Verdict = Enrolled
	t.Why = "fired on " + a.moment(run.StartedAt) + a.startedBy(*run) + ", entry " + run.EntryKey
	if run.Status != "active" {
		t.Verdict = Ended
		t.Why += "; it ended on " + a.moment(run.EndedAt) + " as " + run.Outcome + a.notAgain(wd, run)
	}
	return true
}

// notAgain says why what happened once does not start it again.
func (a *asker) notAgain(wd weighed, _ *store.Enrollment) string {
	switch {
	case wd.Refusal != "":
		return "; " + refused(wd.Refusal)
	case wd.Trigger.Kind == triggers.Event:
		return "; another " + wd.Trigger.On + " may start it again"
	}
	return "; the same occurrence starts it only once"
}

func (a *asker) startedBy(e store.Enrollment) string {
	lines, err := a.tx.LinesOf(e.ID)
	if err != nil {
		return ""
	}
	for _, l := range lines {
		if l.Kind == "enroll" {
			return " (" + l.Reason + ")"
		}
	}
	return ""
}

// refusals are the rules of entry by the word that begins their reason.
var refusals = map[string]string{
	"already_active": "it is in the playbook already",
	"at_most":        "it may start no more often",
	"not_within":     "it started too short a time ago",
	"resting":        "it rests",
	"lane":           "a stronger lane is taken",
	"rollout":        "the playbook is being rolled out",
}

// refused is a reason of the rules of entry in words.
func refused(reason string) string {
	for word, says := range refusals {
		if rest, ok := cutWord(reason, word); ok {
			return says + ": " + rest
		}
	}
	return "the rules of entry forbid it: " + reason
}

func times(n int) string {
	switch n {
	case 0:
		return "never"
	case 1:
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func cutWord(reason, word string) (string, bool) {
	if len(reason) > len(word)+2 && reason[:len(word)+2] == word+": " {
		return reason[len(word)+2:], true
	}
	return "", false
}

// entry are the rules of entry and what they say now.
func (a *asker) entry(wd weighed) []string {
	p := wd.Playbook.Enroll
	starts := 0
	for _, e := range a.runs {
		if e.Playbook == wd.Playbook.Name {
			starts++
		}
	}
	var out []string
	if p.AtMost > 0 {
		out = append(out, fmt.Sprintf("at_most %d: started %s", p.AtMost, times(starts)))
	}
	if !p.NotWithin.Zero() {
		out = append(out, "not_within "+p.NotWithin.Text)
	}
	if wd.Playbook.Lane != "" {
		out = append(out, "lane "+wd.Playbook.Lane)
	}
	if wd.Playbook.Shadow {
		out = append(out, "mode shadow: everything but the send")
	}
	if wd.Refusal != "" {
		out = append(out, "now: "+refused(wd.Refusal))
	}
	return out
}
