package reference

import (
	"fmt"
	"path"
	"strings"

	"holdfast/internal/schema"
)

// indexPage of a folder.
func (p part) indexPage() string {
	b := page(p.title, p.intro)
	list(b, "", p.things)
	return b.String()
}

// indexPage of the whole reference.
func indexPage(all []part) string {
	b := page("Reference", "Everything that can be written and run, from the code that does it. Guides by task are [next door](../guides/README.md).")
	b.WriteString("\n" + typesTable())
	for _, p := range all {
		title := p.title
		if p.dir != "" {
			title = fmt.Sprintf("[%s](%s/README.md)", p.title, p.dir)
		}
		fmt.Fprintf(b, "\n## %s\n", title)
		base := ""
		if p.dir != "" {
			base = p.dir + "/"
		}
		list(b, base, p.things)
	}
	fmt.Fprintf(b, "\nThe JSON Schema of all documents is [%s](%s). For assistants, everything here is in one file: [llms-full.txt](../llms-full.txt).\n", schema.File, schema.File)
	return b.String()
}

const what = "Holdfast runs retention playbooks for customer-success teams: YAML documents with CEL conditions, run as durable workflows (Temporal, inside one Go binary) that send each mail, open each task and ask for each approval at the right time, once, for months. A playbook has a trigger, exits, a goal, guardrails and steps; rules declare fields, events, mappings, metrics, scores and decisions. Authors lint, simulate, test, backtest, plan and apply."

// llms is the index for assistants, in the form of https://llmstxt.org.
func llms(all []part) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Holdfast\n\n> %s\n\nAll of the reference in one file: [llms-full.txt](llms-full.txt). Write a playbook, run `holdfast lint`, and mend what it names; then `holdfast simulate` and `holdfast test`.\n", what)
	b.WriteString("\n## Start\n\n- [An afternoon from nothing to a tested playbook](start/first-playbook.md): every command on the page runs\n- [What always holds](invariants.md): promises, and the tests that keep them\n- [How fast it is](explain/performance.md): each cost beside a baseline, and how it grows\n\n## Guides\n\n")
	for _, g := range guides {
		fmt.Fprintf(&b, "- [%s](guides/%s.md): %s\n", strings.ReplaceAll(g.file, "-", " "), g.file, g.says)
	}
	for _, p := range all {
		fmt.Fprintf(&b, "\n## %s\n\n", p.title)
		for _, t := range p.things {
			fmt.Fprintf(&b, "- [%s](%s): %s\n", t.name, path.Join(folder, p.dir, t.file), strings.Join(strings.Fields(t.says), " "))
		}
	}
	return b.String()
}

// llmsFull is the whole reference in one file.
func llmsFull(all []part) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Holdfast: the whole reference\n\n> %s\n\n%s", what, typesTable())
	for _, p := range all {
		fmt.Fprintf(&b, "\n## %s\n\n", p.title)
		if p.intro != "" {
			b.WriteString(strings.TrimSpace(p.intro) + "\n\n")
		}
		for _, t := range p.things {
			if p.listed {
				fmt.Fprintf(&b, "- `%s`: %s\n", t.name, cell(t.says))
				continue
			}
			b.WriteString(demoted(t.page, 2) + "\n")
		}
	}
	return b.String()
}
