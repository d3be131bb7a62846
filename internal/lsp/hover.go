package lsp

import (
	"context"
	"strings"

	"holdfast/internal/calendar"
	"holdfast/internal/schema"
)

// hoverAt says what stands at off.
func hoverAt(_ context.Context, _ *server, d *document, off int, _ placeParams) (any, error) {
	t, ok := d.targetAt(off)
	if !ok || t.title == "" {
		return nil, nil
	}
	return hover{Contents: markdown(join(t.title, t.body)), Range: d.text.rng(t.start, t.end)}, nil
}

// keyTitle is the name of a key and what may stand there.
func keyTitle(k *schema.Key) string {
	title := "**" + k.Name + "**"
	switch {
	case k.Name == "*":
		title = "**" + strings.TrimSuffix(k.Path, ".*") + "**, a name of your own"
	case k.Type != "":
		title += " " + strings.ReplaceAll(k.Type, "|", " | ")
	}
	if k.Required {
		title += ", required"
	}
	return title
}

// keyBody is what the docs of a key say.
func keyBody(k *schema.Key) string {
	parts := []string{k.Summary}
	var means []string
	for _, word := range k.Words() {
		if m := k.Means[word]; m != "" {
			means = append(means, "- `"+word+"`: "+m)
		}
	}
	parts = append(parts, strings.Join(means, "\n"))
	if k.Default != "" {
		parts = append(parts, "Default: `"+strings.Trim(k.Default, "`")+"`")
	}
	if k.Example != "" {
		parts = append(parts, "Example: `"+k.Example+"`")
	}
	return join(parts...)
}

// spanBody says how a length of time is counted.
func spanBody(s calendar.Span) string {
	switch {
	case s.Business != 0:
		return "Weekends, public holidays and closures do not count."
	case s.Months != 0:
		return "To the same day of a later month, or its last day; the local time of day is kept."
	case s.Days != 0:
		return "By the calendar: the local time of day is kept over changes to summer time."
	}
	return "By the clock."
}
