package steps

import (
	"fmt"
	"strings"
	"time"

	"holdfast/internal/diag"
	"holdfast/internal/source"
	"holdfast/rules"
)

// Parallel is the spec of `parallel`: arms that go on beside each other.
type Parallel struct {
	Arms []NamedArm
	Any  bool // the first arm that ends, ends the others
}

// NamedArm is an arm with a name of its own.
type NamedArm struct {
	ID     string
	First  string
	Weight float64 // split: its share, in percent
	Span   diag.Span
}

const parallelVerb = "parallel"

var parallel = Verb{
	Doc: Doc{
		Name:    parallelVerb,
		Summary: "Does several lists of steps beside each other, each at its own pace. An `end` in one of them ends the enrollment. Its outcome is done; with join: any, <id>.first is the arm that ended first, and what the others had open is dropped.",
		Fields: []FieldDoc{
			{Name: "parallel", Type: "map", Required: true, Summary: "The arms."},
			{Name: "parallel.arms", Type: "list", Required: true, Summary: "Each a map of id and steps."},
			{Name: "parallel.arms.id", Type: "literal", Required: true, Summary: "Its name, as the timeline and <id>.first say it.", Example: "mail"},
			{Name: "parallel.arms.steps", Type: "steps", Required: true, Summary: "What is done in it."},
			{Name: "parallel.join", Type: "enum(all|any)", Default: "all", Summary: "Go on when all arms have ended, or when the first has."},
		},
		Example: "id: both\nparallel:\n  arms:\n    - {id: mail, steps: [{id: settle, wait: 2d}]}\n    - {id: people, steps: [{id: look, slack: owner, text: \"A look at {{ account.name }}?\"}]}\n",
		Outcomes: []WordDoc{
			{Word: "done", Says: "all arms have ended, or with join: any the first"},
		},
		Results: []FieldDoc{
			{Name: "first", Type: "string", Summary: "With join: any: the arm that ended first."},
		},
		Played: "All arms are played beside each other on one clock.",
	},
	Decode: decodeParallel,
	run:    runParallel,
	result: func(spec any) map[string]rules.Type {
		if spec.(*Parallel).Any {
			return map[string]rules.Type{"first": rules.String}
		}
		return nil
	},
}

func (p *Parallel) blocks() []Block { return namedBlocks(p.Arms) }

func namedBlocks(arms []NamedArm) []Block {
	blocks := make([]Block, len(arms))
	for i, arm := range arms {
		blocks[i] = Block{Label: arm.ID, First: arm.First, Span: arm.Span}
	}
	return blocks
}

func runParallel(w *walk, s *Step) (Command, error) {
	spec := s.Spec.(*Parallel)
	if len(w.st.Arms) == 0 {
		names := make([]string, len(spec.Arms))
		for i, arm := range spec.Arms {
			w.trace(s, i)
			names[i] = arm.ID
			w.st.Arms = append(w.st.Arms, Arm{Key: arm.ID, At: arm.First})
		}
		w.say(s, armsKind, "begun", "side by side: "+strings.Join(names, ", "), time.Time{})
	}
	cmd, over, err := w.walkArms(arms{step: s, first: spec.Any})
	switch {
	case err != nil || w.st.Over || cmd.Kind != "":
		return cmd, err
	case !over:
		return w.restArms(s), nil
	}
	r := Result{Outcome: "done"}
	if spec.Any {
		for _, arm := range w.st.Arms {
			if arm.At == "" {
				r.Arm = arm.Key
				break
			}
		}
	}
	w.leave(s, r)
	return Command{}, nil
}

func decodeParallel(d *Decoder) any {
	p := &Parallel{}
	n := d.Node.Get(parallelVerb)
	n.Strict(d.Diags, parallelVerb, "arms", "join")
	p.Any = choice(d, n.Get("join"), "all", "any") == "any"
	p.Arms = d.arms(n, "id")
	return p
}

// arms reads a list of named arms with steps; key is what names one.
func (d *Decoder) arms(n *source.Node, key string, also ...string) []NamedArm {
	list := n.Get("arms")
	if list.Kind() != source.List || len(list.Items()) < 2 {
		at := d.Node.Span()
		if n != nil {
			at = n.Span()
		}
		d.Diags.Errorf(at, "bad-value", fmt.Sprintf("write arms: a list of {%s, steps}", key), "%s has fewer than two arms", d.what())
	}
	var found []NamedArm
	seen := map[string]bool{}
	for _, item := range list.Items() {
		item.Strict(d.Diags, "an arm of "+d.what(), append([]string{key, "steps"}, also...)...)
		name := item.Get(key)
		arm := NamedArm{ID: name.Text(), Span: item.Span()}
		switch {
		case name == nil:
			d.Diags.Errorf(item.Span(), "missing-key", "add "+key+":", "an arm of %s has no name", d.what())
		case !idPattern.MatchString(arm.ID):
			d.Diags.Errorf(name.Span(), "bad-name", "use letters, digits and underscores", "%q cannot be an arm", arm.ID)
		case seen[arm.ID]:
			d.Diags.Errorf(name.Span(), "duplicate-name", "give it a name of its own", "%s has an arm %q already", d.what(), arm.ID)
		}
		seen[arm.ID] = true
		arm.First = d.Block(item.Get("steps"), d.ID)
		found = append(found, arm)
	}
	return found
}
