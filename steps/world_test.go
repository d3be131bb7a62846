package steps_test

import (
	"slices"
	"strings"

	"holdfast/steps"
)

// lookBack finds a stored event for a listener that has just opened.
func (w *world) lookBack(c steps.Command) {
	for _, h := range w.past {
		if slices.Contains(c.Events, h.what) && !h.at.Before(c.Since) {
			w.heard = append(w.heard, steps.Heard{Path: c.Path, Event: h.what, At: h.at})
			return
		}
	}
}

// sleep moves to the next moment at which st wakes; false when there is none.
// On the way it checks that an early wake changes nothing.
func (w *world) sleep(st steps.State) bool {
	until := st.Wait.Until
	if len(w.future) > 0 && (until.IsZero() || !w.future[0].at.After(until)) {
		h := w.future[0]
		w.future = w.future[1:]
		w.now = h.at
		w.happen(h)
		return true
	}
	if until.IsZero() {
		return false
	}
	if half := w.now.Add(until.Sub(w.now) / 2); half.Before(until) {
		in := steps.Input{Now: half, Zone: w.zone, Days: w.days, Facts: w.facts(half), Account: "acme"}
		woken, cmd, lines, err := steps.Next(w.p, st, in)
		if err != nil || cmd.Kind != steps.Rest || len(lines) > 0 || encode(w.t, woken) != encode(w.t, st) {
			w.t.Errorf("woken too early it did not rest on: %v %v %v %s", err, cmd.Kind, lines, encode(w.t, woken))
		}
	}
	w.now = until
	for _, d := range w.down {
		if !until.Before(d[0]) && until.Before(d[1]) {
			w.now = d[1]
		}
	}
	return true
}

func (w *world) happen(h happening) {
	switch h.kind {
	case "event":
		w.past = append(w.past, h)
		for path, events := range w.listens {
			if slices.Contains(events, h.what) {
				w.heard = append(w.heard, steps.Heard{Path: path, Event: h.what, At: h.at})
			}
		}
	case "closed":
		c := steps.TaskClosed{Path: h.what, Status: h.more[0], At: h.at, Answers: map[string]any{}}
		for _, pair := range h.more[1:] {
			name, value, _ := strings.Cut(pair, "=")
			c.Answers[name] = value
			if value == "true" || value == "false" {
				c.Answers[name] = value == "true"
			}
		}
		w.closed = append(w.closed, c)
	case "set":
		w.set1(h.what)
	case "wake":
	default:
		w.t.Fatalf("world: what is %q?", h.kind)
	}
}
