package playtest

import (
	"fmt"
	"slices"
	"strings"

	"holdfast/internal/diag"
)

// How rows are marked, and coloured on a terminal.
const (
	agrees  = ' '
	differs = '!'
	missing = '-'
	tooMuch = '+'
)

var colours = map[rune]string{agrees: "2", differs: "33", missing: "31", tooMuch: "31"}

// Paint colours text with an ANSI code when colours are wanted.
func Paint(code, text string, colour bool) string {
	if !colour || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// near is how many rows that agree are shown around one that does not; most is
// how many rows are shown at all.
const (
	near = 3
	most = 200
)

// Diff is what was expected beside what happened, each row with its line in the
// test's file, in lines of at most width cells (at least 60).
//
//	!  25 Tue 2026-01-20 task linkedin to mira | Wed 2026-01-21 09:01 task linkedin to mira
//	-  26 outcome responded                    |
//	+                                          | Mon 2026-01-26 11:20 touch story to acme-dana
func (r Result) Diff(width int, colour bool) string {
	var out strings.Builder
	if r.Err != nil {
		fmt.Fprintf(&out, "  %s\n", Paint("31", plain(r.Err.Error()), colour))
		if len(r.Happened) > 0 {
			fmt.Fprintln(&out, "  what happened until then:")
		}
		for _, h := range r.Happened {
			fmt.Fprintf(&out, "    %s\n", Paint("2", h.String(), colour))
		}
		return out.String()
	}
	left := (max(width, 60) - 11) / 2
	right := max(width, 60) - 11 - left
	if r.anyBad() {
		fmt.Fprintf(&out, "        %s | %s\n", Paint("1", pad("expected", left), colour), Paint("1", "happened", colour))
	}
	hidden := 0
	for i, row := range r.Rows {
		if i >= most && r.anyBad() {
			fmt.Fprintf(&out, "        … and %d more\n", len(r.Rows)-i)
			hidden = 0
			break
		}
		if !r.anyBad() || !r.nearBad(i) {
			hidden++
			continue
		}
		out.WriteString(elided(hidden, colour))
		hidden = 0
		row.write(&out, left, right, colour)
	}
	if r.anyBad() {
		out.WriteString(elided(hidden, colour))
	}
	for _, f := range r.Fields {
		fmt.Fprintf(&out, "%s %4d %s\n", Paint("33", "!", colour), f.At.Line,
			plain(fmt.Sprintf("at the end account.%s is %s, not %s", f.Name, f.Got, f.Want)))
	}
	return out.String()
}

func (r Result) nearBad(i int) bool {
	for j := max(0, i-near); j <= min(i+near, len(r.Rows)-1); j++ {
		if r.Rows[j].Bad() {
			return true
		}
	}
	return false
}

func elided(n int, colour bool) string {
	if n == 0 {
		return ""
	}
	return Paint("2", fmt.Sprintf("        … %d more as expected", n), colour) + "\n"
}

// write puts both sides beside each other, wrapped, and says below them how they differ.
func (row Row) write(out *strings.Builder, left, right int, colour bool) {
	mark, line, want, got := agrees, "", "", ""
	if row.Want != nil {
		line, want = fmt.Sprint(row.Want.At.Line), row.Want.String()
	}
	if row.Got != nil {
		got = row.Got.String()
	}
	switch {
	case row.Got == nil:
		mark = missing
	case row.Want == nil:
		mark = tooMuch
	case len(row.Wrong) > 0:
		mark = differs
	}
	a, b := wrap(want, left), wrap(got, right)
	for i := range max(len(a), len(b)) {
		var x, y string
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		sign := " "
		if i == 0 {
			sign = string(mark)
		}
		text := strings.TrimRight(fmt.Sprintf("%s %4s  %s | %s", sign, line, pad(x, left), y), " ")
		fmt.Fprintln(out, Paint(colours[mark], text, colour))
		line = ""
	}
	notes := row.Wrong
	if row.Bad() && row.Got != nil {
		for _, why := range row.Got.Moved {
			notes = append(slices.Clip(notes), "put off: "+why)
		}
	}
	for _, note := range notes {
		for i, text := range wrap(plain(note), left+right-2) {
			lead := "  "
			if i == 0 {
				lead = "= "
			}
			fmt.Fprintf(out, "          %s%s\n", lead, text)
		}
	}
}

func pad(s string, cells int) string {
	return s + strings.Repeat(" ", max(cells-diag.Cells(s), 0))
}

// wrap breaks s between words into lines of at most so many cells; a longer word
// is cut.
func wrap(s string, cells int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(s) {
		for diag.Cells(word) > cells {
			cut := cutAt(word, cells-diag.Cells(line)-1)
			if cut == 0 {
				if line == "" {
					break
				}
				lines, line = append(lines, line), ""
				continue
			}
			if line != "" {
				line += " "
			}
			lines, line, word = append(lines, line+word[:cut]), "", word[cut:]
		}
		switch {
		case line == "":
			line = word
		case diag.Cells(line)+1+diag.Cells(word) <= cells:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// cutAt is how many bytes of s fit into so many cells.
func cutAt(s string, cells int) int {
	used := 0
	for i, r := range s {
		if used += diag.Cells(string(r)); used > cells {
			return i
		}
	}
	return len(s)
}
