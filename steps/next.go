package steps

import (
	"fmt"
	"slices"
	"time"

	"holdfast/rules"
)

// maxMoves bounds one call of Next: a playbook that does more at one moment
// without a touch or a wait is a mistake.
const maxMoves = 10_000

// Completed is the outcome of an enrollment that ran off the end of its steps.
const Completed = "completed"

// Next walks from st until something outside is needed. It changes neither st's
// maps nor p. An error is a rule that could not be evaluated; st is unchanged then.
//
// A Deliver that was not answered is asked for again by the next call, and a
// state at rest that is woken too early rests on, so a call may be repeated.
func Next(p *Program, st State, in Input) (State, Command, []Happened, error) {
	w := newWalk(p, st, in)
	w.closeBackground()
	for {
		if w.st.Over {
			return w.st, w.end, w.lines, nil
		}
		if err := w.count(); err != nil {
			return st, Command{}, nil, err
		}
		cmd, err := w.move()
		if err != nil {
			return st, Command{}, nil, err
		}
		if cmd.Kind != "" && !w.st.Over {
			return w.st, cmd, w.lines, nil
		}
	}
}

// walk is one call of Next.
type walk struct {
	p     *Program
	st    State
	in    Input
	at    time.Time // in.Now to the millisecond, in the account's zone: what is stored and counted from
	facts rules.Facts
	lines []Happened
	end   Command
	moves int
	verb  func(name string) (Verb, bool) // verbNamed, which verbs themselves may not name

	// Inside an arm, st holds the arm's own counter.
	holder *Step     // the step whose arm this is; nil = none
	prefix string    // of the paths of the arm's steps
	items  []item    // open items, outermost first
	around []Loop    // open loops outside of the arm
	dueAt  time.Time // when the counter's wait was over, as this call found it
}

// count bounds the moves of one call.
func (w *walk) count() error {
	if w.moves++; w.moves > maxMoves {
		return fmt.Errorf("step %q: more than %d moves at one moment", w.st.At, maxMoves)
	}
	return nil
}

func (w *walk) trace(s *Step, block int) {
	if w.in.Trace != nil {
		w.in.Trace(s.ID, block)
	}
}

func newWalk(p *Program, st State, in Input) *walk {
	if in.Zone == nil {
		in.Zone = time.UTC
	}
	w := &walk{p: p, st: st, in: in, verb: verbNamed, at: in.Now.Truncate(time.Millisecond).In(in.Zone)}
	w.st.V = 1
	w.st.Loops, w.st.Arms, w.st.Wait = slices.Clone(st.Loops), slices.Clone(st.Arms), copied(st.Wait)
	if st.Started.IsZero() {
		w.st.Started = w.at.UTC()
	}
	if in.Facts != nil {
		w.facts = *in.Facts
	}
	if w.facts.Now.IsZero() {
		w.facts.Now = in.Now
	}
	w.absorb(w.st.Wait, w.st.Arms)
	w.dueAt = dueOf(w.st.Wait)
	w.see()
	w.end = Command{Kind: Finish, Outcome: st.Outcome}
	return w
}

func dueOf(wait *Wait) time.Time {
	if wait == nil {
		return time.Time{}
	}
	return wait.Until
}

// absorb writes what came for each wait beside it, in w's own copies: an arm that
// is not reached in this call finds it in the next.
func (w *walk) absorb(wait *Wait, arms []Arm) {
	if wait != nil && len(arms) == 0 {
		for _, h := range w.in.Heard {
			// What a late wake brings after the timeout does not count, up or down.
			if h.Path == wait.Path && !h.At.After(wait.Until) && (wait.Heard == nil || h.At.Before(wait.Heard.At)) {
				wait.Heard = &h
			}
		}
		for _, c := range w.in.Closed {
			if c.Path == wait.Path && wait.Closed == nil {
				wait.Closed = &c
			}
		}
	}
	for i := range arms {
		arms[i].Wait, arms[i].Arms = copied(arms[i].Wait), slices.Clone(arms[i].Arms)
		w.absorb(arms[i].Wait, arms[i].Arms)
	}
}

