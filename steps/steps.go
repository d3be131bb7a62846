// Package steps is what a playbook does: one file a verb, one ordered list, and
// the interpreter that walks them. It is pure: state and facts in, state and a
// command out; no I/O, no clock, no goroutine. To add a verb, add <verb>.go
// with its Doc, Decode and Run, and one line in All.
package steps

import (
	"time"

	"holdfast/internal/calendar"
	"holdfast/internal/diag"
	"holdfast/internal/source"
	"holdfast/rules"
)

// State is the whole of an enrollment's progress: the portable document that
// survives continue-as-new, a move to another version and a move to another
// cluster. Fields are added, never renamed. It holds ids, enums, numbers and
// times only; texts stay in the store.
type State struct {
	V       int               `json:"v"`               // 1
	At      string            `json:"at,omitempty"`    // id of the step to run or that waits; "" before the first and after the last
	Loops   []Loop            `json:"loops,omitempty"` // open every-loops, outermost first
	Done    map[string]Result `json:"done,omitempty"`  // latest result by step id
	Wait    *Wait             `json:"wait,omitempty"`  // set while the enrollment is at rest
	Started time.Time         `json:"started"`
	Touched time.Time         `json:"touched,omitzero"` // when the last touch went
	Seen    int64             `json:"seen,omitempty"`   // last signal row read
	Over    bool              `json:"over,omitempty"`
	Outcome string            `json:"outcome,omitempty"`
}

// Loop is an open `every`: pass Pass (from 1) of the loop whose first pass was
// due at From. Passes are anchored to From; a late one does not shift later ones.
type Loop struct {
	Step string    `json:"step"`
	Pass int       `json:"pass"`
	From time.Time `json:"from"`
}

// Result is how a step ended. Outcome: sent, skipped, failed, unconfirmed,
// done, cannot, expired, heard, timeout, passed, taken.
type Result struct {
	At      time.Time      `json:"at"`
	Outcome string         `json:"outcome"`
	Event   string         `json:"event,omitempty"`   // wait_for: the event heard
	Answers map[string]any `json:"answers,omitempty"` // task forms: typed values, no free text
}

// Wait is what an enrollment at rest waits for. Until zero: only a row wakes it.
type Wait struct {
	Path   string    `json:"path"`
	Kind   string    `json:"kind"` // time, task, event, shift (a guard moved a touch), retry, park, unknown
	Until  time.Time `json:"until,omitzero"`
	Since  time.Time `json:"since"`
	Reason string    `json:"reason,omitempty"`
	Tries  int       `json:"tries,omitempty"`
}

// Input is what one call of Next may know. Everything in it was read in one
// transaction or is the answer to the last command.
type Input struct {
	Now    time.Time
	Zone   *time.Location // the account's zone: business days and local wall clock of waits
	Days   calendar.Days
	Facts  *rules.Facts // Next fills Facts.Steps itself
	Answer *Answer      // of the last Deliver command
	Heard  []Heard      // listener matches since State.Seen
	Closed []TaskClosed // task changes since State.Seen
}

// Answer of a Deliver command.
type Answer struct {
	Path    string
	Outcome string    // sent, skipped, failed, shift, retry, park, unknown, opened (a task is open)
	Until   time.Time // shift, retry, unknown; opened: when the task expires
	Reason  string
}

// Heard is a listener's match.
type Heard struct {
	Path, Event string
	At          time.Time
}

// TaskClosed is a task's end.
type TaskClosed struct {
	Path, Status string // done, cannot
	Answers      map[string]any
	At           time.Time
}

// CommandKind says what Next wants done outside.
type CommandKind string

// The commands. Deliver is one touch or task: guards, claim, send, record; its
// Answer comes with the next call. Rest means: store the state and sleep until
// State.Wait says so. Listen is Rest with a listener row to open in the same
// transaction (look back from Since). Finish ends the enrollment.
const (
	Deliver CommandKind = "deliver"
	Rest    CommandKind = "rest"
	Listen  CommandKind = "listen"
	Finish  CommandKind = "finish"
)

// Command of the interpreter.
type Command struct {
	Kind    CommandKind
	Step    *Step
	Path    string
	Events  []string  // Listen
	Since   time.Time // Listen
	Outcome string    // Finish
	RestFor string    // Finish: rest after the end: a span as written ("6mo", "forever"), "" none
	Unless  string    // Finish: CEL source that lifts the rest
}

// Happened is a line for the timeline about something Next decided by itself:
// a wait begun, a branch taken, a date gone by, a task expired.
type Happened struct {
	Path, Step, Kind, Outcome, Reason string
	Until                             time.Time
}

// Step is one compiled step. Spec is the verb's own, filled by its Decode.
type Step struct {
	ID, Verb string
	Spec     any
	Span     diag.Span
	Next     string // id of the step after it in its block; "" = end of block
	Parent   string // id of the every or branch that holds it; "" at top
}

// Program is a playbook's steps as a flat list in file order, with the counter's
// jumps resolved to ids. Immutable.
type Program struct {
	Steps []*Step
	First string
	ByID  map[string]*Step
}

// Path of a step in state: its id, or with its loops' passes "watch[12]/mail".
func Path(p *Program, st State, id string) string { return id }

// Next walks from st until something outside is needed. It changes neither st's
// maps nor p. An error is a rule that could not be evaluated; st is unchanged then.
func Next(p *Program, st State, in Input) (State, Command, []Happened, error) {
	return st, Command{Kind: Finish}, nil, nil
}

// Doc of a verb: the one source of lint messages, schema, reference and wording.
type Doc struct {
	Name    string // the YAML key
	Summary string
	Fields  []FieldDoc
	Example string // YAML of one step, linted and run by tests
}

// FieldDoc is one key of a verb. Type is what may stand there: literal, cel,
// liquid, reference, duration, enum(a|b), list, steps, bool, int.
type FieldDoc struct {
	Name, Type, Summary, Default, Example string
	Required                              bool
}

// Verb is a kind of step.
type Verb struct {
	Doc Doc
	// Decode reads the step's own keys; mistakes go to d.Diags.
	Decode func(d *Decoder) any
}

// Decoder gives a verb's Decode its node and the doors to the rest.
type Decoder struct {
	Node      *source.Node // the step's map
	ID        string
	Rules     *rules.Set
	Scope     rules.Scope
	Diags     *diag.List
	Block     func(n *source.Node, parent string) (first string) // compiles a nested steps list
	Templates func(name string) bool                             // whether a template exists
}

// All verbs, in the order of the reference.
var All []Verb

// Compile reads a steps list into a Program.
func Compile(n *source.Node, set *rules.Set, templates func(string) bool, l *diag.List) *Program {
	return &Program{ByID: map[string]*Step{}}
}
