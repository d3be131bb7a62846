// Command page writes docs/explain/performance.md, its picture and its figures from the rows
// that benchmarks have added to a file:
// go run ./bench/page -commit COMMIT ROWS DIRECTORY.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"holdfast/internal/paired"
)

func main() {
	commit := flag.String("commit", "", "what was measured")
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./bench/page [-commit COMMIT] ROWS DIRECTORY")
		os.Exit(2)
	}
	if err := run(flag.Arg(0), flag.Arg(1), machine(*commit)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// machine is what a stranger must know of where rows were measured, and no name of it.
func machine(commit string) []string {
	words := []string{runtime.Version(), fmt.Sprintf("%s/%s", runtime.GOOS, runtime.GOARCH), fmt.Sprintf("%d cores", runtime.NumCPU())}
	if commit != "" {
		words = append([]string{"commit " + commit}, words...)
	}
	return words
}

// run writes the page, the picture and the raw figures into a folder, which it makes.
func run(from, into string, where []string) error {
	rows, with, err := read(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(into, 0o755); err != nil { //nolint:gosec // a folder of pages
		return err
	}
	if err := os.WriteFile(filepath.Join(into, "performance.md"), []byte(page(rows, append(where, with...))), 0o644); err != nil { //nolint:gosec // a page for people
		return err
	}
	figures, err := raw(rows)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(into, "performance.jsonl"), figures, 0o644); err != nil { //nolint:gosec // as above
		return err
	}
	return os.WriteFile(filepath.Join(into, "performance.svg"), []byte(picture(rows)), 0o644) //nolint:gosec // as above
}

// raw are the figures of each pair, a row a line.
func raw(rows []paired.Row) ([]byte, error) {
	var b bytes.Buffer
	for _, r := range rows {
		line, err := json.Marshal(r)
		if err != nil {
			return nil, err
		}
		b.Write(append(line, '\n'))
	}
	return b.Bytes(), nil
}

// read the rows by size, and with what they were measured. Of one name and size the
// last counts.
func read(from string) (rows []paired.Row, with []string, err error) {
	f, err := os.Open(from) //nolint:gosec // whoever runs it says which
	if err != nil {
		return nil, nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	texts := bufio.NewScanner(f)
	texts.Buffer(nil, 1<<20)
	for n := 1; texts.Scan(); n++ {
		var r paired.Row
		if err := json.Unmarshal(texts.Bytes(), &r); err != nil {
			return nil, nil, fmt.Errorf("read %s:%d: %w", from, n, err)
		}
		switch {
		case r.With != "":
			with = append(slices.DeleteFunc(with, func(o string) bool { return strings.HasPrefix(o, r.With+" ") }), r.With+" "+r.Note)
		case !slices.ContainsFunc(lines, func(l line) bool { return l.name == r.Name }):
			return nil, nil, fmt.Errorf("read %s:%d: the page knows no row %q", from, n, r.Name)
		case len(r.Ours) == 0 || len(r.Ours) != len(r.Theirs):
			return nil, nil, fmt.Errorf("read %s:%d: row %s of %d has no pairs", from, n, r.Name, r.Size)
		default:
			rows = append(slices.DeleteFunc(rows, func(o paired.Row) bool { return o.Name == r.Name && o.Size == r.Size }), r)
		}
	}
	if texts.Err() == nil && len(rows) == 0 {
		return nil, nil, fmt.Errorf("read %s: it has no rows", from)
	}
	slices.SortStableFunc(rows, func(a, b paired.Row) int { return a.Size - b.Size })
	return rows, with, texts.Err()
}
