package reference

import (
	"fmt"
	"path"
	"strings"

	"holdfast/internal/diag"
	"holdfast/internal/project"
	"holdfast/playbooks"
)

func checksPart() part {
	p := part{dir: "checks", title: "Checks", listed: true, intro: "What `holdfast lint` finds, by the name that stands in brackets behind each finding. An error does not run; a warning runs, probably not as meant; a note is taste, and shown with `--notes`. `# lint: allow NAME because …` on its line, or alone on the line above, lets a warning or a note pass. The guide is [lint, here and in CI](../../guides/lint.md).\n\nEach has a bad and a good case: `holdfast lint --notes --format json playbooks/testdata/checks` finds every bad one at the place that its `# want LINE:COLUMN` says, and nothing in the good ones."}
	for _, c := range project.Checks() {
		p.things = append(p.things, thing{c.Name, fmt.Sprintf("(%s) %s", c.Severity, c.Summary), c.Name + ".md", checkPage(c)})
	}
	return p
}

// checkPage is a check's own page: what, why, and both its cases.
func checkPage(c diag.Check) string {
	b := page(c.Name, fmt.Sprintf("%s (%s)\n\n%s", c.Summary, c.Severity, c.Why))
	for _, which := range []string{"bad", "good"} {
		fmt.Fprintf(b, "\n## %s case\n", strings.ToUpper(which[:1])+which[1:])
		for _, f := range playbooks.Case(c.Name, which) {
			fmt.Fprintf(b, "\n`%s`\n", f.Name)
			block(b, strings.TrimPrefix(path.Ext(f.Name), "."), shortened(f.Text))
		}
	}
	return b.String()
}

// longest is how many lines of a case are shown; a playbook of two thousand steps is no reading.
const longest = 60

func shortened(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(lines) > longest {
		lines = append(lines[:longest], "# and so on")
	}
	return strings.Join(lines, "\n")
}
