package steps

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/internal/calendar"
)

// Fate of an enrollment that is moved to another version.
type Fate string

// The fates. Begins: it has not begun, and begins in the new version. Stays: its
// step is there. Lands: its step is gone, or does another thing now, and it goes
// on at To. Ends: nothing is left to do. Blocked: it keeps its version.
const (
	Begins  Fate = "begins"
	Stays   Fate = "stays"
	Lands   Fate = "lands"
	Ends    Fate = "ends"
	Blocked Fate = "blocked"
)

// Moving is what Move may know besides the two programs and the state.
type Moving struct {
	Zone *time.Location // the account's zone; nil = UTC
	Days calendar.Days
	// CloseTasks lets go of what people have open at a step that is gone,
	// instead of waiting for them.
	CloseTasks bool
	// Closed are paths of tasks whose end came and was not taken yet.
	Closed []string
}

// Moved is where a state lands.
type Moved struct {
	Fate     Fate
	From, To string // the step it is at, and that at which it goes on; "" before the first and after the last
	// Code is why it is blocked: task_open, touch_unknown, loop_gone, loop_other
	// or no_step. "" otherwise.
	Code string
	// Notes say what changes for it, or why it is blocked, in words.
	Notes []string
	State State // in the new version; as it was when it is blocked
	// Left are the paths at which it waits no more: what is open there is to be
	// closed. Listen are the waits whose events changed, to be listened for anew.
	Left   []string
	Listen []Listens
}

// Listens is a listener to open: Since is from when on to look back.
type Listens struct {
	Path   string
	Events []string
	Since  time.Time
}

// Move says where a state of old goes on in another version of the playbook. It
// is for a state in which no touch is under way: the answer to a Deliver command
// is taken by the version that asked. It changes nothing of what it is given.
func Move(old, to *Program, st State, in Moving) Moved {
	if in.Zone == nil {
		in.Zone = time.UTC
	}
	m := &mover{old: old, new: to, in: in, st: st, out: Moved{From: st.At, State: st}}
	if st.Over || st.At == "" {
		m.out.Fate = Begins
		return m.out
	}
	c := counter{At: st.At, Loops: st.Loops, Wait: st.Wait, Arms: st.Arms}
	c, b := m.counter(c, nil, nil)
	if b != nil {
		return Moved{Fate: Blocked, From: st.At, To: st.At, Code: b.code, Notes: []string{b.why}, State: st}
	}
	next := st
	next.At, next.Loops, next.Wait, next.Arms = c.At, c.Loops, c.Wait, c.Arms
	m.out.To = c.At
	switch {
	case c.At == "":
		m.out.Fate = Ends
		next.Loops, next.Wait, next.Arms = nil, nil, nil
		next.Over, next.Outcome = true, Completed
	case m.landed:
		m.out.Fate = Lands
	default:
		m.out.Fate = Stays
	}
	m.out.State = next
	return m.out
}

// mover is one call of Move.
type mover struct {
	old, new *Program
	in       Moving
	st       State
	out      Moved
	landed   bool
}

// counter is what stands at a step: the enrollment's own, or an arm's.
type counter struct {
	At    string
	Loops []Loop
	Wait  *Wait
	Arms  []Arm
}

// block is why a counter cannot move.
type block struct{ code, why string }

func blocked(code, format string, args ...any) *block {
	return &block{code, fmt.Sprintf(format, args...)}
}

// counter moves c, whose steps lie inside holder (nil: at the top).
func (m *mover) counter(c counter, holder, newHolder *Step) (counter, *block) {
	if c.At == "" {
		return c, nil // an arm that is over
	}
	s := m.old.step(c.At)
	if s == nil {
		return c, blocked("no_step", "its version has no step %q", c.At)
	}
	if b := m.loopsStay(c.Loops); b != nil {
		return c, b
	}
	t := m.there(s)
	switch {
	case t == nil:
		return m.land(c, s, holder, newHolder)
	case !m.sameLoops(s, t, holder, newHolder):
		return c, m.otherLoops(s, t)
	case t.Verb != s.Verb:
		if b := m.open(s, c); b != nil {
			return c, b
		}
		m.leave(c.Wait)
		m.note("%s was %s and is %s now: it begins there anew", t.ID, s.Verb, t.Verb)
		m.landed = true
		return counter{At: t.ID, Loops: m.loops(c.Loops)}, nil
	}
	if t.ID != s.ID {
		m.note("%s is called %s now", s.ID, t.ID)
	}
	arms, b := m.arms(s, t, c.Arms)
	if b != nil {
		return c, b
	}
	return counter{At: t.ID, Loops: m.loops(c.Loops), Wait: m.wait(s, t, c.Wait), Arms: arms}, nil
}

// there is the step of the new version that s of the old one is, or nil.
func (m *mover) there(s *Step) *Step { return m.new.step(s.ID) }

