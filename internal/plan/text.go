package plan

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"holdfast/playbooks"
	"holdfast/steps"
)

// Print writes the plan for people. color marks what is added, changed and removed.
func (p *Plan) Print(w io.Writer, color bool) error {
	out := &printer{w: bufio.NewWriter(w), color: color}
	out.head(p)
	for _, b := range p.Playbooks {
		if b.Op != "" || b.Behind > 0 {
			out.playbook(p, b)
		}
	}
	if len(p.Live) > 0 {
		out.line("")
		out.line("rules and settings, which hold for every version:")
		out.changes(p.Live, true)
	}
	out.triggers(p.Triggers)
	for _, problem := range p.Problems {
		out.line("")
		out.colored("31", "cannot be applied: "+problem.What)
		if problem.Hint != "" {
			out.line("  " + problem.Hint)
		}
	}
	out.line("")
	out.line(p.Summary())
	return out.w.Flush()
}

// Summary is the plan in one line.
func (p *Plan) Summary() string {
	count := map[Op]int{}
	for _, b := range p.Playbooks {
		count[b.Op]++
	}
	if !p.Changes() {
		said := "nothing to publish: the directory is " + release(p.Release)
		if n := p.Moves(); n > 0 {
			return said + fmt.Sprintf("; %d running to move, %d blocked", n, p.Blocked())
		}
		return said
	}
	said := fmt.Sprintf("playbooks: %d added, %d changed, %d removed", count[Added], count[Changed], count[Removed])
	if n := count[Text]; n > 0 {
		said += fmt.Sprintf(", %d in their text only", n)
	}
	if n := len(p.Live); n > 0 {
		said += "; " + plural(n, "change", "changes") + " of rules and settings"
	}
	if p.Move.Any() {
		return said + fmt.Sprintf("; %d running to move, %d blocked", p.Moves(), p.Blocked())
	}
	return said + fmt.Sprintf("; %d running, none is moved", len(p.Enrollments))
}

