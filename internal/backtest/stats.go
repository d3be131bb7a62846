package backtest

import (
	"fmt"
	"math"
	"strings"

	"holdfast/playbooks"
	"holdfast/rules"
)

// finish computes the share and its interval from the counts.
func (s *Share) finish() {
	if s.Of == 0 {
		return
	}
	s.Value = float64(s.Hits) / float64(s.Of)
	s.Low, s.High = wilson(s.Hits, s.Of)
}

// wilson is the 95 % score interval of a proportion, good for few cases and for
// proportions near 0 and 1.
func wilson(hits, of int) (low, high float64) {
	const z = 1.959964
	n, p := float64(of), float64(hits)/float64(of)
	middle := p + z*z/(2*n)
	spread := z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return max(0, (middle-spread)/(1+z*z/n)), min(1, (middle+spread)/(1+z*z/n))
}

// quantile of sorted days, between neighbours where it falls between them; 0 of none.
func quantile(days []int, q float64) float64 {
	if len(days) == 0 {
		return 0
	}
	at := q * float64(len(days)-1)
	i := int(at)
	if i+1 == len(days) {
		return float64(days[i])
	}
	return float64(days[i]) + (at-float64(i))*float64(days[i+1]-days[i])
}

// times is a count in words.
func times(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// cut is what stands before and after the first colon of a line's words.
func cut(words string) (before, after string, ok bool) { return strings.Cut(words, ": ") }

// warmUp is how many days a recording must be running before the metrics that
// book's triggers read mean what they will mean: twice the widest window, for a
// trend looks at the window before.
func warmUp(set *rules.Set, book *playbooks.Playbook) int {
	read := map[string]bool{}
	for _, t := range book.Triggers {
		for _, x := range []*rules.Expr{t.When, t.Rearm, t.At, book.When} {
			if x == nil {
				continue
			}
			for _, name := range x.Reads().Metrics {
				read[name] = true
			}
		}
	}
	widest := 0
	for _, m := range set.Metrics() {
		if read[m.Name] {
			widest = max(widest, m.Window)
		}
	}
	return 2 * widest
}

// warn says what of the question a recording cannot answer.
func (r *Report) warn(book *playbooks.Playbook, q Question) {
	recorded := map[string]bool{}
	for _, m := range q.Messages {
		recorded[m.Event] = true
	}
	for _, t := range book.Triggers {
		switch {
		case t.On == "" || recorded[t.On]:
		case strings.Contains(t.On, ".") && !q.Full:
			r.Warnings = append(r.Warnings, fmt.Sprintf("trigger %s waits for %s, which only running playbooks bring: ask with --full", t.ID, t.On))
		case !strings.Contains(t.On, "."):
			r.Warnings = append(r.Warnings, fmt.Sprintf("trigger %s waits for %s, and none was recorded", t.ID, t.On))
		}
	}
}
