package reference

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"holdfast/internal/mail"
	"holdfast/internal/project"
	"holdfast/internal/source"
	"holdfast/playbooks"
	"holdfast/rules"
)

// documents are the kinds of file that an author writes.
func documents() part {
	return part{title: "Documents", things: []thing{
		{"playbook", "why a playbook starts, what it does, when it stops, what holds it back", "playbook.md",
			kinds("Playbooks", "The document that says why a playbook starts, what it does, and what stops it. A dotted name is a key of the map, or of each map in the list, below it.", playbooks.Doc)},
		{"rules", "fields, objects, events, mappings, metrics, scores, decisions, segments, lanes, calendars", "rules.md",
			kinds("Rules", "What is known of customers and what is concluded from it: one kind of document each, in any file below rules/. `*` is a name that you choose.", rules.Docs...)},
		{"events", "our own events, such as email.replied, and what they carry", "events.md", eventsPage()},
		{"tests", "what a playbook does for one account, as it must stay", "tests.md",
			kinds("Tests", "The documents of `*.test.yaml`, beside the playbooks. In expect, a step's verb may stand for what happened, too. The guide is [test a playbook](../guides/test.md).", project.TestDocs...)},
		{"project", "settings and team", "project.md",
			kinds("Project and team", "The documents beside the rules and the playbooks.", project.Docs...)},
		{"templates", "what mails, briefs and texts are made of: tags and filters", "templates.md", templatesPage()},
	}}
}

func kinds(title, intro string, docs ...source.KindDoc) string {
	b := page(title, intro)
	for _, d := range docs {
		fmt.Fprintf(b, "\n## %s\n\n%s\n", d.Name, d.Summary)
		keys(b, d.Keys)
		block(b, "yaml", d.Example)
	}
	return b.String()
}

// eventsPage is what playbooks may listen for though nobody declares it.
func eventsPage() string {
	b := page("Our own events", "Events with a dot in their name are ours: nobody declares them, and only Holdfast itself makes them. Triggers, exits, goals and waits name them as they name the [declared ones](rules.md#event). Every event also has `at`: when it happened.")
	b.WriteString("\n| event | what happened | its fields |\n| --- | --- | --- |\n")
	set, _ := rules.Load(nil)
	for _, e := range rules.OwnEvents {
		fields, _ := set.EventFields(e.Name)
		var names []string
		for _, f := range fields {
			names = append(names, code(f.Name)+" "+string(f.Type))
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", e.Name, e.Summary, strings.Join(names, ", "))
	}
	return b.String()
}

// templatesPage is what Liquid may say in a template.
func templatesPage() string {
	b := page("Templates", "Mails and briefs are files below templates/: Markdown with [Liquid](https://shopify.github.io/liquid/), a front matter with the `subject`, one file for each language (`name.md`, `name.de.md`). Texts of steps are Liquid in one line. A variable that is not set stops the message, unless `default` says what stands there; only the tags and filters below are there.")
	b.WriteString("\n## Tags\n\n`" + strings.Join(mail.Tags(), "`, `") + "`\n")
	b.WriteString("\n## Filters\n\n| filter | what it makes of the value |\n| --- | --- |\n")
	docs := mail.FilterDocs()
	for _, name := range slices.Sorted(maps.Keys(docs)) {
		says := docs[name]
		if i := strings.Index(says, "{{"); i >= 0 {
			says = says[:i] + "`" + strings.TrimSuffix(says[i:], ".") + "`"
		}
		fmt.Fprintf(b, "| `%s` | %s |\n", name, cell(says))
	}
	return b.String()
}

// given says under which facts a function's example gives its result.
func given(e rules.Example) string {
	var facts []string
	for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
		facts = append(facts, "`"+name+"` = "+e.Fields[name])
	}
	if e.Population != "" {
		facts = append(facts, "those of all accounts are "+e.Population)
	}
	if e.Series != "" {
		facts = append(facts, "the metric's last days are "+e.Series)
	}
	if e.Now != "" {
		facts = append(facts, "now is "+e.Now)
	}
	if len(facts) == 0 {
		return ""
	}
	return ", when " + strings.Join(facts, ", ")
}
