package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"holdfast/internal/paired"
)

const head = `# How fast it is

Each row is measured beside a baseline that no program can do without, or that a good engineer would write instead: in blocks that take
turns in one run on one machine, so that whatever disturbs it disturbs both. What counts is the ratio of ours to the baseline: the median
of the pairs, with the interval in which the true median lies with 95 %. A limit is met when the whole interval keeps it, and missed when
the whole interval does not; anything else is undecided. With fewer than six pairs there is no such interval: the least and the greatest
are shown, and nothing is said.

` + "`make bench`" + ` measures all of it and writes this page.

`

const table = `| what | beside | ours | baseline | ratio (95 %) | pairs | limit | |
| --- | --- | --- | --- | --- | --- | --- | --- |
`

// page is the whole of it: each line at its greatest size or sizes, what a block of it is, and
// how the lines grow that were measured at several sizes.
func page(rows []paired.Row, where []string) string {
	var b strings.Builder
	b.WriteString(head + "Measured with " + strings.Join(where, ", ") + ".\n\n")
	if n := slices.MinFunc(rows, byPairs); len(n.Ours) < fewest {
		fmt.Fprintf(&b, "**This is a trial run:** rows of it are of %s, which shows that they can be measured and no more.\n\n", pairs(len(n.Ours)))
	}
	b.WriteString(table)
	for _, l := range lines {
		of := l.rows(rows)
		if len(of) == 0 {
			fmt.Fprintf(&b, "| %s | %s | | | | 0 | %s | not measured |\n", strings.ReplaceAll(l.what, "{} ", ""), l.baseline, l.bound())
			continue
		}
		for i, r := range of {
			if i < len(of)-1 && (l.from == 0 || r.Size < l.from) {
				continue
			}
			low, high := l.interval(r)
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %d | %s | %s |\n", l.fill(l.what, r), l.baseline,
				figure(paired.Median(r.Ours), r.Unit), figure(paired.Median(r.Theirs), r.Unit), l.ratio(r), len(r.Ours), l.bound(), l.verdict(low, high, len(r.Ours)))
		}
	}
	b.WriteString("\nWhere the limit is a least, the ratio is of speeds: the baseline's time by ours. The figures are medians, each of a block, or of what\nstands in brackets below.\n\n## What is measured\n\n")
	for _, l := range lines {
		if of := l.rows(rows); len(of) > 0 {
			r := of[len(of)-1]
			note := ""
			if r.Note != "" {
				note = " (" + r.Note + ")"
			}
			fmt.Fprintf(&b, "- `%s`: **%s**%s. %s\n", l.name, l.fill(l.what, r), note, l.fill(l.how, r))
		}
	}
	b.WriteString("\n## How it grows\n\nOf what was measured at several sizes. The last column is how many times as much ours takes for ten times the size, going by the size\n" +
		"before: 1 is no growth, 10 is in step with it. The other rows were measured at one size.\n\n| what | size | ours | baseline | ratio (95 %) | for ten times the size |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, l := range lines {
		of := l.rows(rows)
		for i, r := range of {
			if len(of) < 2 {
				continue
			}
			grows := ""
			if i > 0 {
				was := of[i-1]
				grows = fmt.Sprintf("%.1f", math.Pow(paired.Median(r.Ours)/paired.Median(was.Ours), 1/math.Log10(float64(r.Size)/float64(was.Size))))
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", l.name, thousands(r.Size), figure(paired.Median(r.Ours), r.Unit), figure(paired.Median(r.Theirs), r.Unit), l.ratio(r), grows)
		}
	}
	b.WriteString("\n![the rows of several sizes, ours and their baselines, in seconds over the size](performance.svg)\n\nThe figures of each pair are in [performance.jsonl](performance.jsonl), a row a line.\n")
	return b.String()
}

func byPairs(a, b paired.Row) int { return len(a.Ours) - len(b.Ours) }

func pairs(n int) string {
	if n == 1 {
		return "one pair"
	}
	return fmt.Sprintf("%d pairs", n)
}

// rows of l, by size.
func (l line) rows(all []paired.Row) (of []paired.Row) {
	for _, r := range all {
		if r.Name == l.name {
			of = append(of, r)
		}
	}
	return of
}

func (l line) fill(words string, r paired.Row) string {
	return strings.ReplaceAll(words, "{}", thousands(r.Size))
}

// ratios of the pairs, as l counts them.
func (l line) ratios(r paired.Row) []float64 {
	xs := r.Ratios()
	if l.speed {
		for i, x := range xs {
			xs[i] = 1 / x
		}
	}
	return xs
}

func (l line) interval(r paired.Row) (low, high float64) { return paired.Interval(l.ratios(r)) }

func (l line) ratio(r paired.Row) string {
	low, high := l.interval(r)
	return fmt.Sprintf("%.2f (%.2f to %.2f)", paired.Median(l.ratios(r)), low, high)
}

// bound is l's limit in words.
func (l line) bound() string {
	if l.limit == 0 {
		return ""
	}
	words := "at most"
	if l.speed {
		words = "at least"
	}
	words += fmt.Sprintf(" %g", l.limit)
	if l.goal != 0 {
		words += fmt.Sprintf(", goal %g", l.goal)
	}
	return words
}

// figure with its unit; "" is seconds.
func figure(x float64, unit string) string {
	switch {
	case unit == "bytes" || unit == "events":
		return thousands(int(math.Round(x))) + " " + unit
	case unit != "":
		return fmt.Sprintf("%.1f %s", x, unit)
	case x < 1e-3:
		return fmt.Sprintf("%.3g µs", 1e6*x)
	case x < 1:
		return fmt.Sprintf("%.3g ms", 1e3*x)
	}
	return fmt.Sprintf("%.*f s", cmp.Or(max(0, 2-int(math.Log10(x))), 0), x)
}

func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
