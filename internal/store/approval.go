package store

import "time"

// Approval is one request for a yes, and the answer. It is the record of a
// concession: nothing of it changes but Status, DecidedBy, DecidedAt and Note,
// once. ID is that of the task that asks; one granted within the requester's
// own authority has no task.
type Approval struct {
	ID, Enrollment, Path, Step, Playbook, Account string
	Kind                                          string // approve, or what is offered: discount, extension …
	Title                                         string
	Amount                                        string // as people read it ("15 %", "1,200.00 USD"), frozen when asked; "" none
	InExchange                                    string
	SunsetAt                                      time.Time // when it ends; zero = never
	RequestedBy                                   string    // team id
	Role                                          string    // the least that may answer
	Approver                                      string    // team id of who was asked
	AskedAt                                       time.Time
	Status                                        string // open, approved, denied, expired, dropped
	DecidedBy                                     string
	DecidedAt                                     time.Time
	Note                                          string
}

// Approvals remembers requests for a yes.
type Approvals interface {
	PutApproval(a Approval) error // by ID
	Approval(id string) (Approval, error)
	ApprovalsOf(account string, limit int) ([]Approval, error) // by AskedAt, ID; "" is every account
}
