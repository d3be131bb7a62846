package store

import "time"

// Audit is one line of the audit log: what a person, or a token of theirs,
// changed or decided. It holds ids, words and numbers, no personal data beyond the
// names of our own people, and no text of a customer.
type Audit struct {
	Seq     int64     `json:"seq"` // given by the store
	At      time.Time `json:"at"`
	Who     string    `json:"who"`               // kind and name: "os:mira", "team:sam", "token:crm"
	What    string    `json:"what"`              // verb of a thing: "release.apply", "task.done"
	On      string    `json:"on"`                // the id of the thing; "" is all of them
	Details string    `json:"details,omitempty"` // a JSON object, or ""
}

// AuditFilter narrows a listing; empty fields do not narrow.
type AuditFilter struct {
	Since time.Time // At from then on
	Who   string    // with or without its kind
	What  string    // whole, or a thing ("task" is task.done, task.snooze …)
	After int64     // Seq, for paging
	Limit int       // 0: all
}

// Trail remembers who did what. Lines are added and read; nothing changes or
// removes one.
type Trail interface {
	AddAudit(a Audit) error                // Seq is the store's
	Audits(f AuditFilter) ([]Audit, error) // by Seq
}
