package store

import "time"

// What may be old. Ended are enrollments: their rows stay, for one that entered
// once stays entered, and their signals and tasks go.
const (
	OldDelivered = "relay"
	OldMessages  = "messages"
	OldTimeline  = "lines"
	OldEvents    = "events"
	OldEnded     = "ended"
	OldParked    = "parked"
	OldAudit     = "audit"
)

// Old selects rows that are older than a moment and that nothing needs any more:
// rows of the relay that were delivered; messages whose touch is final, and lines,
// both unless their enrollment runs; events that track something, unless an
// enrollment of the account runs or began with them, or they are the last of their
// name there; messages that waited for an account since, by when they came; lines of
// the audit log.
type Old struct {
	What   string
	Before time.Time
	Keep   []string // names of events that are kept for ever
}

// Pruner removes what is old.
type Pruner interface {
	// Prune looks at a bounded number of rows after a place, "" for the beginning,
	// and removes the old among them or, with dry, counts them. next is where to go
	// on, "" at the end.
	Prune(o Old, after string, dry bool) (next string, n int, err error)
}

// AuditBefore is the Meta that says, within the transaction that removes them, how
// old lines of the audit log are that may go: microseconds since 1970.
const AuditBefore = "audit_before"

// PruneRows is how many rows one Prune looks at.
const PruneRows = 500
