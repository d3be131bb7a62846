// Package workflows is what Temporal replays: the Enrollment workflow, a loop
// of one activity and one wait. It reads no clock but timeline's, no random
// number, no map in range order, no file and no network.
package workflows

import (
	"time"

	"holdfast/steps"
)

// EnrollmentType is the workflow type's name; AdvanceActivity the activity's.
const (
	EnrollmentType  = "Enrollment"
	AdvanceActivity = "Advance"
	WakeSignal      = "wake"
)

// Input of an Enrollment. It is also what continue-as-new carries.
type Input struct {
	Enrollment string      `json:"e"`
	Digest     string      `json:"d"`
	State      steps.State `json:"s"`
	Compressed bool        `json:"c,omitempty"` // wakes by signal only: a virtual clock has no timers
	Seen       int64       `json:"n,omitempty"` // greatest wake number acted on
	Local      bool        `json:"l,omitempty"` // Advance is a local activity: the ledger makes it safe, and it costs a third of the events
}

// Wake is the signal: N only ever grows, the reason is in the store.
type Wake struct {
	N int64 `json:"n"`
}

// Step is Advance's argument: walk on from State, having seen wake N.
type Step struct {
	Enrollment string      `json:"e"`
	Digest     string      `json:"d"`
	State      steps.State `json:"s"`
	N          int64       `json:"n,omitempty"`
}

// Progress is Advance's answer. At most one touch was made. Again: call once
// more at once. Otherwise sleep until Until (zero: only a wake ends it) or Over.
type Progress struct {
	State steps.State `json:"s"`
	Again bool        `json:"a,omitempty"`
	Until time.Time   `json:"u,omitzero"`
	Over  bool        `json:"o,omitempty"`
	// Digest is set when the enrollment has gone on in another version.
	Digest string `json:"d,omitempty"`
}
