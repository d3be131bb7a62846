// Command page writes docs/explain/performance.md and its picture from the rows
// that benchmarks have added to a file: go run ./bench/page ROWS DIRECTORY.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"holdfast/internal/paired"
)

// what each row is called on the page, and held to. A speed is the baseline's time
// divided by ours.
var known = []struct {
	name, what, baseline string
	limit                float64
	speed                bool
}{
	{"condition", "one trigger evaluation", "bare `Program.Eval` and filling its activation from the same record", 1.2, false},
	{"playbooks", "a message with 1,000 playbooks published", "with 10 published, the same 10 reading the changed field", 1.3, false},
	{"ingest", "messages taken in, deduplicated and evaluated, in batches of 100 (PostgreSQL)", "the same raw messages inserted into the events table", 0.3, true},
	{"scan", "the nightly scan by 25 playbooks, 1 % matches, to the outbox's commit (PostgreSQL)", "streaming the same columns, with types, to Go once", 3, false},
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: go run ./bench/page ROWS DIRECTORY")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(from, into string) error {
	rows, err := read(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(into, 0o755); err != nil { //nolint:gosec // a folder of pages
		return err
	}
	if err := os.WriteFile(filepath.Join(into, "performance.md"), []byte(page(rows)), 0o644); err != nil { //nolint:gosec // a page for people
		return err
	}
	return os.WriteFile(filepath.Join(into, "performance.svg"), []byte(picture(rows)), 0o644) //nolint:gosec // as above
}

// read the rows; of one name and size the last counts.
func read(from string) (rows []paired.Row, err error) {
	f, err := os.Open(from) //nolint:gosec // whoever runs it says which
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r paired.Row
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return nil, fmt.Errorf("read %s: %w", from, err)
		}
		if len(r.Ours) == 0 || len(r.Ours) != len(r.Theirs) {
			return nil, fmt.Errorf("read %s: row %s of %d has no pairs", from, r.Name, r.Size)
		}
		rows = append(slices.DeleteFunc(rows, func(o paired.Row) bool { return o.Name == r.Name && o.Size == r.Size }), r)
	}
	slices.SortStableFunc(rows, func(a, b paired.Row) int { return a.Size - b.Size })
	return rows, lines.Err()
}

const head = `# How fast it is

Each row is measured beside a floor that no program can do without, in blocks that take turns in one run on one machine. What counts is
the ratio: the median of the pairs, with the interval in which the true median lies with 95 %. A row misses its limit when the whole interval does.
Seconds are those of the last run, of a block. ` + "`make bench`" + ` runs them and writes this page.

| what | beside | size | ours | baseline | ratio (95 %) | pairs | limit | |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
`

func page(rows []paired.Row) string {
	var b strings.Builder
	b.WriteString(head)
	for _, k := range known {
		for _, r := range rows {
			if r.Name != k.name {
				continue
			}
			ratios, word := r.Ratios(), "at most"
			if k.speed {
				word = "at least"
				for i, x := range ratios {
					ratios[i] = 1 / x
				}
			}
			low, high := paired.Interval(ratios)
			kept := "kept"
			if k.speed && high < k.limit || !k.speed && low > k.limit {
				kept = "**missed**"
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %.3g s | %.3g s | %.2f (%.2f to %.2f) | %d | %s %.3g | %s |\n", k.what, k.baseline, thousands(r.Size),
				paired.Median(r.Ours), paired.Median(r.Theirs), paired.Median(ratios), low, high, len(ratios), word, k.limit, kept)
		}
	}
	b.WriteString("\nHow they grow, in seconds of a block:\n\n![how the scan and its baseline grow with the number of accounts](performance.svg)\n")
	return b.String()
}

func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
