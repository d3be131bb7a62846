package privacy

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// WriteCSV writes what is kept of a person as rows of section, time, what and value,
// with a header. No cell begins like a formula: spreadsheets run those (OWASP, CSV
// injection).
func (p Person) WriteCSV(out io.Writer) error {
	w := csv.NewWriter(out)
	row := func(section string, at time.Time, what string, value any) {
		when := ""
		if !at.IsZero() {
			when = at.UTC().Format(time.RFC3339)
		}
		_ = w.Write([]string{section, when, cell(what), cell(text(value))}) // w keeps its first error
	}
	_ = w.Write([]string{"section", "at", "what", "value"})
	row("contact", time.Time{}, "id", p.Contact)
	for _, id := range p.Former {
		row("contact", time.Time{}, "id before", id)
	}
	for _, a := range p.Accounts {
		row("contact", time.Time{}, "account", a)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Fields)) {
		row("field", p.Fields[name].At, name, p.Fields[name].Value)
	}
	for _, s := range p.Consent.Suppressed {
		row("suppressed", s.Since, s.Kind, s.Address)
	}
	for _, r := range p.Runs {
		row("enrollment", r.Started, r.Playbook, r.Outcome)
	}
	for _, e := range p.Events {
		row("event", e.At, e.Event, e.Props)
	}
	for _, t := range p.Touches {
		row("touch", t.At, t.Channel+" "+t.Playbook+"/"+t.Step, t.State)
		for _, s := range t.Told {
			row("told", s.At, s.What, s.Detail)
		}
	}
	for _, m := range p.Messages {
		row("message", m.At, m.Subject, m.Text)
	}
	for _, t := range p.Tasks {
		row("task", t.Opened, t.Title, t)
	}
	for _, l := range p.Timeline {
		row("timeline", l.At, l.What+" "+l.Outcome, l.Reason)
	}
	for _, n := range p.Named {
		for _, column := range slices.Sorted(maps.Keys(n.Texts)) {
			row("named in "+n.Table, time.Time{}, n.Key+" "+column, n.Texts[column])
		}
	}
	w.Flush()
	return w.Error()
}

func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
