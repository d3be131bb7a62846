package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"holdfast/internal/config"
	"holdfast/internal/store"
)

// printer prints what happens, a line each: for people, or as JSON.
type printer struct {
	out     io.Writer
	json    bool
	verbose bool // waits and branches too
	color   bool
	day     string
}

// terminal reports whether w is one, and colours are wanted there.
func terminal(w io.Writer) bool { return !config.FromEnvironment().NoColor && tty(w) }

// tty reports whether a person reads w.
func tty(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

var colours = map[string]string{
	"email": "\x1b[36m", "slack": "\x1b[35m", "task": "\x1b[33m", "shift": "\x1b[2m", "skip": "\x1b[2m", "wait": "\x1b[2m",
	"branch": "\x1b[2m", "exit": "\x1b[1m", "outcome": "\x1b[1m", "goal": "\x1b[32m", "error": "\x1b[31m", "brake": "\x1b[31m",
}

// Line prints l. Days get a heading, so that the rows stay narrow.
func (p *printer) Line(l store.Line) error {
	if p.json {
		return p.JSON(l)
	}
	if !p.verbose && (l.Kind == "wait" || l.Kind == "branch") {
		return nil
	}
	if day := l.At.UTC().Format("Monday 2 January 2006"); day != p.day {
		p.day = day
		if _, err := fmt.Fprintf(p.out, "\n%s\n", day); err != nil {
			return err
		}
	}
	to := l.To
	if l.Channel != "" && to != "" {
		to = l.Channel + " to " + to
	}
	if at, err := time.Parse(time.RFC3339, l.Local); err == nil && to != "" {
		to += at.Format(" (15:04 -07:00)")
	}
	var said []string
	for _, part := range []string{to, l.Outcome, l.Reason} {
		if part != "" {
			said = append(said, part)
		}
	}
	row := fmt.Sprintf("  %s  %-18s %-15s %-8s %-18s %s", l.At.UTC().Format("15:04"), fit(l.Account, 18), fit(l.Playbook, 15), l.Kind, fit(l.Path, 18), strings.Join(said, "; "))
	row = strings.TrimRight(row, " ")
	if c := colours[l.Kind]; p.color && c != "" {
		row = c + row + "\x1b[0m"
	}
	_, err := fmt.Fprintln(p.out, row)
	return err
}

// JSON prints v on one line.
func (p *printer) JSON(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.out, "%s\n", text)
	return err
}

// fit cuts s to n runes, with an ellipsis when it is longer.
func fit(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}
