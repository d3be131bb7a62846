// Package explain says why an account is in a playbook or is not, what each of
// its enrollments waits for and when the next touch goes, what an event would
// do, and what is due to go to it. It answers with the product's own code over a
// copy of the account in memory: it writes nothing anywhere.
package explain

import (
	"time"

	"holdfast/rules"
)

// Report is everything that is explained of one account. Its JSON is stable:
// fields are added, never renamed.
type Report struct {
	Account   string     `json:"account"`
	Name      string     `json:"name,omitempty"`
	Known     bool       `json:"known"` // false: provisional, no group message or table row has named it
	At        time.Time  `json:"at"`
	Zone      string     `json:"zone"`            // in which moments are worded
	Notes     []string   `json:"notes,omitempty"` // what holds for all of it
	Playbooks []Playbook `json:"playbooks"`
	Event     *Happening `json:"event,omitempty"`    // what an event would do
	Calendar  []Coming   `json:"calendar,omitempty"` // what is due, when that was asked
	Assumed   []string   `json:"assumed,omitempty"`  // on which the calendar and next fire times rest
	zone      *time.Location
}

// Verdicts of a playbook and of a trigger.
const (
	Enrolled    = "enrolled"     // it runs
	Ended       = "ended"        // it ran
	WouldEnrol  = "would_enrol"  // as soon as it is looked at
	Pending     = "pending"      // a date ahead, or a condition that has not held long enough
	NotEnrolled = "not_enrolled" // for the reason given
)

// Playbook is one playbook for the account.
type Playbook struct {
	Name        string       `json:"name"`
	Title       string       `json:"title,omitempty"`
	Verdict     string       `json:"verdict"`
	Short       string       `json:"short"` // one sentence
	When        *rules.Node  `json:"when,omitempty"`
	Triggers    []Trigger    `json:"triggers"`
	Entry       []string     `json:"entry,omitempty"` // the rules of entry, and what they say now
	Enrollments []Enrollment `json:"enrollments,omitempty"`
}

// Trigger is one trigger of a playbook.
type Trigger struct {
	ID      string      `json:"id"`
	Kind    string      `json:"kind"` // event, condition, date
	Verdict string      `json:"verdict"`
	Why     string      `json:"why"`             // one sentence
	Event   string      `json:"event,omitempty"` // event: what it waits for
	LastAt  time.Time   `json:"last_at,omitzero"`
	Date    *rules.Node `json:"date,omitempty"`
	Fires   time.Time   `json:"fires,omitzero"`
	When    *rules.Node `json:"when,omitempty"` // its own condition or filter
	Since   time.Time   `json:"since,omitzero"` // condition: true since
}

// Enrollment is one run of the account through a playbook.
type Enrollment struct {
	ID        string    `json:"id"`
	Status    string    `json:"status"`
	Arm       string    `json:"arm,omitempty"`
	Outcome   string    `json:"outcome,omitempty"`
	Trigger   string    `json:"trigger"`
	EntryKey  string    `json:"entry_key"`
	StartedAt time.Time `json:"started_at"`
	StartedBy string    `json:"started_by,omitempty"` // the line of its start
	EndedAt   time.Time `json:"ended_at,omitzero"`
	EndedBy   string    `json:"ended_by,omitempty"`
	Step      string    `json:"step,omitempty"`
	Doing     string    `json:"doing,omitempty"` // what it waits for, in words
	Since     time.Time `json:"since,omitzero"`
	Until     time.Time `json:"until,omitzero"`   // the clock wakes it then
	Parked    string    `json:"parked,omitempty"` // by what; only a row releases it
	Waits     []Wait    `json:"waits,omitempty"`  // one for each place where it stands: an arm of a parallel, an item of an each
	Next      []Coming  `json:"next,omitempty"`   // up to and with the next touch or task
	Tasks     []Task    `json:"tasks,omitempty"`
	Exits     []Exit    `json:"exits,omitempty"`
	Goal      *Goal     `json:"goal,omitempty"`
	Digest    string    `json:"digest"`
	Version   string    `json:"version"` // head; older: the playbook was changed since; or what is wrong
	Lines     []Line    `json:"lines,omitempty"`
}

// Wait is one place where an enrollment rests.
type Wait struct {
	Path   string    `json:"path"`
	Kind   string    `json:"kind"` // time, task, event, shift, retry, park, unknown
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until,omitzero"` // zero: only a row ends it
	Reason string    `json:"reason,omitempty"`
}

// Task is open human work.
type Task struct {
	Title   string    `json:"title"`
	Owner   string    `json:"owner"`
	DueAt   time.Time `json:"due_at"`
	Expires time.Time `json:"expires_at,omitzero"`
	Overdue bool      `json:"overdue,omitempty"`
	Holds   bool      `json:"holds"` // the sequence waits for it
}

// Exit is one way to end early.
type Exit struct {
	ID      string      `json:"id"`
	Outcome string      `json:"outcome"`
	On      string      `json:"on,omitempty"`
	When    *rules.Node `json:"when,omitempty"`
	Needs   string      `json:"needs"` // in a sentence
}

// Goal is what the playbook is for, and whether it was met.
type Goal struct {
	Outcome string      `json:"outcome"`
	On      string      `json:"on,omitempty"`
	When    *rules.Node `json:"when,omitempty"`
	MetAt   time.Time   `json:"met_at,omitzero"`
	Until   time.Time   `json:"until"`
	Status  string      `json:"status"` // met, open, missed
}

// Line is one line of an enrollment's timeline.
type Line struct {
	At   time.Time `json:"at"`
	Kind string    `json:"kind"`
	Step string    `json:"step,omitempty"`
	What string    `json:"what"`
}

// Coming is one thing that is due.
type Coming struct {
	At         time.Time `json:"at"`
	Kind       string    `json:"kind"` // email, slack, webhook, task, approval, hold, start, end, goal, skip, error …
	Playbook   string    `json:"playbook"`
	Enrollment string    `json:"enrollment,omitempty"`
	Step       string    `json:"step,omitempty"`
	To         string    `json:"to,omitempty"`
	What       string    `json:"what,omitempty"`
	Shifts     []Shift   `json:"shifts,omitempty"` // every move that the guards made on the way
}

// Shift is one move of a touch by a guard.
type Shift struct {
	Reason string    `json:"reason"` // send_window, public_holiday, cap …
	Detail string    `json:"detail"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
}

// Happening is what an event would do.
type Happening struct {
	Event    string    `json:"event"`
	At       time.Time `json:"at"`
	Contact  string    `json:"contact,omitempty"`
	Rejected string    `json:"rejected,omitempty"` // why it would not be taken
	Short    string    `json:"short"`
	Does     []Effect  `json:"does"`
	DoesNot  []Effect  `json:"does_not,omitempty"` // what names the event and does not act on it
}

// Effect is one thing that an event does, or does not do and why.
type Effect struct {
	Kind       string      `json:"kind"` // start, refused, exit, goal, heard, wake, held, date, fell
	Playbook   string      `json:"playbook,omitempty"`
	Enrollment string      `json:"enrollment,omitempty"`
	What       string      `json:"what"`
	When       *rules.Node `json:"when,omitempty"`
}
