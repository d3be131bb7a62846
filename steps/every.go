package steps

import (
	"fmt"
	"sort"
	"time"

	"holdfast/internal/calendar"
	"holdfast/rules"
)

// Every is the spec of `every`: anchored passes.
type Every struct {
	Each  calendar.Span
	For   calendar.Span // zero = no such limit
	Times int           // 0 = no such limit
	Until *rules.Expr   // nil = none
	First string        // id of the body's first step
}

const (
	everyVerb = "every"
	mostTimes = 10_000
)

var every = Verb{
	Doc: Doc{
		Name:    everyVerb,
		Summary: "Does its steps again and again. Pass k is due k intervals after arrival, whatever an earlier pass took; passes missed meanwhile become one. Inside, <id>.pass is the number of the pass, from 1; afterwards <id>.passes says how many were made. Its outcome is done or until.",
		Fields: []FieldDoc{
			{Name: "every", Type: "duration", Required: true, Summary: "The interval; the first pass is one interval after arrival.", Example: "1w"},
			{Name: "for", Type: "duration", Summary: "No pass is due later than this after arrival.", Example: "26w"},
			{Name: "times", Type: "int", Summary: "At most so many passes.", Example: "26"},
			{Name: "until", Type: "cel", Summary: "Ends the loop when it is true; asked before each pass. It may read the steps of the pass before.", Example: `score.health.band == "red"`},
			{Name: "steps", Type: "steps", Required: true, Summary: "What a pass does. One of for, times and until must be there."},
		},
		Example: "id: watch\nevery: 1w\nfor: 26w\nsteps:\n  - {id: look, slack: owner, text: \"A look at {{ account.name }}?\"}\n",
		Outcomes: []WordDoc{
			{Word: "done", Says: "its passes were made"},
			{Word: "until", Says: "the condition ended it"},
		},
		Results: []FieldDoc{
			{Name: "pass", Type: "int", Summary: "Inside the loop: the number of the pass, from 1."},
			{Name: "passes", Type: "int", Summary: "Afterwards: how many were made."},
		},
		Played: "Every pass is played at its own moment; a step in it is named with its pass: watch[4]/look.",
	},
	Decode: decodeEvery,
	run:    runEvery,
	result: func(any) map[string]rules.Type { return map[string]rules.Type{"passes": rules.Int} },
}

func (e *Every) blocks() []Block { return []Block{{First: e.First}} }

// loop that s has open, or nil.
func (w *walk) loop(s *Step) *Loop {
	if n := len(w.st.Loops); n > 0 && s.Verb == everyVerb && w.p.step(w.st.Loops[n-1].Step) == s {
		return &w.st.Loops[n-1]
	}
	return nil
}

func runEvery(w *walk, s *Step) (Command, error) {
	spec := s.Spec.(*Every)
	loop := w.loop(s)
	if loop == nil {
		if spec.Each.Zero() {
			return Command{}, fmt.Errorf("step %q: its interval is no time at all", s.ID)
		}
		w.st.Loops = append(w.st.Loops, Loop{Step: s.ID, From: w.at.UTC()})
		loop = w.loop(s)
	}
	next := loop.Pass + 1
	due := w.due(spec, *loop, next)
	if w.beyond(spec, *loop, next) {
		return w.closeLoop(s, *loop, "done")
	}
	if !w.reached(due) {
		if w.st.Wait != nil && w.st.Wait.Until.Equal(due) {
			return w.restOn(s), nil
		}
		w.say(s, waitVerb, "", "waits for "+pass(spec, next)+", until "+w.clock(due), due)
		return w.rest(s, timeKind, due, ""), nil
	}
	return w.pass(s, spec, loop)
}

// pass begins the latest pass that is due, unless `until` says no.
func (w *walk) pass(s *Step, spec *Every, loop *Loop) (Command, error) {
	if spec.Until != nil {
		truth, why, err := w.holds(s, spec.Until)
		if err != nil {
			return Command{}, err
		}
		if truth == rules.True {
			w.say(s, "loop", "until", why, time.Time{})
			return w.closeLoop(s, *loop, "until")
		}
	}
	latest := w.latest(spec, *loop)
	if missed := latest - loop.Pass - 1; missed > 0 {
		w.say(s, "loop", "missed", fmt.Sprintf("%d missed before it; they are not made up for", missed), time.Time{})
	}
	w.trace(s, 0)
	w.forget(s.ID)
	loop.Pass, loop.Ran = latest, loop.Ran+1
	w.see()
	w.st.Wait, w.st.At = nil, spec.First
	if spec.First == "" {
		w.st.At = s.ID
	}
	return Command{}, nil
}

func (w *walk) closeLoop(s *Step, loop Loop, outcome string) (Command, error) {
	if outcome == "done" {
		w.say(s, "loop", "done", count(loop.Ran, "pass", "passes")+" made", time.Time{})
	}
	w.st.Loops = w.st.Loops[:len(w.st.Loops)-1]
	if len(w.st.Loops) == 0 {
		w.st.Loops = nil
	}
	w.leave(s, Result{Outcome: outcome, Passes: loop.Ran})
	return Command{}, nil
}

// due is when pass k is: k intervals after arrival, by the wall clock and the
// calendar, so that a month from the 31st does not drift.
func (w *walk) due(spec *Every, loop Loop, k int) time.Time {
	return passDue(spec, loop, k, w.in.Zone, w.in.Days)
}

func passDue(spec *Every, loop Loop, k int, zone *time.Location, days calendar.Days) time.Time {
	from := loop.From
	if !loop.Anchor.IsZero() {
		from, k = loop.Anchor, k-loop.Base
	}
	e := spec.Each
	span := calendar.Span{Dur: e.Dur * time.Duration(k), Days: e.Days * k, Months: e.Months * k, Business: e.Business * k}
	return span.Add(from.In(zone), days)
}

// beyond reports whether pass k is one too many.
func (w *walk) beyond(spec *Every, loop Loop, k int) bool {
	if spec.Times > 0 && k > spec.Times {
		return true
	}
	return !spec.For.Zero() && w.due(spec, loop, k).After(spec.For.Add(loop.From.In(w.in.Zone), w.in.Days))
}

// latest pass that is due by now and not beyond the limits; one at least is.
func (w *walk) latest(spec *Every, loop Loop) int {
	late := func(k int) bool { return !w.reached(w.due(spec, loop, k)) || w.beyond(spec, loop, k) }
	first := loop.Pass + 1
	reach := 1
	for reach < 1<<30 && !late(first+reach) {
		reach *= 2
	}
	return first + sort.Search(reach, func(i int) bool { return late(first + i + 1) })
}

func decodeEvery(d *Decoder) any {
	e := &Every{Each: d.duration(d.Node.Get(everyVerb), everyVerb), For: d.span("for"), Times: d.number("times", 1, mostTimes)}
	if d.Node.Get("for") == nil && d.Node.Get("times") == nil && d.Node.Get("until") == nil {
		d.Diags.Errorf(d.place(everyVerb), "endless-loop", "add for: 26w, times: 26 or until: and a condition", "%s would never stop", d.what())
	}
	d.Scope.Steps[d.ID] = map[string]rules.Type{"pass": rules.Int} // while it is open
	e.First = d.Block(d.Node.Get("steps"), d.ID)
	e.Until = d.condition(d.Node.Get("until"))
	return e
}

// pass in words.
func pass(spec *Every, k int) string {
	if spec.Times > 0 {
		return fmt.Sprintf("pass %d of %d", k, spec.Times)
	}
	return fmt.Sprintf("pass %d", k)
}