func release(n int64) string {
	if n == 0 {
		return "not applied yet"
	}
	return fmt.Sprintf("release %d", n)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

type printer struct {
	w     *bufio.Writer
	color bool
}

func (o *printer) line(text string) { fmt.Fprintln(o.w, text) }

func (o *printer) colored(code, text string) {
	if o.color {
		text = "\x1b[" + code + "m" + text + "\x1b[0m"
	}
	o.line(text)
}

// signs and colours of the ops, as terraform has them.
var signs = map[Op][2]string{
	Added: {"+", "32"}, Removed: {"-", "31"}, Changed: {"~", "33"}, Moved: {"~", "33"}, Renamed: {"~", "33"}, Text: {"~", "2"}, "": {" ", "0"},
}

func (o *printer) head(p *Plan) {
	text := "against " + release(p.Release)
	if p.Release == 0 {
		text = "against what is published; no release is in force"
	}
	if p.Source != "" {
		text += ", from " + p.Source
	}
	o.line(text)
}

func (o *printer) playbook(p *Plan, b Playbook) {
	o.line("")
	text := signs[b.Op][0] + " playbook " + b.Name
	switch {
	case b.Old == "" && b.New != "":
		text += ": version " + playbooks.Short(b.New)
	case b.New == "":
		text += ": its triggers stop"
	case b.Old != b.New:
		text += ": version " + playbooks.Short(b.Old) + " -> " + playbooks.Short(b.New)
	default:
		text += ": version " + playbooks.Short(b.New) + ", unchanged"
	}
	o.colored(signs[b.Op][1], text)
	o.changes(b.Changes, false)
	var mine []Group
	for _, g := range p.Groups {
		if g.Playbook == b.Name && g.Fate != Broken && (g.Fate != Kept || b.Op == Removed) {
			mine = append(mine, g)
		}
	}
	if len(mine) == 0 {
		return
	}
	o.running(p, b, mine)
}

func (o *printer) running(p *Plan, b Playbook, mine []Group) {
	version := ""
	for _, g := range mine {
		if g.Version != version {
			version = g.Version
			n := 0
			for _, other := range mine {
				if other.Version == version {
					n += other.Count
				}
			}
			text := fmt.Sprintf("  %d running on version %s", n, playbooks.Short(version))
			switch {
			case b.Op == Removed:
			case p.Move.Of(b.Name):
				text += ":"
			default:
				text += " stay on it to their end; a move would do this:"
			}
			o.line(text)
		}
		o.line("    " + g.words())
	}
}

// words are a group on one line.
func (g Group) words() string {
	at := "not begun"
	if g.Step != "" {
		at = "at " + g.Step
	}
	said := fmt.Sprintf("%4d %s: ", g.Count, at)
	switch g.Fate {
	case steps.Blocked:
		said += "blocked because " + strings.Join(g.Notes, "; ")
	case steps.Stays:
		said += "moves, and stays at " + g.To
	case steps.Lands:
		said += "moves"
	case steps.Begins:
		said += "begins in the new version"
	case steps.Ends:
		said += "moves, and ends as completed"
		if g.Code == "exit" {
			said = strings.TrimSuffix(said, " as completed") + " at once"
		}
	case Kept:
		return said + strings.Join(g.Notes, "; ")
	default:
		said += string(g.Fate)
	}
	if g.Fate != steps.Blocked && len(g.Notes) > 0 {
		said += "; " + strings.Join(g.Notes, "; ")
	}
	if !g.First.IsZero() {
		said += "; wakes " + span(g.First, g.Last)
	}
	if len(g.Runs) > 0 {
		said += "; will do what is new: " + strings.Join(g.Runs, ", ")
	}
	if len(g.Skips) > 0 {
		said += "; will not do what stands before it: " + strings.Join(g.Skips, ", ")
	}
	return said
}

func span(from, to time.Time) string {
	const layout = "2 Jan 2006 15:04"
	a, b := from.UTC().Format(layout), to.UTC().Format(layout)
	if a == b {
		return a + " UTC"
	}
	return a + " to " + b + " UTC"
}

func (o *printer) changes(all []Change, notes bool) {
	last := ""
	for _, c := range all {
		op := c.Op
		if c.inside() {
			op = Changed
		}
		o.colored(signs[op][1], "    "+signs[op][0]+" "+c.words())
		if c.Note != "" && (notes || c.Op == Changed || c.Op == Text) && c.What+c.Note != last && !strings.HasPrefix(c.What, "template ") && c.Op != Text {
			last = c.What + c.Note
			if notes || strings.HasPrefix(c.Note, "for ") {
				o.line("        " + c.Note)
			}
		}
	}
}

// inside reports whether a key came or went in a part that stays.
func (c Change) inside() bool {
	return (c.Op == Added || c.Op == Removed) && c.Key != "" && !strings.Contains(c.Key[max(0, strings.LastIndex(c.Key, "row ")):], "row ") && !strings.HasPrefix(c.Key, "fields ")
}

// words are a change on one line.
func (c Change) words() string {
	what := c.What
	if c.Key != "" {
		what += ": " + c.Key
	}
	switch {
	case c.inside():
		return fmt.Sprintf("%s: %s -> %s", what, clip(c.Old), clip(c.New))
	case c.Op == Added:
		return said(what, c.New, placed(c))
	case c.Op == Removed:
		return said(what, c.Old, placed(c))
	}
	switch c.Op {
	case Renamed:
		return fmt.Sprintf("%s: called %s before", what, c.Old)
	case Moved:
		if c.Old == "" {
			return what + ": " + c.Note
		}
		return fmt.Sprintf("%s: stands %s now, stood %s", what, c.New, c.Old)
	case Text:
		return what + ": " + c.Note
	case Changed, Added, Removed:
	}
	if c.Old == "" && c.New == "" {
		return what + ": " + c.Note
	}
	return fmt.Sprintf("%s: %s -> %s", what, clip(c.Old), clip(c.New))
}

func placed(c Change) string {
	if strings.HasPrefix(c.What, "step ") && c.Key == "" || strings.HasPrefix(c.Note, "the playbook") {
		return c.Note
	}
	return ""
}

func said(what, value, note string) string {
	if value != "" {
		what += " " + clip(value)
	}
	if note != "" {
		what += ", " + note
	}
	return what
}

// clip keeps a line readable; the JSON has all of it.
func clip(s string) string {
	const most = 160
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	if s == "" {
		return "nothing"
	}
	return s
}

func (o *printer) triggers(all []Trigger) {
	for i, t := range all {
		if i == 0 {
			o.line("")
			o.line("conditions that are new:")
		}
		what := "they are marked, and not enrolled"
		if t.Enrols {
			what = "they are enrolled at once (existing: enroll)"
		}
		if t.True == 0 {
			what = "nobody is enrolled by it yet"
		}
		o.line(fmt.Sprintf("    %s/%s is true of %s already: %s", t.Playbook, t.Trigger, plural(t.True, "account", "accounts"), what))
	}
}
