package reference

import (
	"strings"

	"holdfast/internal/project"
	"holdfast/internal/source"
	"holdfast/playbooks"
	"holdfast/rules"
)

func playbookPage() string {
	return kinds("Playbooks", "The document that says why a playbook starts, what it does, and what stops it. A dotted name is a key of the map, or of each map in the list, below it.", playbooks.Doc)
}

func rulesPage() string {
	return kinds("Rules", "What is known of customers and what is concluded from it: one kind of document each, in any file below rules/. `*` is a name that you choose.", rules.Docs...)
}

func projectPage() string {
	return kinds("Project and team", "The documents beside the rules and the playbooks.", project.Docs...)
}

func testsPage() string {
	return kinds("Tests", "The documents of `*.test.yaml`, beside the playbooks. In expect, a step's verb may stand for what happened, too.", project.TestDocs...)
}

func kinds(title, intro string, docs ...source.KindDoc) string {
	b := page(title, intro)
	for _, d := range docs {
		entry(b, d.Name, d.Summary, d.Keys, d.Example)
	}
	return b.String()
}

// meaning is a key's summary, and what each word of its enum says.
func meaning(k source.KeyDoc) string {
	var s strings.Builder
	s.WriteString(k.Summary)
	for _, word := range k.Words() {
		if m := k.Means[word]; m != "" {
			s.WriteString(" `" + word + "`: " + m + ";")
		}
	}
	return strings.TrimSuffix(s.String(), ";")
}
