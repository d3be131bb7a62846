package backtest

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var began = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func on(n int) time.Time { return began.AddDate(0, 0, n) }

// accounts are known since day 0, but late since day 200 and nobody never.
func recorded() *past {
	p := &past{known: map[string]time.Time{}, labels: map[string][]time.Time{}, end: on(300)}
	for _, a := range []string{"right", "wrong", "before", "open", "twice", "missed", "edge", "never"} {
		p.known[a] = on(0)
	}
	p.known["late"] = on(200)
	for a, days := range map[string][]int{
		"right": {150}, "wrong": {290}, "before": {95}, "twice": {160, 200}, "missed": {200}, "edge": {190}, "late": {100}, "nobody": {120}, "early": {30},
	} {
		for _, d := range days {
			p.labels[a] = append(p.labels[a], on(d))
		}
	}
	p.known["early"] = on(0)
	return p
}

func TestAnEntryIsRightWhenTheLabelFollowsInTime(t *testing.T) {
	t.Parallel()
	entries := []Entry{
		{Account: "right", At: on(100)}, // 50 days ahead
		{Account: "wrong", At: on(100)}, // 190 days ahead: too early
		{Account: "never", At: on(50)},  // no label at all
		{Account: "before", At: on(95)}, // at the moment of the label is no longer before it
		{Account: "open", At: on(220)},  // the recording ends before 90 days are over
		{Account: "twice", At: on(100)}, // 60 days before the first
		{Account: "twice", At: on(130)}, // 30 days before the first, right as well
		{Account: "edge", At: on(100)},  // on the last day that counts
		{Account: "twice", At: on(165)}, // between the two
	}
	q := Question{Label: "Churned", Within: 90, From: on(0), To: on(300)}
	l := judged(q, recorded(), entries)
	var got []string
	for _, e := range entries {
		got = append(got, e.Verdict)
	}
	if d := cmp.Diff([]string{right, wrong, wrong, earlier, open, right, right, right, earlier}, got); d != "" {
		t.Error(d)
	}
	// Precision counts entries, recall counts events: right, twice and edge of
	// right, wrong, before, twice, missed and edge.
	for _, c := range []struct {
		what      string
		got, want any
	}{
		{"precision", [2]int{l.Right.Hits, l.Right.Of}, [2]int{4, 6}},
		{"recall", [2]int{l.Caught.Hits, l.Caught.Of}, [2]int{3, 6}},
		{"lead", l.Lead.Days, []int{50, 60, 90}},
		{"median", l.Lead.Median, 60.0},
		{"left out", [5]int{l.Earlier, l.Open, l.Unlooked, l.Unknown, l.Repeated}, [5]int{2, 1, 1, 2, 1}},
	} {
		if d := cmp.Diff(c.want, c.got); d != "" {
			t.Errorf("%s: %s", c.what, d)
		}
	}
}

// Of two accounts at risk for 210 and 150 days, one has the event within 90 of
// its days.
func TestTheBaseRateIsOfAccountDays(t *testing.T) {
	t.Parallel()
	p := &past{known: map[string]time.Time{"a": on(0), "b": on(0)}, labels: map[string][]time.Time{"b": {on(150)}}, end: on(300)}
	l := judged(Question{Label: "Churned", Within: 90, From: on(0), To: on(300)}, p, nil)
	if l.RiskDays != 360 || l.RightDays != 90 || l.AtRisk != 2 || l.Base != 0.25 {
		t.Errorf("got %d of %d days, %d accounts, base %v", l.RightDays, l.RiskDays, l.AtRisk, l.Base)
	}
}

// The figures are from the formula's original and from tables of it.
func TestTheIntervalIsWilsons(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		hits, of  int
		low, high float64
	}{{0, 10, 0, 0.2775}, {10, 10, 0.7225, 1}, {5, 10, 0.2366, 0.7634}, {81, 263, 0.2553, 0.3662}} {
		low, high := wilson(tt.hits, tt.of)
		if math.Abs(low-tt.low) > 0.0001 || math.Abs(high-tt.high) > 0.0001 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", tt.hits, tt.of, low, high, tt.low, tt.high)
		}
	}
}

func TestASweepReadsRangesAndLists(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, want string }{
		{"metric.x >= 20..50", "[20 23 26 29 32 35 38 41 44 47 50]"},
		{"metric.x >= 20..50/10", "[20 30 40 50]"},
		{"metric.x >= 3..5", "[3 4 5]"},
		{"trend(metric.x, days(30), 1.0) <= 0.5..0.9/0.1", "[0.5 0.6 0.7 0.8 0.9]"},
		{"trend(metric.x, days(20..40/10), 1.0)", "[20 30 40]"},
		{"-5..5/5", "[-5 0 5]"},
		{"metric.x < 20, 30,40", "[20 30 40]"},
		{"metric.x < 20", "error"},
		{"metric.x < 50..20", "error"},
		{"metric.x < 1..1000/1", "error"},
		{"metric.x < 1..9/0", "error"},
		{"", "error"},
	} {
		s, err := ParseSweep(tt.text)
		got := "error"
		if err == nil {
			got = fmt.Sprint(s.Values)
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s (%v)", tt.text, got, tt.want, err)
		}
	}
}

func FuzzParseSweep(f *testing.F) {
	for _, s := range []string{"metric.x >= 20..50/5", "a < 1,2", "..", "1e9..2/,", "0..9999999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSweep(text)
		if err == nil && (len(s.Values) == 0 || len(s.Values) > 1000) {
			t.Errorf("%q has %d values", text, len(s.Values))
		}
	})
}

func TestSparksAddUpWhatHasNoRoom(t *testing.T) {
	t.Parallel()
	line, each, most := spark([]int{0, 1, 2, 8, 0, 4}, 3)
	if line != "▁█▄" || each != 2 || most != 10 {
		t.Errorf("got %q, %d, %d", line, each, most)
	}
	if line, _, _ := spark([]int{0, 0}, 10); strings.TrimSpace(line) != "" {
		t.Errorf("nothing is drawn as %q", line)
	}
}
