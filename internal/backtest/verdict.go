package backtest

import (
	"fmt"
	"strings"
)

func percent(x float64) string {
	if x < 0.1 {
		return fmt.Sprintf("%.1f %%", 100*x)
	}
	return fmt.Sprintf("%.0f %%", 100*x)
}

func (s Share) words(what string) string {
	if s.Of == 0 {
		return "no case"
	}
	return fmt.Sprintf("%s: %d of %d %s (95 %% interval %s to %s)", percent(s.Value), s.Hits, s.Of, what, percent(s.Low), percent(s.High))
}

func (t *text) verdict(r *Report) {
	l := r.Label
	if l == nil {
		return
	}
	t.title(fmt.Sprintf("%s within %d days", l.Event, l.Within))
	rows := [][]string{
		{"precision", l.Right.words("judged entries were right")},
		{"recall", l.Caught.words("events had an entry before them")},
		{"by chance", fmt.Sprintf("%s: what an account at risk on any day is worth (%d accounts)", percent(l.Base), l.AtRisk)},
	}
	if l.Lift > 0 {
		rows = append(rows, []string{"lift", l.liftWords()})
	}
	if len(l.Lead.Days) > 0 {
		rows = append(rows, []string{"lead time", fmt.Sprintf("median %.0f days, half of them between %.0f and %.0f", l.Lead.Median, l.Lead.Q1, l.Lead.Q3)})
	}
	t.table(rows)
	t.histogram(l)
	var left []string
	for _, x := range []struct {
		n    int
		what string
	}{
		{l.Earlier, "entries of accounts that had it before"},
		{l.Open, "entries whose days are not over yet"},
		{l.Unlooked, "events before triggers had been looked at for so long"},
		{l.Unknown, "events of accounts that nobody had named"},
		{l.Repeated, "events that are not the first of their account"},
	} {
		if x.n > 0 {
			left = append(left, fmt.Sprintf("%d %s", x.n, x.what))
		}
	}
	if len(left) > 0 {
		t.para("left out: " + strings.Join(left, "; "))
	}
}

// liftWords says what the lift is worth. It is a difference only where chance
// lies outside of the precision's interval.
func (l *Label) liftWords() string {
	switch {
	case l.byChance():
		return fmt.Sprintf("%.1f: no difference from picking at random can be seen", l.Lift)
	case l.Lift < 1:
		return fmt.Sprintf("%.1f: worse than picking at random", l.Lift)
	}
	return fmt.Sprintf("%.1f times as good as picking at random", l.Lift)
}

// byChance reports that the precision cannot be told from chance.
func (l *Label) byChance() bool { return l.Base >= l.Right.Low && l.Base <= l.Right.High }

// bin is one class of lead times: days from and to, inclusive, and how many.
type bin struct{ from, to, n int }

// bins is the lead times in about nine classes of equal width; the last takes
// the last day too.
func (l *Label) bins() (all []bin) {
	width := max(1, (l.Within+8)/9)
	for from := 0; from < max(l.Within, 1); from += width {
		all = append(all, bin{from: from, to: from + width - 1})
	}
	all[len(all)-1].to = l.Within
	for _, d := range l.Lead.Days {
		all[min(d/width, len(all)-1)].n++
	}
	return all
}

func (b bin) words() string { return fmt.Sprintf("%d–%d", b.from, b.to) }

// fullest is the greatest count of any.
func fullest(bins []bin) int {
	most := 0
	for _, b := range bins {
		most = max(most, b.n)
	}
	return most
}

func (t *text) histogram(l *Label) {
	if len(l.Lead.Days) == 0 {
		return
	}
	bins := l.bins()
	for _, b := range bins {
		bar := strings.Repeat("█", b.n*min(30, t.width-25)/fullest(bins))
		if b.n > 0 && bar == "" {
			bar = "▏"
		}
		t.f("  %3d–%-3d days  %s %d\n", b.from, b.to, bar, b.n)
	}
}
