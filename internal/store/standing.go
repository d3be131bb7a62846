package store

import (
	"time"

	"holdfast"
)

// MostRows is how many waiting rows of the relay are counted: more is trouble, and
// how much trouble does not matter.
const MostRows = 100_000

// Standing is what an operator watches, at one moment. All of it is counted over
// what is open; nothing in it grows with what is over.
type Standing struct {
	Rows     int            // of the relay, not delivered, MostRows at most
	Oldest   int64          // the first of them by Seq, 0 when there is none
	OldestAt time.Time      // when it was written, as far as it says so
	Active   map[string]int // enrollments by playbook
	// Touches that are on their way or whose fate is unknown: channel -> state -> n.
	Touches map[string]map[holdfast.TouchState]int
	Tasks   map[string]TaskCount // by playbook
}

// TaskCount is how many tasks are open and, of them, overdue.
type TaskCount struct{ Open, Overdue int }

// Watch counts for an operator.
type Watch interface {
	Standing(now time.Time) (Standing, error)
}
