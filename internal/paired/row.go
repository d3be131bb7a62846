package paired

import "testing"

// Row is one thing measured beside another at one size, for the page of all such.
type Row struct {
	Name   string    `json:"name,omitempty"` // of the row on the page
	Size   int       `json:"size,omitempty"`
	Note   string    `json:"note,omitempty"`
	Unit   string    `json:"unit,omitempty"` // of the figures; "" is seconds
	Ours   []float64 `json:"ours,omitempty"` // of each block
	Theirs []float64 `json:"theirs,omitempty"`
	With   string    `json:"with,omitempty"` // no row: Note is the version of what rows were measured with
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
	t.Logf("%s of %d: %.3g %s, baseline %.3g, ratio %.3f (%.3f to %.3f), %d pairs %s", r.Name, r.Size, Median(r.Ours), r.Unit, Median(r.Theirs), Median(r.Ratios()), low, high, len(r.Ours), r.Note)
	if keep {
		add(t, *r)
	}
}
