package steps

import (
	"time"

	"holdfast/internal/calendar"
	"holdfast/internal/diag"
	"holdfast/rules"
)

// Run is the spec of `run`: another playbook for the same account.
type Run struct {
	Playbook string
	Wait     bool          // hold the sequence until it ends
	Timeout  calendar.Span // zero = wait as long as it takes
	Span     diag.Span     // of the playbook's name
}

const (
	runVerb   = "run"
	childKind = "child" // of Wait
)

var run = Verb{
	Doc: Doc{
		Name:    runVerb,
		Summary: "Starts another playbook for the same account, by that playbook's own rules of entry. It runs on by itself, also after this one has ended. Its outcome here is opened, refused, or with wait: true done or timeout; then <id>.ended is the other's outcome.",
		Fields: []FieldDoc{
			{Name: "run", Names: "playbook", Type: "reference", Required: true, Summary: "The playbook's name.", Example: "post-save"},
			{Name: "wait", Type: "bool", Default: "false", Summary: "true: go on only when it has ended."},
			{Name: "timeout", Type: "duration", Summary: "With wait: true, go on after so long at the latest.", Example: "90d"},
		},
		Example: "id: sub\nrun: post-save\n",
		Outcomes: []WordDoc{
			{Word: "opened", Says: "it was started"},
			{Word: "refused", Says: "its rules of entry did not let the account in"},
			{Word: "done", Says: "with wait: true: it has ended"},
			{Word: "timeout", Says: "with wait: true: it had not ended in time"},
		},
		Results: []FieldDoc{
			{Name: "ended", Type: "string", Summary: "With wait: true: the other playbook's outcome."},
		},
		Played: "The other playbook is played too, when the project has it, and does what it does.",
	},
	Decode: func(d *Decoder) any {
		return &Run{Playbook: d.text(runVerb), Wait: d.flag("wait"), Timeout: d.span("timeout"), Span: d.place(runVerb)}
	},
	run: runRun,
	result: func(spec any) map[string]rules.Type {
		if spec.(*Run).Wait {
			return map[string]rules.Type{"ended": rules.String}
		}
		return nil
	},
}

func runRun(w *walk, s *Step) (Command, error) {
	spec := s.Spec.(*Run)
	if a := w.answer(s); a != nil && a.Outcome == "opened" {
		w.in.Answer = nil
		if !spec.Wait {
			w.leave(s, Result{Outcome: "opened"})
			return Command{}, nil
		}
		var until time.Time
		if !spec.Timeout.Zero() {
			until = spec.Timeout.Add(w.at, w.in.Days)
		}
		w.rest(s, childKind, until, "")
		w.say(s, waitVerb, "", "waits for "+spec.Playbook+" to end", until)
	}
	wait := w.st.Wait
	switch {
	case wait == nil || wait.Kind != childKind:
		return w.deliver(s, nil)
	case wait.Closed != nil:
		w.leave(s, Result{Outcome: "done", Answers: map[string]any{"ended": wait.Closed.Status}})
		return Command{}, nil
	case !wait.Until.IsZero() && w.reached(wait.Until):
		w.say(s, waitVerb, "timeout", spec.Playbook+" has not ended within "+inWords(spec.Timeout), time.Time{})
		w.leave(s, Result{Outcome: "timeout"})
		return Command{}, nil
	}
	return w.restOn(s), nil
}
