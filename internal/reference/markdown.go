package reference

import (
	"fmt"
	"strings"

	"holdfast/internal/source"
)

// mark stands in each generated page; formerMark stood there before.
const (
	mark       = "<!-- Generated from the code by make gen. -->"
	formerMark = "Generated from the code by `make gen`."
)

// page begins one.
func page(title, intro string) *strings.Builder {
	b := &strings.Builder{}
	fmt.Fprintf(b, "%s\n\n# %s\n\n%s\n", mark, title, strings.TrimSpace(intro))
	return b
}

// cell is text that may stand in a table.
func cell(s string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "|", "\\|")
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + cell(s) + "`"
}

// block is a fenced one.
func block(b *strings.Builder, kind, text string) {
	fmt.Fprintf(b, "\n```%s\n%s\n```\n", kind, strings.TrimSpace(text))
}

// item is the YAML of a map as one of a list.
func item(text string) string {
	return "- " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ")
}

// keys is the table of what may be written.
func keys(b *strings.Builder, rows []source.KeyDoc) {
	if len(rows) == 0 {
		return
	}
	b.WriteString("\n| key | what stands there | default | meaning |\n| --- | --- | --- | --- |\n")
	for _, f := range rows {
		fallback := code(strings.Trim(f.Default, "`"))
		if f.Required {
			fallback = "required"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", f.Name, cell(f.Type), fallback, cell(meaning(f)))
	}
}

// meaning is a key's summary, what each word of its enum says, and an example.
func meaning(k source.KeyDoc) string {
	var s strings.Builder
	s.WriteString(k.Summary)
	for _, word := range k.Words() {
		if m := k.Means[word]; m != "" {
			s.WriteString(" `" + word + "`: " + m + ";")
		}
	}
	said := strings.TrimSuffix(s.String(), ";")
	if k.Example != "" {
		said += " Such as `" + k.Example + "`"
	}
	return said
}

// list of things, a line each, with links from the folder base.
func list(b *strings.Builder, base string, things []thing) {
	b.WriteString("\n| | |\n| --- | --- |\n")
	for _, t := range things {
		fmt.Fprintf(b, "| [`%s`](%s%s) | %s |\n", t.name, base, t.file, cell(t.says))
	}
}

// demoted is a page as part of a longer one: its headings n levels deeper, and
// without the mark.
func demoted(text string, n int) string {
	var b strings.Builder
	fenced := false
	for line := range strings.Lines(strings.TrimPrefix(text, mark+"\n\n")) {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		if !fenced && strings.HasPrefix(line, "#") {
			b.WriteString(strings.Repeat("#", n))
		}
		b.WriteString(line)
	}
	return b.String()
}
