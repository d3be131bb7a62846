package slack

import (
	"context"
	"time"

	"holdfast"
)

// Desk is what people may know and do from Slack. Safe for concurrent use. Errors
// that a person can do something about are *holdfast.Error: not_found; conflict,
// when somebody was faster; invalid, which begins with the quoted name of the
// answer that does not fit; unauthorized. They are shown as they are.
type Desk interface {
	// Person of the team by Slack member id.
	Person(slackID string) (Person, bool)
	Team() []Person

	Task(ctx context.Context, id string) (Task, error)
	// OpenTasks of a person, the first due first.
	OpenTasks(ctx context.Context, person string) ([]holdfast.TaskCard, error)
	Account(ctx context.Context, id string) (Account, error)

	// Close ends a task once; status is done or cannot. What is answered is read
	// by the questions' names; of cannot by reason, of an approval by note.
	Close(ctx context.Context, id, status, by string, answers map[string]any) error
	Snooze(ctx context.Context, id, by string, until time.Time, reason string) error
	Reassign(ctx context.Context, id, to, by, reason string) error
	// Redraw asks for the cards of a task to be shown as it is now.
	Redraw(ctx context.Context, id string) error
}

// Person is one of the team.
type Person struct {
	ID, Name, Slack string
	Zone            *time.Location // nil: UTC
}

// Task is one as it is now.
type Task struct {
	Card holdfast.TaskCard
	Form []Question
	Body string // of a draft: what the customer would read, as Markdown
}

// Question is one field of a task's form.
type Question struct {
	Name     string
	Type     string   // string, bool, int, date, percent or money
	Choose   []string // the choices of a string
	Long     bool     // free text
	Required bool
}

// Account is what a question about an account is answered with.
type Account struct {
	ID, Name, Owner string
	Runs            []Run // that are active, the first started first
	Tasks           []holdfast.TaskCard
}

// Run is a playbook that the account is in.
type Run struct {
	Playbook, Doing string // "waits until 4 May 09:00"
	Since, Next     time.Time
}
