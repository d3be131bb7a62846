package reference

import (
	"fmt"
	"strings"

	"holdfast/internal/telemetry"
)

// operationPart is what whoever runs a server reads.
func operationPart() part {
	const says = "What `/metrics` shows, and when it asks for something to be done."
	b := page("Metrics", says+" Beside these are those of the Go runtime (`go_`), of the process (`process_`) and of [Temporal's SDK](https://docs.temporal.io/references/sdk-metrics) (`temporal_`). No label holds a name or an address; a label has 200 values at most, and `other` stands for those after them. The guide is [operate](../guides/operate.md).")
	b.WriteString("\n| metric | kind | labels | what it is | look when |\n| --- | --- | --- | --- | --- |\n")
	for _, m := range telemetry.Metrics() {
		labels := ""
		if len(m.Labels) > 0 {
			labels = "`" + strings.Join(m.Labels, "` `") + "`"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", m.Name, m.Kind, labels, cell(m.Help), cell(m.Means))
	}
	return part{title: "Operation", things: []thing{{"metrics", says, "metrics.md", b.String()}}}
}
