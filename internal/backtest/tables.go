package backtest

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"time"
)

// load writes the work that a full run counted.
func (t *text) load(r *Report) {
	l := r.Load
	if l == nil {
		return
	}
	t.title("work, with every step simulated")
	t.table([][]string{
		{"mails", l.Mails.words("a day") + "; with all playbooks " + l.AllMails.words("a day")},
		{"moved", fmt.Sprintf("%d touches moved by a guardrail, %d kept back", l.Shifted, l.Skipped)},
		{"ended", outcomes(l.Outcomes) + "; " + times(l.Goals, "goal met", "goals met")},
	})
	rows := [][]string{{"owner", "accounts", "tasks", "a week", "fullest week", "all playbooks", "capacity"}}
	for _, o := range l.Owners {
		capacity := "not in team.yaml"
		if o.Capacity > 0 {
			capacity = fmt.Sprintf("%d a week: kept", o.Capacity)
			if o.Over > 0 {
				capacity = fmt.Sprintf("%d a week: over in %s", o.Capacity, times(o.Over, "week", "weeks"))
			}
		}
		rows = append(rows, []string{
			o.ID, book(o), fmt.Sprint(o.Tasks), fmt.Sprintf("%.1f", o.Mean), at(o.Most, o.Week), at(o.All, o.AllWeek), capacity,
		})
	}
	if len(rows) > 1 {
		t.f("\n")
		t.table(rows)
	}
}

func book(o Owner) string {
	if o.Book == 0 {
		return fmt.Sprint(o.Accounts)
	}
	return fmt.Sprintf("%d of %d", o.Accounts, o.Book)
}

func at(n int, day string) string {
	if n == 0 {
		return "0"
	}
	return fmt.Sprintf("%d (%s)", n, day)
}

func (p Peak) words(per string) string {
	if p.Total == 0 {
		return "none"
	}
	return fmt.Sprintf("%d, %.1f %s, at most %d on %s", p.Total, p.Mean, per, p.Most, p.Day)
}

func outcomes(of map[string]int) string {
	named := map[string]int{}
	for k, n := range of {
		if k == "" {
			k = "still running"
		}
		named[k] += n
	}
	if len(named) == 0 {
		return "none began"
	}
	return counts(named)
}

// sweep writes a row for each value.
func (t *text) sweep(r *Report) {
	if len(r.Sweep) == 0 {
		return
	}
	t.title("sweep: " + r.Swept)
	head, rows := r.sweepTable()
	t.table(append([][]string{head}, rows...))
	if words := bestWords(r); words != "" {
		t.f("\n")
		t.para(words)
	}
}

// sweepTable is the sweep as text cells, for the terminal and the page.
func (r *Report) sweepTable() (head []string, rows [][]string) {
	head = []string{"value", "entries"}
	if r.Label != nil {
		head = append(head, "precision", "recall", "F1", "lift", "lead, median")
	}
	if r.Load != nil {
		head = append(head, "mails, fullest day", "tasks, fullest week")
	}
	head = append(head, "")
	for _, row := range r.Sweep {
		cells := []string{row.Value, fmt.Sprint(row.Entries)}
		if l := row.Label; l != nil {
			lead := "–"
			if len(l.Lead.Days) > 0 {
				lead = fmt.Sprintf("%.0f d", l.Lead.Median)
			}
			cells = append(cells, l.Right.short(), l.Caught.short(), fmt.Sprintf("%.2f", l.F1), fmt.Sprintf("%.1f", l.Lift), lead)
		}
		if row.Load != nil {
			cells = append(cells, fmt.Sprint(row.Load.Mails.Most), fmt.Sprint(row.Load.busiest()))
		}
		var said []string
		if row.Best {
			said = append(said, "◀ best F1")
		}
		if row.Current {
			said = append(said, "as it is now")
		}
		rows = append(rows, append(cells, strings.Join(said, ", ")))
	}
	return head, rows
}

func (s Share) short() string {
	if s.Of == 0 {
		return "–"
	}
	return fmt.Sprintf("%s (%d/%d)", percent(s.Value), s.Hits, s.Of)
}

// CSV writes a line for each entry. Cells that a spreadsheet would run as a
// formula are quoted as text.
func (r *Report) CSV(out io.Writer) error {
	w := csv.NewWriter(out)
	if err := w.Write([]string{"account", "at", "trigger", "why", "left", "outcome", "label_before", "label_after", "days", "verdict"}); err != nil {
		return err
	}
	for _, e := range r.Entries {
		days := ""
		if !e.LabelAfter.IsZero() {
			days = fmt.Sprint(e.Days)
		}
		err := w.Write([]string{
			harmless(e.Account), stamp(e.At), e.Trigger, harmless(e.Why), stamp(e.Left), e.Outcome, stamp(e.LabelBefore), stamp(e.LabelAfter), days, e.Verdict,
		})
		if err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
