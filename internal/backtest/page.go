package backtest

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"date": date, "percent": percent, "stamp": func(t time.Time) string {
		if t.IsZero() {
			return "–"
		}
		return t.UTC().Format("2006-01-02 15:04")
	},
	"said":     Entry.said,
	"lift":     (*Label).liftWords,
	"share":    func(s Share, what string) string { return s.words(what) },
	"peak":     func(p Peak) string { return p.words("a day") },
	"outcomes": outcomes, "counts": counts, "book": book, "at": at,
	"joined": func(words []string) string { return strings.Join(words, ", ") },
}).Parse(pageText))

// HTML writes r as one page that needs nothing else: no script, no font, no host.
func (r *Report) HTML(out io.Writer) error {
	head, rows := r.sweepTable()
	var b bytes.Buffer
	err := pageTemplate.Execute(&b, map[string]any{
		"R": r, "Weeks": weeksChart(r), "Lead": leadChart(r.Label), "Curve": curveChart(r), "SweepHead": head, "SweepRows": rows, "Best": bestWords(r),
	})
	if err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	_, err = out.Write(b.Bytes())
	return err
}
