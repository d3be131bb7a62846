package steps

import (
	"maps"
	"time"

	"holdfast/rules"
)

// record keeps how s ended, if anything reads it.
func (w *walk) record(s *Step, r Result) {
	if !w.p.kept[s.ID] && !w.p.since[s.ID] {
		return
	}
	if !w.p.since[s.ID] {
		r.From = time.Time{}
	}
	done := maps.Clone(w.st.Done)
	if done == nil {
		done = map[string]Result{}
	}
	if s.Was != "" {
		delete(done, s.Was)
	}
	done[s.ID] = r
	w.st.Done = done
	w.see()
}

// forget drops the results of a loop's body before a new pass: what a pass has
// not done is unknown in it.
func (w *walk) forget(loop string) {
	done := maps.Clone(w.st.Done)
	maps.DeleteFunc(done, func(id string, _ Result) bool { return w.p.within(w.p.step(id), loop) })
	w.st.Done = done
	w.see()
}

// see shows expressions the results so far, and the pass of each open loop.
func (w *walk) see() {
	w.facts.Steps = w.p.results(w.st.Done)
	for _, l := range w.st.Loops {
		if s := w.p.step(l.Step); s != nil && l.Pass > 0 {
			w.facts.Steps[s.ID] = rules.Record{"pass": int64(l.Pass)}
		}
	}
}

// results are what expressions see of done, typed.
func (p *Program) results(done map[string]Result) map[string]rules.Record {
	seen := make(map[string]rules.Record, len(done))
	for id, r := range done {
		s := p.step(id)
		if s == nil {
			continue
		}
		rec := rules.Record{"outcome": r.Outcome, "at": r.At}
		for name, t := range s.fields {
			switch {
			case name == "event" && r.Event != "":
				rec[name] = r.Event
			case name == "passes":
				rec[name] = int64(r.Passes)
			}
			if v, err := rules.Typed(t, r.Answers[name]); err == nil && v != nil {
				rec[name] = v
			}
		}
		seen[s.ID] = rec
	}
	return seen
}