// open blocks while something at s, which is gone, waits for people or for word
// of a message.
func (m *mover) open(s *Step, c counter) *block {
	if len(c.Arms) > 0 {
		return blocked("loop_gone", "it is in the middle of %s %q, which the new version does not have", s.Verb, s.ID)
	}
	wait := c.Wait
	if wait == nil || wait.Closed != nil || slices.Contains(m.in.Closed, wait.Path) {
		return nil
	}
	switch wait.Kind {
	case timeKind, eventKind, reviewedKind, "shift", "retry", "park":
		return nil
	case "unknown":
		return blocked("touch_unknown", "whether the message of step %q arrived is not known yet, and the new version has no such step", s.ID)
	}
	if m.in.CloseTasks && wait.Kind == childKind {
		m.note("it waits no more for the playbook that %s runs", s.ID)
		return nil
	}
	if m.in.CloseTasks {
		m.note("what people have open at %s is closed", s.ID)
		return nil
	}
	what := map[string]string{taskVerb: "a task", approvalKind: "an approval", reviewKind: "a review", childKind: "a playbook that it runs"}[wait.Kind]
	if what == "" {
		what = "something that people do"
	}
	return blocked("task_open", "%s is open at step %q, which the new version does not have", what, s.ID)
}

// land finds where a counter goes on whose step is gone: at the next step of its
// block that is still there; else at what the new version has there after the
// last one before it; else after the block.
func (m *mover) land(c counter, s, holder, newHolder *Step) (counter, *block) {
	if b := m.open(s, c); b != nil {
		return c, b
	}
	m.leave(c.Wait)
	m.landed = true
	loops := m.loops(c.Loops)
	to, loop := m.next(s, holder, newHolder)
	switch {
	case loop:
		m.note("step %s is gone: it goes on with the next pass of %s", s.ID, to)
	case to != "":
		m.note("step %s is gone: it goes on at %s", s.ID, to)
	default:
		m.note("step %s is gone, and nothing comes after it", s.ID)
	}
	return counter{At: to, Loops: loops}, nil
}

// next is the step at which what stood at s goes on; loop when that is the loop
// around it. "" is the end.
func (m *mover) next(s, holder, newHolder *Step) (id string, loop bool) {
	for {
		if t := m.sibling(s, holder, newHolder); t != "" {
			return t, false
		}
		parent := m.old.ByID[s.Parent]
		if parent == nil || parent == holder {
			return "", false
		}
		if t := m.there(parent); t != nil && m.sameLoops(parent, t, holder, newHolder) {
			if counts(parent) {
				return t.ID, true
			}
			after := m.new.after(t)
			return after, after != "" && m.new.ByID[after].Verb == everyVerb && m.new.within(t, after)
		}
		s = parent
	}
}

// sibling is the next of s's block that is still there, or what follows the last
// one before s in the new version.
func (m *mover) sibling(s, holder, newHolder *Step) string {
	block := m.block(s)
	at := slices.Index(block, s)
	for _, n := range block[at+1:] {
		if t := m.there(n); t != nil && m.sameLoops(n, t, holder, newHolder) {
			return t.ID
		}
	}
	for _, n := range slices.Backward(block[:at]) {
		if t := m.there(n); t != nil && m.sameLoops(n, t, holder, newHolder) {
			return t.Next
		}
	}
	return ""
}

// block is the steps beside s, itself among them, in order.
func (m *mover) block(s *Step) []*Step {
	before := map[string]*Step{}
	for _, o := range m.old.Steps {
		if o.Next != "" {
			before[o.Next] = o
		}
	}
	first := s
	for before[first.ID] != nil {
		first = before[first.ID]
	}
	var all []*Step
	for n := first; n != nil; n = m.old.ByID[n.Next] {
		all = append(all, n)
	}
	return all
}

// leave forgets what a counter waited for.
func (m *mover) leave(wait *Wait) {
	if wait != nil {
		m.out.Left = append(m.out.Left, wait.Path)
	}
}

func (m *mover) note(format string, args ...any) {
	m.out.Notes = append(m.out.Notes, fmt.Sprintf(format, args...))
}

// Ahead are the steps that an enrollment at step from may still do in p, from
// itself among them; all when it is "".
func Ahead(p *Program, from string) map[string]bool {
	ahead := map[string]bool{}
	var add func(s *Step)
	add = func(s *Step) {
		ahead[s.ID] = true
		for _, c := range p.Steps {
			if c.Parent == s.ID && !ahead[c.ID] {
				add(c)
			}
		}
	}
	s := p.step(from)
	if s == nil {
		for _, s := range p.Steps {
			ahead[s.ID] = true
		}
		return ahead
	}
	add(s)
	for ; s != nil; s = p.ByID[s.Parent] {
		for n := p.ByID[s.Next]; n != nil; n = p.ByID[n.Next] {
			add(n)
		}
		if up := p.ByID[s.Parent]; up != nil && up.Verb == everyVerb {
			add(up)
		}
	}
	return ahead
}

// FormerPaths are the other paths under which the step at path may have run, in
// versions where it or what holds it had the name that `was` says.
func FormerPaths(p *Program, path string) []string {
	all := []string{""}
	for part := range strings.SplitSeq(path, "/") {
		id, key, _ := strings.Cut(part, "[")
		names := []string{part}
		if s := p.ByID[id]; s != nil && s.Was != "" {
			was := s.Was
			if key != "" {
				was += "[" + key
			}
			names = append(names, was)
		}
		var longer []string
		for _, head := range all {
			for _, name := range names {
				longer = append(longer, head+name+"/")
			}
		}
		all = longer
	}
	for i := range all {
		all[i] = strings.TrimSuffix(all[i], "/")
	}
	return all[1:] // the first is path itself
}