// move does one thing: skips, runs or resumes the step at the counter.
func (w *walk) move() (Command, error) {
	if w.st.At == "" && w.holder == nil {
		w.st.At = w.p.First
	}
	if w.st.At == "" {
		w.finish(Command{Outcome: Completed})
		return Command{}, nil
	}
	s := w.p.step(w.st.At)
	if s == nil {
		return Command{}, fmt.Errorf("this version of the playbook has no step %q", w.st.At)
	}
	w.st.At = s.ID
	verb, ok := w.verb(s.Verb)
	if !ok {
		return Command{}, fmt.Errorf("step %q: no verb %q", s.ID, s.Verb)
	}
	if s.If != nil && w.begins(s) {
		truth, why, err := w.holds(s, s.If)
		if err != nil {
			return Command{}, err
		}
		if truth != rules.True {
			w.say(s, "skip", "skipped", why, time.Time{})
			w.leave(s, Result{Outcome: "skipped"})
			return Command{}, nil
		}
	}
	w.trace(s, -1)
	cmd, err := verb.run(w, s)
	if err != nil && w.st.At == s.ID && w.failsTo(s, Result{At: w.at.UTC(), Outcome: "failed"}) {
		w.say(s, "error", "failed", err.Error(), time.Time{})
		return Command{}, nil
	}
	return cmd, err
}

// begins reports whether s is about to run, for the first time or again after a
// shift: then its `if` must hold.
func (w *walk) begins(s *Step) bool {
	if w.answer(s) != nil || w.loop(s) != nil || len(w.st.Arms) > 0 {
		return false
	}
	wait := w.st.Wait
	if wait == nil {
		return true
	}
	switch wait.Kind {
	case "shift", "retry", "park", reviewedKind:
		return wait.Until.IsZero() || w.reached(wait.Until)
	}
	return false
}

// holds evaluates a condition; why names it, and the unset fields if it is unknown.
func (w *walk) holds(s *Step, cond *rules.Expr) (t rules.Truth, why string, err error) {
	truth, unset, err := cond.Bool(&w.facts)
	if err != nil {
		return rules.Unknown, "", failed(s, cond, err)
	}
	return truth, verdict(truth, cond.Source(), unset), nil
}

func failed(s *Step, e *rules.Expr, err error) error {
	return fmt.Errorf("step %q: evaluate %s: %w", s.ID, e.Source(), err)
}

// leave records how s ended and moves the counter to the step after it.
func (w *walk) leave(s *Step, r Result) {
	r.At = w.at.UTC()
	w.record(s, r)
	w.jump(w.p.after(s))
}

// jump moves the counter to id; "" ends the arm, or the enrollment.
func (w *walk) jump(id string) {
	w.st.Wait, w.st.Arms = nil, nil
	w.st.At = id
	if id == "" && w.holder == nil {
		w.finish(Command{Outcome: Completed})
	}
}

func (w *walk) finish(c Command) {
	c.Kind = Finish
	w.end = c
	w.st.At, w.st.Wait, w.st.Loops, w.st.Arms = "", nil, nil, nil
	w.st.Over, w.st.Outcome = true, c.Outcome
}

// rest brings s to rest until a moment, or until a row wakes it when that is zero.
func (w *walk) rest(s *Step, kind string, until time.Time, reason string) Command {
	next := Wait{Path: w.path(s), Kind: kind, Since: w.at.UTC(), Until: roundUp(until), Reason: reason}
	if old := w.st.Wait; old != nil {
		next.Path, next.Since, next.Tries = old.Path, old.Since, old.Tries
		next.Heard, next.Closed = old.Heard, old.Closed
	}
	w.st.Wait = &next
	return Command{Kind: Rest, Step: s, Path: next.Path}
}

// restOn is the answer to a wake that changes nothing.
func (w *walk) restOn(s *Step) Command {
	return Command{Kind: Rest, Step: s, Path: w.st.Wait.Path}
}

// path of s: that under which it came to rest, so that an older version's rows
// find it, or its own.
func (w *walk) path(s *Step) string {
	if w.st.Wait != nil {
		return w.st.Wait.Path
	}
	return w.place(s)
}

// place of s in the open loops and items: "watch[12]/mail".
func (w *walk) place(s *Step) string {
	path := s.ID
	for p := w.p.step(s.Parent); p != nil && p != w.holder; p = w.p.step(p.Parent) {
		if i := slices.IndexFunc(w.st.Loops, func(l Loop) bool { return w.p.step(l.Step) == p }); i >= 0 {
			path = fmt.Sprintf("%s[%d]/%s", p.ID, w.st.Loops[i].Pass, path)
		}
	}
	return w.prefix + path
}

// reached reports whether moment t has come.
func (w *walk) reached(t time.Time) bool { return !w.in.Now.Before(t) }

func (w *walk) say(s *Step, kind, outcome, reason string, until time.Time) {
	w.lines = append(w.lines, Happened{
		Path: w.path(s), Step: s.ID, Kind: kind, Outcome: outcome, Reason: reason, Until: until,
	})
}

// roundUp keeps states short: no wait ends before the moment that was asked for.
func roundUp(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	r := t.UTC().Truncate(time.Millisecond)
	if r.Before(t) {
		r = r.Add(time.Millisecond)
	}
	return r
}
