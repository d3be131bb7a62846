package explain

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"holdfast/rules"
)

// Style of a printed report.
type Style struct {
	Color    bool
	All      bool // unfold playbooks that have nothing to say, too
	Calendar bool // it was asked for, so it comes first
}

// Print writes r for people: the short answer on the first line, what it rests
// on below. Control characters in values are escaped.
func (r *Report) Print(out io.Writer, style Style) error {
	p := &page{out: out, style: style, zone: r.zone, year: r.At.In(r.zone).Year()}
	p.line(0, "head", r.headline())
	p.line(0, "", "at "+r.At.In(r.zone).Format("Mon 2 Jan 2006 15:04")+" ("+r.Zone+")")
	for _, n := range r.Notes {
		p.line(0, "", "note: "+n)
	}
	if r.Event != nil {
		p.happening(r.Event)
	}
	if style.Calendar {
		p.calendar(r)
		return p.err
	}
	for i := range r.Playbooks {
		p.playbook(&r.Playbooks[i], len(r.Playbooks) == 1 && r.Event == nil)
	}
	if len(r.Assumed) > 0 {
		p.line(0, "", "")
		p.line(0, "dim", "what comes next takes for granted: "+strings.Join(r.Assumed, "; "))
	}
	return p.err
}

// headline is the short answer.
func (r *Report) headline() string {
	who := r.Account
	if r.Name != "" {
		who += " (" + r.Name + ")"
	}
	switch {
	case r.Event != nil:
		return who + ": on " + r.Event.Event + " " + r.Event.Short
	case len(r.Playbooks) == 1:
		return who + ", " + r.Playbooks[0].Name + ": " + r.Playbooks[0].Short
	}
	by := map[string][]string{}
	for _, b := range r.Playbooks {
		by[b.Verdict] = append(by[b.Verdict], b.Name)
	}
	var says []string
	for _, v := range []struct{ verdict, word string }{
		{Enrolled, "in"}, {WouldEnrol, "about to enter"}, {Pending, "later in"}, {Ended, "was in"}, {NotEnrolled, "not in"},
	} {
		if names := by[v.verdict]; len(names) > 0 {
			says = append(says, v.word+" "+strings.Join(names, ", "))
		}
	}
	if len(says) == 0 {
		return who + ": no playbook is published"
	}
	return who + ": " + strings.Join(says, "; ")
}

// page is where a report is printed.
type page struct {
	out   io.Writer
	style Style
	zone  *time.Location
	year  int
	err   error
}

var shades = map[string]string{
	"true": "\x1b[32m", "false": "\x1b[31m", "unknown": "\x1b[33m", "error": "\x1b[31m", "dim": "\x1b[2m", "head": "\x1b[1m",
}

func (p *page) line(depth int, shade, text string) {
	if p.err != nil {
		return
	}
	text = strings.Repeat("  ", depth) + plain(text)
	if c := shades[shade]; c != "" && p.style.Color {
		text = c + text + "\x1b[0m"
	}
	_, p.err = fmt.Fprintln(p.out, strings.TrimRight(text, " "))
}

// plain is text without anything that a terminal acts on: control characters and
// those that turn the direction of writing are escaped.
func plain(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == '\u2028', r == '\u2029':
			fmt.Fprintf(&b, "\\u%04x", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func (p *page) when(t time.Time) string {
	l := t.In(p.zone)
	if l.Year() == p.year {
		return l.Format("Mon 2 Jan 15:04")
	}
	return l.Format("Mon 2 Jan 2006 15:04")
}

func (p *page) playbook(b *Playbook, alone bool) {
	p.line(0, "", "")
	if !alone { // else the first line of all says it
		p.line(0, "head", b.Name+": "+b.Short)
	}
	if !p.style.All && b.Verdict == NotEnrolled {
		return
	}
	for i := range b.Enrollments {
		p.enrollment(&b.Enrollments[i])
	}
	p.named(1, "for every trigger", b.When)
	for i := range b.Triggers {
		t := &b.Triggers[i]
		head := "trigger " + t.ID + " (" + kindWords(t) + ")"
		if !strings.HasSuffix(b.Short, t.Why) {
			head += ": " + t.Why
		}
		p.line(1, verdictShade(t.Verdict), head)
		p.named(2, "date", t.Date)
		p.named(2, "when", t.When)
	}
	if len(b.Entry) > 0 && b.Verdict != Enrolled {
		p.line(1, "", "rules of entry: "+strings.Join(b.Entry, "; "))
	}
}

func verdictShade(v string) string {
	switch v {
	case Enrolled, WouldEnrol:
		return "true"
	case Pending:
		return "unknown"
	}
	return ""
}

func kindWords(t *Trigger) string {
	if t.Event != "" {
		return "event " + t.Event
	}
	return t.Kind
}

func (p *page) named(depth int, what string, n *rules.Node) {
	if n == nil {
		return
	}
	p.line(depth, "", what)
	p.tree(n, depth+1)
}

func (p *page) happening(h *Happening) {
	p.line(0, "", "")
	p.line(0, "head", h.Event+" would")
	for _, e := range h.Does {
		p.line(1, "true", "✓ "+e.What)
	}
	if len(h.Does) == 0 {
		p.line(1, "", h.Short)
	}
	for _, e := range h.DoesNot {
		p.line(1, "false", "✗ "+e.What)
		if p.style.All && e.When != nil {
			p.tree(e.When, 2)
		}
	}
}

func (p *page) calendar(r *Report) {
	p.line(0, "", "")
	if len(r.Calendar) == 0 {
		p.line(0, "", "nothing is due")
	}
	day := ""
	for _, c := range r.Calendar {
		if d := c.At.In(p.zone).Format("Monday 2 January 2006"); d != day {
			day = d
			p.line(0, "head", d)
		}
		who := c.At.In(p.zone).Format("15:04") + "  " + c.Playbook + "  " + strings.TrimPrefix(p.coming(c), p.when(c.At)+"  ")
		p.line(1, "", who)
		p.shifts(c, 3)
	}
	p.line(0, "", "")
	p.line(0, "dim", "this takes for granted: "+strings.Join(r.Assumed, "; "))
}
