package store

import "time"

// Task is human work. Status: open, done, cannot, expired, dropped. Reason is why
// it was closed so, or what was wrong as it opened: a person's own words stay
// here, and travel neither in events nor into Temporal.
type Task struct {
	ID, Enrollment, Path, Step, Playbook string
	Account, Contact, Owner              string
	Title, Brief, Channel                string
	OpenedAt, DueAt, ExpiresAt           time.Time
	Status                               string
	ClosedAt                             time.Time
	ClosedBy, Reason                     string
	Answers                              []byte // JSON object
	Background                           bool
	SnoozedUntil                         time.Time // not due before; zero: nobody put it off
	SnoozeReason                         string
	OwnerReason                          string // why Owner has it, when it is not who was meant: "deputy_of sam: away until 3 June"
}

// Due is when the task is due: at DueAt, or when its snooze ends if that is later.
func (k Task) Due() time.Time {
	if k.SnoozedUntil.After(k.DueAt) {
		return k.SnoozedUntil
	}
	return k.DueAt
}

// Load is how much work one of ours has: tasks, requests and drafts that are
// open, and those that were opened since a moment. What tells of a failure or of
// a late task is not work of its own.
type Load struct{ Open, Opened int }
