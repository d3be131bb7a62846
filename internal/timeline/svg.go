package timeline

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Measures of the picture, in pixels.
const (
	names   = 190 // the column of step names
	chart   = 860
	rowHigh = 24
	top     = 54
	edge    = 20
)

var tones = map[string]string{
	"email": "#0369a1", "webhook": "#0369a1", "slack": "#7e22ce", "task": "#b45309", "approval": "#b45309", "review": "#b45309",
	"wait": "#cbd5e1", "shift": "#94a3b8", "skip": "#94a3b8", "branch": "#475569", "error": "#b91c1c", "brake": "#b91c1c", "exit": "#b91c1c",
	"outcome": "#b91c1c", "goal": "#15803d", "enroll": "#15803d",
}

func tone(kind string) string {
	if c, ok := tones[kind]; ok {
		return c
	}
	return "#475569"
}

// SVG is the story as a picture: a row for each step, time from left to right.
func (s Story) SVG() string {
	rows, from, to := s.tracks()
	if !to.After(from) {
		to = from.Add(24 * time.Hour)
	}
	p := painter{from: from, span: to.Sub(from)}
	height := top + len(rows)*rowHigh + 46
	p.printf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img" font-family="system-ui, sans-serif">`+"\n", names+chart+2*edge, height)
	p.printf("<title>%s</title>\n<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n", escape(s.Title), names+chart+2*edge, height)
	p.text(edge, 20, "font-size=\"14\" font-weight=\"600\" fill=\"#0f172a\"", s.Title)
	p.days(s, height-46)
	for i, t := range rows {
		p.row(s, t, top+i*rowHigh)
	}
	for _, l := range s.Lines {
		switch l.Kind {
		case "exit", "outcome", "goal", "enroll":
			p.printf(`<g><title>%s</title><path d="M%[2]d %d V%d" stroke="%s" stroke-width="2"/></g>`+"\n",
				escape(s.when(l.At)+" "+l.Kind+" "+Words(l)), p.x(l.At), top-8, height-40, tone(l.Kind))
		}
	}
	if last := s.ending(); last != "" {
		p.text(edge, height-14, "font-size=\"12\" fill=\"#0f172a\"", last)
	}
	p.out.WriteString("</svg>\n")
	return p.out.String()
}

// ending is how the story ends, in one line.
func (s Story) ending() string {
	for _, l := range slices.Backward(s.Lines) {
		if l.Kind == "exit" || l.Kind == "outcome" {
			return s.when(l.At) + ": " + Words(l)
		}
	}
	return s.Note
}

type painter struct {
	out  strings.Builder
	from time.Time
	span time.Duration
}

func (p *painter) printf(format string, args ...any) { fmt.Fprintf(&p.out, format, args...) }

func (p *painter) x(t time.Time) int {
	return edge + names + int(float64(t.Sub(p.from))/float64(p.span)*chart)
}

func (p *painter) text(x, y int, how, what string) {
	p.printf(`<text x="%d" y="%d" %s>%s</text>`+"\n", x, y, how, escape(what))
}

// days draws a line at midnight, every so many days that about a dozen fit.
func (p *painter) days(s Story, bottom int) {
	step := 1
	for _, n := range []int{1, 2, 7, 14, 28, 56, 112, 224} {
		if step = n; p.span.Hours()/24/float64(n) <= 13 {
			break
		}
	}
	y, m, d := p.from.In(s.zone()).Date()
	last := p.from.Add(p.span)
	for at := time.Date(y, m, d+1, 0, 0, 0, 0, s.zone()); !at.After(last); at = at.AddDate(0, 0, step) {
		p.printf(`<path d="M%d %d V%d" stroke="#e2e8f0"/>`+"\n", p.x(at), top-8, bottom)
		p.text(p.x(at)+3, top-12, `font-size="10" fill="#64748b"`, at.Format("Mon 2 Jan"))
	}
}

func (p *painter) row(s Story, t *track, y int) {
	p.text(edge, y+16, `font-size="12" fill="#334155"`, cut(t.path, 28))
	middle := y + rowHigh/2
	for _, b := range t.bars {
		dash := ""
		if b.kind == "shift" {
			dash = ` stroke-dasharray="3 3"`
		}
		p.printf(`<g><title>%s</title><path d="M%d %d H%d" stroke="%s" stroke-width="%d"%s/></g>`+"\n",
			escape(s.when(b.from)+" to "+s.when(b.to)+": "+b.words), p.x(b.from), middle, max(p.x(b.to), p.x(b.from)+2), tone(b.kind), map[bool]int{true: 3, false: 8}[b.kind == "shift"], dash)
	}
	for _, m := range t.marks {
		p.printf(`<g><title>%s</title>%s</g>`+"\n", escape(s.when(m.at)+" "+m.kind+": "+m.words), shape(m.kind, p.x(m.at), middle))
	}
}

// shape of a mark: what goes out is round, a choice a diamond, a skip a cross.
func shape(kind string, x, y int) string {
	c := tone(kind)
	switch kind {
	case "branch", "split":
		return fmt.Sprintf(`<path d="M%d %dl6 6-6 6-6-6z" fill="%s"/>`, x, y-6, c)
	case "skip", "error":
		return fmt.Sprintf(`<path d="M%d %dl9 9m0-9l-9 9" stroke="%s" stroke-width="2"/>`, x-4, y-4, c)
	}
	return fmt.Sprintf(`<circle cx="%d" cy="%d" r="5" fill="%s"/>`, x, y, c)
}

func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

func escape(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		return "" // a builder takes all that is written to it
	}
	return b.String()
}
