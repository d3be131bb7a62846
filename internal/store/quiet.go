package store

import "time"

// Hold keeps automated touches of every playbook from an account. Several may
// stand at once: the account is free when the last of them is over.
type Hold struct {
	ID         string // of a step: its enrollment and path; by hand: anything unique
	Account    string
	Enrollment string // whose step it is, "" by hand
	By         string // the playbook, or who did it by hand
	Reason     string
	Since      time.Time
	Until      time.Time // zero: until it is released
}

// Ended reports whether h is over at a moment.
func (h Hold) Ended(at time.Time) bool { return !h.Until.IsZero() && !at.Before(h.Until) }

// Binds reports whether r keeps a playbook, in its lane or without one, from the
// account. Scopes are "account", "lane:x" and "playbook:x".
func (r Rest) Binds(playbook, lane string) bool {
	return r.Scope == "account" || r.Scope == "playbook:"+playbook || (lane != "" && r.Scope == "lane:"+lane)
}

// Quiet remembers what keeps accounts from being touched: holds, and the arms of
// holdouts.
type Quiet interface {
	PutHold(h Hold) error // upsert by ID
	// DropHold ends a hold; dropped is false when there was none.
	DropHold(id string) (dropped bool, err error)
	// Holds of an account, of all accounts when it is "", that last beyond now:
	// by Account, Since, ID.
	Holds(account string, now time.Time) ([]Hold, error)
	// HoldsOf an enrollment, ended ones too, by ID.
	HoldsOf(enrollment string) ([]Hold, error)

	// Arm of an account in a named holdout, "" while it has none.
	Arm(holdout, account string) (string, error)
	PutArm(holdout, account, arm string) error // the first counts for ever
}
