package ingest

import (
	"maps"
	"sync"
)

// Counts adds up what became of messages and calls since the process began, for
// whoever shows it. Safe for concurrent use; the zero Counts is empty.
type Counts struct {
	mu sync.Mutex
	n  map[Counted]int64
}

// Counted is one sum: of a source ("" while it was not known who called), and an
// outcome, one of this package's constants.
type Counted struct{ Source, Outcome string }

// Add is a Handler's Count.
func (c *Counts) Add(source, outcome string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[Counted]int64{}
	}
	c.n[Counted{source, outcome}] += int64(n)
}

// Sums are all of them, in no order. The map is the caller's.
func (c *Counts) Sums() map[Counted]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	sums := make(map[Counted]int64, len(c.n))
	maps.Copy(sums, c.n)
	return sums
}
