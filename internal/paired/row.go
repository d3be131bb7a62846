package paired

import (
	"encoding/json"
	"flag"
	"os"
	"testing"
)

var rows = flag.String("bench-rows", "", "file that the rows of benchmarks are added to, one JSON object a line")

// Row is one thing measured beside another at one size, for the page of all such.
type Row struct {
	Name   string    `json:"name"` // of the row on the page
	Size   int       `json:"size"`
	Note   string    `json:"note,omitempty"`
	Unit   string    `json:"unit,omitempty"` // of the figures; "" is seconds
	Ours   []float64 `json:"ours"`           // of each block
	Theirs []float64 `json:"theirs"`
}

// Run measures pairs of blocks; which of the two is first alternates.
func (r *Row) Run(pairs int, ours, theirs func() float64) {
	a, b := Blocks(pairs, ours, theirs)
	r.Ours, r.Theirs = append(r.Ours, a...), append(r.Theirs, b...)
}

// Ratios of ours to theirs, by pair.
func (r *Row) Ratios() []float64 {
	out := make([]float64, len(r.Ours))
	for i := range out {
		out[i] = r.Ours[i] / r.Theirs[i]
	}
	return out
}

// Report says what was measured, and keeps it where -bench-rows says when it is to
// be kept.
func (r *Row) Report(t testing.TB, keep bool) {
	t.Helper()
	low, high := Interval(r.Ratios())
	t.Logf("%s of %d: %.3g, baseline %.3g, ratio %.3f (%.3f to %.3f), %d pairs %s", r.Name, r.Size, Median(r.Ours), Median(r.Theirs), Median(r.Ratios()), low, high, len(r.Ours), r.Note)
	if !keep || *rows == "" {
		return
	}
	line, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(*rows, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644) //nolint:gosec // a file for people
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(append(line, '\n')); err != nil {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}
