package steps

import (
	"maps"
	"slices"
	"time"

	"holdfast/rules"
)

// record keeps how s ended, if anything reads it: for its item, or for all.
func (w *walk) record(s *Step, r Result) {
	if !w.p.kept[s.ID] && !w.p.since[s.ID] {
		return
	}
	if !w.p.since[s.ID] {
		r.From = time.Time{}
	}
	done := maps.Clone(*w.own())
	if done == nil {
		done = map[string]Result{}
	}
	if s.Was != "" {
		delete(done, s.Was)
	}
	done[s.ID] = r
	*w.own() = done
	w.see()
}

// own is where results are kept: those of the innermost item, or the enrollment's.
func (w *walk) own() *map[string]Result {
	if n := len(w.items); n > 0 {
		return &w.items[n-1].done
	}
	return &w.st.Done
}

// results so far, as the step at hand sees them: an item's own hide those around it.
func (w *walk) results() map[string]Result {
	if len(w.items) == 0 {
		return w.st.Done
	}
	all := maps.Clone(w.st.Done)
	if all == nil {
		all = map[string]Result{}
	}
	for _, it := range w.items {
		maps.Copy(all, it.done)
	}
	return all
}

// done is the result of a step, if it has one.
func (w *walk) done(id string) (Result, bool) {
	r, ok := w.results()[id]
	return r, ok && id != ""
}

// Recall is st with the results in known, by path, of steps whose results p reads
// and st does not have: what another version of the playbook did not keep.
// Answers are typed as p's forms ask.
func Recall(p *Program, st State, known map[string]Result) State {
	done := maps.Clone(st.Done)
	for path, r := range known {
		s := StepOf(p, path)
		if s == nil || s.ID == st.At || (!p.kept[s.ID] && !p.since[s.ID]) {
			continue
		}
		if _, ok := done[s.ID]; ok {
			continue
		}
		if _, ok := done[s.Was]; ok && s.Was != "" {
			continue
		}
		if now := (&walk{p: p, st: st}).place(s); now != path && !slices.Contains(FormerPaths(p, now), path) {
			continue // of a pass gone by
		}
		r.At = r.At.UTC().Truncate(time.Millisecond)
		r.From = r.From.UTC().Truncate(time.Millisecond)
		if spec, ok := s.Spec.(*Task); ok {
			r.Answers = spec.answers(r.Answers)
		} else {
			r.Answers = nil
		}
		if !p.since[s.ID] {
			r.From = time.Time{}
		}
		if done == nil {
			done = map[string]Result{}
		}
		done[s.ID] = r
	}
	st.Done = done
	return st
}

// forget drops the results of a loop's body before a new pass: what a pass has
// not done is unknown in it.
func (w *walk) forget(loop string) {
	done := maps.Clone(*w.own())
	maps.DeleteFunc(done, func(id string, _ Result) bool { return w.p.within(w.p.step(id), loop) })
	*w.own() = done
	w.see()
}

// see shows expressions the results so far, and the pass of each open loop.
func (w *walk) see() {
	w.facts.Steps = w.p.results(w.results())
	for _, loops := range [][]Loop{w.around, w.st.Loops} {
		for _, l := range loops {
			if s := w.p.step(l.Step); s != nil && l.Pass > 0 {
				w.facts.Steps[s.ID] = rules.Record{"pass": int64(l.Pass)}
			}
		}
	}
}

// results are what expressions see of done, typed.
func (p *Program) results(done map[string]Result) map[string]rules.Record {
	seen := make(map[string]rules.Record, len(done))
	for id, r := range done {
		if s := p.step(id); s != nil {
			seen[s.ID] = r.record(s)
		}
	}
	return seen
}

func (r Result) record(s *Step) rules.Record {
	rec := rules.Record{"outcome": r.Outcome, "at": r.At}
	for name, t := range s.fields {
		switch {
		case name == "event" && r.Event != "":
			rec[name] = r.Event
		case name == "passes" || name == "items":
			rec[name] = int64(r.Passes)
		case (name == "arm" || name == "first") && r.Arm != "":
			rec[name] = r.Arm
		}
		if v, err := rules.Typed(t, r.Answers[name]); err == nil && v != nil {
			rec[name] = v
		}
	}
	return rec
}
