package steps

import (
	"strings"
	"time"

	"holdfast/internal/source"
	"holdfast/rules"
)

// Branch is the spec of `branch`.
type Branch struct{ Arms []Block }

func (b *Branch) blocks() []Block { return b.Arms }

const branchVerb = "branch"

var branch = Verb{
	Doc: Doc{
		Name:    branchVerb,
		Summary: "Takes the first arm whose condition is true. A condition that reads an unset field is not true, and the timeline says which field.",
		Fields: []FieldDoc{
			{Name: "branch", Type: "list", Required: true, Summary: "The arms, in the order in which they are tried."},
			{Name: "branch.when", Type: "cel", Summary: "When this arm is taken.", Example: `call.interest == "no"`},
			{Name: "branch.else", Type: "bool", Summary: "true: taken when no arm before it is. Only the last arm may say so."},
			{Name: "branch.steps", Type: "steps", Required: true, Summary: "What is done then. After them the playbook goes on below the branch."},
		},
		Example: "id: paid\nbranch:\n  - when: account.id != \"\"\n    steps: [{id: thanks, end: known}]\n  - else: true\n    steps: [{id: hold_on, wait: 2d}]\n",
		Outcomes: []WordDoc{
			{Word: "taken", Says: "an arm was taken"},
			{Word: "passed", Says: "none was"},
		},
		Played: "The conditions are asked of the account as it is at that moment; the timeline says which held, and which field was not set.",
	},
	Decode: decodeBranch,
	run:    runBranch,
}

func runBranch(w *walk, s *Step) (Command, error) {
	taken, why, err := w.choose(s)
	if err != nil {
		return Command{}, err
	}
	arms := s.Spec.(*Branch).Arms
	outcome, first := "taken", ""
	if taken < len(arms) {
		first = arms[taken].First
	} else {
		outcome, taken = "passed", len(s.Blocks()) // what is done when it fails is a block too
	}
	w.trace(s, taken)
	w.say(s, "branch", outcome, why, time.Time{})
	if first == "" {
		w.leave(s, Result{Outcome: outcome})
		return Command{}, nil
	}
	w.record(s, Result{At: w.at.UTC(), Outcome: outcome})
	w.jump(first)
	return Command{}, nil
}

// choose the first arm that holds, or one past the last; why also names the
// doubtful ones before it.
func (w *walk) choose(s *Step) (chosen int, why string, err error) {
	var doubts []string
	because := func(last string) string { return strings.Join(append(doubts, last), "; ") }
	arms := s.Spec.(*Branch).Arms
	for i, arm := range arms {
		if arm.When == nil {
			return i, because("nothing above holds"), nil
		}
		truth, why, err := w.holds(s, arm.When)
		switch {
		case err != nil:
			return 0, "", err
		case truth == rules.True:
			return i, because(why), nil
		case truth == rules.Unknown:
			doubts = append(doubts, why)
		}
	}
	return len(arms), because("no arm holds"), nil
}

func decodeBranch(d *Decoder) any {
	b := &Branch{}
	n := d.Node.Get("branch")
	if n.Kind() != source.List || len(n.Items()) == 0 {
		d.Diags.Errorf(d.place("branch"), "bad-value", "write a list of arms: - {when: …, steps: […]}", "branch has no arms")
		return b
	}
	for i, item := range n.Items() {
		item.Strict(d.Diags, "an arm of "+d.what(), "when", "else", "steps")
		arm := Block{Label: "else", Span: item.Span()}
		when, other := item.Get("when"), item.Get("else")
		switch {
		case (when == nil) == (other == nil):
			d.Diags.Errorf(item.Span(), "bad-arm", "give the arm a when, or else: true", "an arm of %s needs exactly one of when and else", d.what())
		case other != nil && (other.Text() != "true" || i != len(n.Items())-1):
			d.Diags.Errorf(other.Span(), "bad-arm", "write else: true as the last arm", "else of %s is not the last arm, or not true", d.what())
		}
		if when != nil {
			arm.Label, arm.When = strings.Join(strings.Fields(when.Text()), " "), d.condition(when)
		}
		arm.First = d.Block(item.Get("steps"), d.ID)
		b.Arms = append(b.Arms, arm)
	}
	return b
}
