package intake

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/diag"
	"holdfast/internal/store"
	"holdfast/playbooks"
	"holdfast/rules"
	"holdfast/steps"
)

// why an enrollment may start.
type why struct {
	ref
	occurrence string // message id, date, or moment of the rising edge
	contact    string
	event      int64
	words      string
	assumed    bool // somebody asks what would happen: it is treated, and rolled out to
	admitted   bool // a person has let it in after a surge or a silence
}

// start enrols the account unless the playbook's rules of entry forbid it. An
// entry that was made before is not made again, and says nothing.
func (b *batch) start(s *sheet, f *rules.Facts, w why) error {
	p := w.book
	key := entryKey(p.Enroll.OncePer, w.trig.ID, w.occurrence)
	id := holdfast.EnrollmentID(p.Name, s.acct.ID, key)
	runs, err := b.runs(s)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(runs, func(e store.Enrollment) bool { return e.ID == id || e.Playbook == p.Name && e.EntryKey == key }) {
		return nil
	}
	refused, err := b.refusal(s, f, p, runs)
	if err == nil && refused == "" && w.trig.Kind != RunTrigger {
		refused, err = b.keptOut(p, s.acct.ID, runs, w)
	}
	if err != nil {
		return err
	}
	if refused != "" {
		return b.tx.AddLine(store.Line{
			Key: "refused/" + id, At: b.now, Account: s.acct.ID, Playbook: p.Name,
			Kind: "skip", Reason: refused + " (" + w.words + ")",
		})
	}
	if waits, err := b.silenced(s, w, id); err != nil || waits {
		return err
	}
	if waits, err := b.surges(s, w, id); err != nil || waits {
		return err
	}
	state, err := json.Marshal(steps.State{V: 1, Started: b.now})
	if err != nil {
		return err
	}
	arm, err := b.arm(p, s.acct.ID, w)
	if err != nil {
		return err
	}
	e := store.Enrollment{
		ID: id, Playbook: p.Name, Digest: p.Digest, Account: s.acct.ID, Contact: w.contact,
		Trigger: w.trig.ID, Occurrence: w.occurrence, EntryKey: key, Arm: arm, Status: "active",
		StartedAt: b.now, State: state, Event: w.event,
	}
	if arm == HeldOut {
		e = b.leaveAlone(e)
	}
	won, err := b.tx.Enroll(e)
	if err != nil || !won {
		return err
	}
	if err := b.entered(w); err != nil {
		return err
	}
	line := store.Line{
		Key: "enroll/" + id, At: b.now, Account: s.acct.ID, Playbook: p.Name, Enrollment: id,
		Kind: "enroll", Reason: w.trig.ID + ": " + w.words,
	}
	s.runs = append(slices.Clip(runs), e)
	if arm == HeldOut {
		b.res.HeldOut++
		line.Outcome, line.Reason = HeldOut, line.Reason+"; "+heldOut(p)
		return errors.Join(b.tx.AddLine(line), b.standing(f, &e, p.Goal))
	}
	b.poke = true
	b.res.Enrolled++
	if err := b.tx.AddLine(line); err != nil {
		return err
	}
	if err := b.preempt(s, e, p); err != nil {
		return err
	}
	return b.begun(f, &e, p)
}

// begun looks at what already holds as e starts: a condition that ends it ends
// it before anything is claimed.
func (b *batch) begun(f *rules.Facts, e *store.Enrollment, p *playbooks.Playbook) error {
	if err := b.standing(f, e, p.Goal); err != nil {
		return err
	}
	for _, x := range p.Exits {
		if x.On == "" && b.holds(f, e.Playbook, e.Account, x.When) {
			return b.exit(e, x, &cause{})
		}
	}
	return nil
}

// entryKey is what an account may enter with once, for ever.
func entryKey(oncePer []string, trigger, occurrence string) string {
	if len(oncePer) == 0 {
		oncePer = []string{"trigger", "occurrence"}
	}
	parts := []string{"account"}
	for _, per := range oncePer {
		switch per {
		case "trigger":
			parts = append(parts, "trigger="+trigger)
		case "occurrence":
			parts = append(parts, "occurrence="+occurrence)
		}
	}
	return strings.Join(parts, "/")
}

// refusal is why the account may not enter p now, or "".
func (b *batch) refusal(s *sheet, f *rules.Facts, p *playbooks.Playbook, runs []store.Enrollment) (string, error) {
	starts, last := 0, time.Time{}
	for i := range runs {
		if runs[i].Playbook != p.Name {
			continue
		}
		starts++
		if runs[i].StartedAt.After(last) {
			last = runs[i].StartedAt
		}
		gone, err := b.exited(&runs[i])
		if err != nil {
			return "", err
		}
		if !gone {
			return "already_active: since " + runs[i].StartedAt.Format(time.DateOnly), nil
		}
	}
	if p.Enroll.AtMost > 0 && starts >= p.Enroll.AtMost {
		return fmt.Sprintf("at_most: started %d times", starts), nil
	}
	if starts > 0 && !p.Enroll.NotWithin.Zero() && b.later(s, last, p.Enroll.NotWithin).After(b.now) {
		return fmt.Sprintf("not_within: started on %s, not again within %s", last.Format(time.DateOnly), p.Enroll.NotWithin.Text), nil
	}
	return b.resting(s, f, p)
}

// resting is the rest that keeps the account from p, or "".
func (b *batch) resting(s *sheet, f *rules.Facts, p *playbooks.Playbook) (string, error) {
	rests, err := b.restsOf(s.acct.ID)
	if err != nil {
		return "", fmt.Errorf("read rests: %w", err)
	}
	for _, r := range rests {
		if !r.Binds(p.Name, p.Lane) {
			continue
		}
		if r.Unless != "" && b.lifted(f, p.Name, r) {
			continue
		}
		if r.Until.IsZero() {
			return "resting: for good after " + r.Reason, nil
		}
		return fmt.Sprintf("resting: until %s after %s", r.Until.Format(time.DateOnly), r.Reason), nil
	}
	return "", nil
}

// lifted evaluates what ends a rest early. A condition that no longer compiles
// under today's schema lifts nothing.
func (b *batch) lifted(f *rules.Facts, playbook string, r store.Rest) bool {
	x, found := b.set.Compile(r.Unless, nil, rules.Scope{}, rules.Bool)
	if x == nil || diag.Failed(found) {
		b.trouble(playbook, r.Account, fmt.Errorf("compile what lifts a rest: %s", clip(r.Unless)))
		return false
	}
	return b.holds(f, playbook, r.Account, x)
}
