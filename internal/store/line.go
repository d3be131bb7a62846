package store

import "time"

// Relayed is one row of the relay's outbox: start or wake an enrollment's workflow.
type Relayed struct {
	Seq        int64
	Enrollment string
	Kind       string // start, wake
	N          int64  // the Woken count it carries
	Digest     string // start
	CreatedAt  time.Time
}

// Relay hands rows to Temporal. A lease takes a whole enrollment, so that its
// rows are delivered in order by one relay.
type Relay interface {
	// Lease picks up to limit enrollments with undelivered rows that no one
	// leases, until the given moment by the machine's clock, and returns their
	// rows by enrollment, each by Seq.
	Lease(holder string, until time.Time, now time.Time, limit int) ([]Relayed, error)
	// Delivered marks all rows of the enrollment up to seq with result
	// (ok, too_late) and releases the lease.
	Delivered(enrollment string, seq int64, result string) error
	Unlease(enrollment string) error
	// UnleaseAll ends every lease, for who knows that no relay lives that holds one.
	UnleaseAll() error
	// Restart writes a start row that carries the Woken count, for an engine that
	// knows nothing of the enrollment. One that waits already is enough.
	Restart(enrollment string) error
}

// Line is one thing that happened, as people see it. Key makes writing it
// twice harmless: the second is ignored.
type Line struct {
	Seq        int64     `json:"-"`
	Key        string    `json:"-"`
	At         time.Time `json:"at"`
	Account    string    `json:"account"`
	Playbook   string    `json:"playbook"`
	Enrollment string    `json:"enrollment"`
	Step       string    `json:"step"`
	Path       string    `json:"path"`
	Kind       string    `json:"kind"` // enroll, email, slack, task, wait, shift, skip, branch, heard, exit, goal, outcome, error, move, brake, preference, event (a provider told of a mail)
	Channel    string    `json:"channel"`
	To         string    `json:"to"`    // contact or team id, #channel
	Local      string    `json:"local"` // RFC 3339 in the recipient's zone, for touches and shifts
	Outcome    string    `json:"outcome"`
	Reason     string    `json:"reason"`
	Touch      string    `json:"touch,omitempty"`
}

// Timeline remembers lines.
type Timeline interface {
	AddLine(l Line) error
	Lines(after int64, limit int) ([]Line, error) // by Seq
	LinesOf(enrollment string) ([]Line, error)    // by Seq
	LastLine() (seq int64, err error)             // 0 when there is none
	// CountLines is playbook -> kind -> n. A task counts once, when it opens.
	CountLines() (map[string]map[string]int, error)
}
