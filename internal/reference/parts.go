package reference

import (
	"fmt"
	"strings"

	"holdfast/guards"
	"holdfast/rules"
	"holdfast/steps"
	"holdfast/triggers"
)

// parts of the reference, in the order of reading.
func parts(commands []Command) []part {
	all := []part{documents(), stepsPart(), triggersPart(), guardsPart(), functionsPart(), checksPart(), operationPart()}
	if commands != nil {
		all = append(all, commandsPart(commands))
	}
	return all
}

func stepsPart() part {
	var intro strings.Builder
	intro.WriteString("What a playbook does. Each step has an `id`, one verb with the keys of its page, and may have the keys below. Later steps read how it ended as `<id>.outcome`, when as `<id>.at`, and what else its page lists; a step that did not run is unknown. Where an enrollment lands that is moved to another version: [ship a change](../../guides/ship-a-change.md#move-those-who-run).\n")
	keys(&intro, steps.Common)
	intro.WriteString("\nAny step may end so:\n")
	words(&intro, steps.CommonOutcomes)
	p := part{dir: "steps", title: "Steps", intro: intro.String()}
	for _, v := range steps.All {
		p.things = append(p.things, thing{v.Doc.Name, one(v.Doc.Summary), v.Doc.Name + ".md", stepPage(v.Doc)})
	}
	return p
}

func stepPage(d steps.Doc) string {
	b := page(d.Name, d.Summary)
	block(b, "yaml", item(d.Example))
	b.WriteString("\n## Keys\n\n`id`, `if`, `was` and `on_error` are [those of every step](README.md).\n")
	keys(b, d.Fields)
	b.WriteString("\n## What later steps read\n")
	if d.Outcomes == nil {
		b.WriteString("\nNothing comes after it.\n")
	} else {
		b.WriteString("\n`<id>.outcome`, besides [`skipped` and `failed`](README.md):\n")
		words(b, d.Outcomes)
	}
	if len(d.Results) > 0 {
		b.WriteString("\n| field | type | what it holds |\n| --- | --- | --- |\n")
		for _, f := range d.Results {
			fmt.Fprintf(b, "| `<id>.%s` | %s | %s |\n", f.Name, cell(f.Type), cell(f.Summary))
		}
	}
	fmt.Fprintf(b, "\n## In test and simulate\n\n%s\n", d.Played)
	return b.String()
}

func words(b *strings.Builder, all []steps.WordDoc) {
	b.WriteString("\n| outcome | what it says |\n| --- | --- |\n")
	for _, w := range all {
		fmt.Fprintf(b, "| `%s` | %s |\n", w.Word, cell(w.Says))
	}
}

func triggersPart() part {
	var intro strings.Builder
	intro.WriteString("Why a playbook starts. `trigger:` is one of these, known by its key, or a map of several:\n")
	keys(&intro, triggers.List)
	intro.WriteString("\nEach of a list takes:\n")
	keys(&intro, triggers.Common)
	p := part{dir: "triggers", title: "Triggers", intro: intro.String()}
	for _, k := range triggers.All {
		b := page(k.Doc.Name, k.Doc.Summary)
		block(b, "yaml", k.Doc.Example)
		b.WriteString("\n## Keys\n")
		keys(b, k.Doc.Fields)
		p.things = append(p.things, thing{k.Doc.Name, one(k.Doc.Summary), k.Doc.Name + ".md", b.String()})
	}
	return p
}

func guardsPart() part {
	p := part{dir: "guards", title: "Guards", intro: "Why a touch does not go now, in the order in which they are asked. They are asked in the transaction that claims the touch. The reason word stands on the timeline with each shift and skip, in `holdfast explain` and in `simulate`; the guide is [what keeps an account from being touched](../../guides/quiet.md)."}
	for _, g := range guards.All {
		p.things = append(p.things, thing{g.Name, g.Summary, g.Name + ".md", guardPage(g)})
	}
	return p
}

// does is what a decision means for the touch.
var does = map[guards.Kind]string{
	guards.Go:   "it waits for a later moment",
	guards.At:   "it waits for a later moment",
	guards.Park: "it waits until whatever keeps it is over, and is woken then; past its `expires` it is skipped",
	guards.Drop: "it is skipped for good",
}

func guardPage(g guards.Guard) string {
	b := page(g.Name, g.Summary)
	if len(g.Keys) > 0 {
		fmt.Fprintf(b, "\n| key of the [playbook](../playbook.md) | what it decides |\n| --- | --- |\n| `%s` | %s |\n", strings.Join(g.Keys, "`, `"), cell(g.Set))
	} else {
		fmt.Fprintf(b, "\nNo key of the playbook decides it, but %s.\n", g.Set)
	}
	shown, err := g.Show()
	if err != nil {
		return b.String() // its own test says that the example is broken
	}
	d := shown.Decision
	reason, detail := d.Reason, d.Detail
	fmt.Fprintf(b, "\n## On the timeline\n\nThe touch is kept back: %s. One that was to go on %s shows:\n", does[d.Kind], shown.Now.Format("Mon 2 Jan 2006 15:04"))
	var lines []string
	for _, s := range d.Shifts {
		lines = append(lines, fmt.Sprintf("%s: %s → %s", s.Reason, s.Detail, s.To.Format("Mon 2 Jan 2006 15:04")))
	}
	if d.Kind != guards.Go && d.Kind != guards.At {
		lines = append(lines, reason+": "+detail)
	}
	block(b, "text", strings.Join(lines, "\n"))
	return b.String()
}

func functionsPart() part {
	p := part{dir: "functions", title: "Functions", intro: "What expressions can call besides [CEL's own](https://github.com/google/cel-spec/blob/master/doc/langdef.md#list-of-standard-definitions). One that reads the clock changes without an event, so conditions that use it are looked at by the scan. A field that is not set is unknown, not false: what reads it does not fire, and `has(account.x)` asks whether it is set."}
	for _, f := range rules.Functions {
		p.things = append(p.things, thing{f.Name, one(f.Summary), f.Name + ".md", functionPage(f)})
	}
	return p
}

func functionPage(f rules.Function) string {
	b := page(f.Name, "`"+f.Signature+"`\n\n"+f.Summary)
	if f.Clock {
		b.WriteString("\nIt reads the clock.\n")
	}
	block(b, "cel", f.Example.Expr)
	fmt.Fprintf(b, "\ngives `%s`%s\n", f.Example.Result, given(f.Example))
	return b.String()
}
