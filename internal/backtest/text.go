package backtest

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"
)

// listed is how many entries the text shows; the CSV and JSON have them all.
const listed = 10

// Text writes r for people, in lines of at most width runes.
func (r *Report) Text(out io.Writer, width int) error {
	var b bytes.Buffer
	t := &text{out: &b, width: max(width, 50)}
	t.head(r)
	t.chart(r)
	t.verdict(r)
	t.overlap(r)
	t.load(r)
	t.sweep(r)
	t.entries(r)
	for _, w := range r.Warnings {
		t.para("note: " + w)
	}
	_, err := out.Write(b.Bytes())
	return err
}

type text struct {
	out   io.Writer
	width int
}

func (t *text) f(format string, args ...any) { fmt.Fprintf(t.out, format, args...) }

// para writes words broken at the width.
func (t *text) para(words string) {
	line := ""
	for w := range strings.FieldsSeq(words) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(w) > t.width {
			t.f("%s\n", line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += w
	}
	t.f("%s\n", line)
}

func (t *text) title(words string) { t.f("\n%s\n", words) }

func (t *text) table(rows [][]string) {
	w := tabwriter.NewWriter(t.out, 0, 4, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, "  "+strings.Join(row, "\t"))
	}
	_ = w.Flush() // a buffer takes everything
}

func (t *text) head(r *Report) {
	t.para(fmt.Sprintf("%s (%s) from %s to %s: %d messages, %d accounts", r.Playbook, strings.Join(r.Triggers, ", "), date(r.From), date(r.To), r.Messages, r.Accounts))
	accounts := map[string]bool{}
	by := map[string]int{}
	for _, e := range r.Entries {
		accounts[e.Account] = true
		by[e.Trigger]++
	}
	t.f("\n")
	said := times(len(r.Entries), "entry", "entries") + " of " + times(len(accounts), "account", "accounts")
	if len(by) > 1 {
		said += " (" + counts(by) + ")"
	}
	t.para(said)
	if len(r.Refused) > 0 {
		t.para("fired and was kept out: " + counts(r.Refused))
	}
	if r.Rejected > 0 {
		t.para(times(r.Rejected, "message was", "messages were") + " refused, as an import would")
		for _, p := range r.Problems {
			t.para("  " + p)
		}
	}
}

func counts(of map[string]int) string {
	var said []string
	for _, k := range slices.Sorted(maps.Keys(of)) {
		said = append(said, fmt.Sprintf("%s %d", k, of[k]))
	}
	return strings.Join(said, ", ")
}

func date(t time.Time) string { return t.UTC().Format("2 Jan 2006") }

var bars = []rune("▁▂▃▄▅▆▇█")

// spark draws values as one line; neighbours are added up when there is no room.
func spark(values []int, width int) (line string, each, most int) {
	each = (len(values) + width - 1) / max(width, 1)
	var sums []int
	for part := range slices.Chunk(values, max(each, 1)) {
		sum := 0
		for _, v := range part {
			sum += v
		}
		sums = append(sums, sum)
		most = max(most, sum)
	}
	var b strings.Builder
	for _, s := range sums {
		switch s {
		case 0:
			b.WriteRune(' ')
		default:
			b.WriteRune(bars[(s*len(bars)-1)/most])
		}
	}
	return b.String(), max(each, 1), most
}

func (t *text) chart(r *Report) {
	var entries, labels []int
	for _, w := range r.Weeks {
		entries, labels = append(entries, w.Entries), append(labels, w.Labels)
	}
	draw := func(what string, values []int) {
		line, each, most := spark(values, t.width-2)
		per := "a week"
		if each > 1 {
			per = fmt.Sprintf("in %d weeks", each)
		}
		t.title(fmt.Sprintf("%s %s, at most %d", what, per, most))
		t.f("  %s\n", line)
	}
	draw("entries", entries)
	if r.Label != nil {
		draw(r.Label.Event, labels)
	}
	from, to := r.From.UTC().Format("Jan 2006"), r.To.UTC().Format("Jan 2006")
	room := min(len(r.Weeks), t.width-2) - len(from) - len(to)
	t.f("  %s%s%s\n", from, strings.Repeat(" ", max(room, 1)), to)
}

func (t *text) overlap(r *Report) {
	if len(r.Overlap) == 0 {
		return
	}
	t.title("active at the same time as")
	rows := [][]string{{"playbook", "accounts", "account-days"}}
	for _, o := range r.Overlap {
		rows = append(rows, []string{o.Playbook, fmt.Sprint(o.Accounts), fmt.Sprint(o.Days)})
	}
	t.table(rows)
}

func (t *text) entries(r *Report) {
	if len(r.Entries) == 0 {
		return
	}
	t.title("the last entries (--csv writes all)")
	rows := [][]string{{"account", "when", "trigger", "label", "why"}}
	if r.Label == nil {
		rows[0] = []string{"account", "when", "trigger", "left", "why"}
	}
	for _, e := range r.Entries[max(0, len(r.Entries)-listed):] {
		what := e.said()
		rows = append(rows, []string{fit(e.Account, 18), e.At.UTC().Format("2006-01-02 15:04"), e.Trigger, what, fit(e.Why, max(20, t.width-65))})
	}
	t.table(rows)
}

// said is the entry's sequel in a word or two.
func (e Entry) said() string {
	switch e.Verdict {
	case right, wrong:
		if !e.LabelAfter.IsZero() {
			return fmt.Sprintf("%s, +%d d", e.Verdict, e.Days)
		}
		return e.Verdict + ", never"
	case earlier, open:
		return e.Verdict
	}
	if e.Outcome != "" {
		return e.Outcome
	}
	return "–"
}

func fit(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}
