package steps

import "time"

// answer to the Deliver command of s, until it is used.
func (w *walk) answer(s *Step) *Answer {
	if w.in.Answer != nil && w.in.Answer.Path == w.path(s) {
		return w.in.Answer
	}
	return nil
}

// deliver asks for touch s, or does what its answer says. limit is when it is
// too late to go, counted from when s first came to rest; nil = never.
func (w *walk) deliver(s *Step, limit func(time.Time) time.Time) (Command, error) {
	if a := w.answer(s); a != nil {
		return w.answered(s, a, limit), nil
	}
	wait := w.st.Wait
	switch {
	case wait == nil:
	case wait.Kind == "unknown":
		if !w.reached(wait.Until) {
			return w.restOn(s), nil
		}
		return w.touched(s, "unknown", nil), nil
	case limit != nil && w.reached(limit(wait.Since.In(w.in.Zone))):
		w.say(s, "skip", "skipped", "expired: it could not go in time ("+wait.Reason+")", time.Time{})
		return w.touched(s, "skipped", nil), nil
	case !wait.Until.IsZero() && !w.reached(wait.Until):
		return w.restOn(s), nil
	}
	return w.ask(s), nil
}

// ask is the command that has s done outside.
func (w *walk) ask(s *Step) Command {
	return Command{Kind: Deliver, Step: s, Path: w.path(s), Due: w.dueAt, Done: w.results(), Items: w.facts.Items}
}

// answered takes a channel's answer, which is used up by it.
func (w *walk) answered(s *Step, a *Answer, limit func(time.Time) time.Time) Command {
	until := a.Until
	switch a.Outcome {
	case "shift", "retry":
	case "park":
		until = time.Time{}
	case "unknown":
		limit = nil
	default:
		return w.touched(s, a.Outcome, a.Answers)
	}
	cmd := w.rest(s, a.Outcome, until, a.Reason)
	wait := w.st.Wait
	if a.Outcome == "retry" {
		wait.Tries++
	}
	if limit == nil {
		return cmd
	}
	last := roundUp(limit(wait.Since.In(w.in.Zone)))
	if wait.Until.IsZero() || last.Before(wait.Until) {
		wait.Until = last
	}
	return cmd
}

// touched ends s. What went, or may have gone, is the last touch, unless it went
// to our own people.
func (w *walk) touched(s *Step, outcome string, found map[string]any) Command {
	w.in.Answer = nil
	if s.Verb == emailVerb && (outcome == "sent" || outcome == "unknown" || outcome == "unconfirmed") {
		w.st.Touched = w.at.UTC()
	}
	r := Result{At: w.at.UTC(), Outcome: outcome, Answers: found}
	if outcome != "failed" || !w.failsTo(s, r) {
		w.leave(s, r)
	}
	return Command{}
}
