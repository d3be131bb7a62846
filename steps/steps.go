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
	Arms    []Arm             `json:"arms,omitempty"`  // of the parallel or each at At, from its start to its end
	Done    map[string]Result `json:"done,omitempty"`  // latest result by step id, of steps that something reads
	Wait    *Wait             `json:"wait,omitempty"`  // set from the first rest at At until At ends
	Started time.Time         `json:"started"`
	Touched time.Time         `json:"touched,omitzero"` // when the last touch went
	Seen    int64             `json:"seen,omitempty"`   // last signal row read
	Over    bool              `json:"over,omitempty"`
	Outcome string            `json:"outcome,omitempty"`
}

// Loop is an open `every`, arrived at From, in pass Pass (0 before the first).
// Pass k is due k intervals after From; a late one does not shift later ones.
type Loop struct {
	Step string    `json:"step"`
	Pass int       `json:"pass"`
	From time.Time `json:"from"`
	Ran  int       `json:"ran,omitempty"` // passes made; fewer than Pass when some were missed
	// Since a move changed the interval, pass Base+k is due k intervals after Anchor.
	Anchor time.Time `json:"anchor,omitzero"`
	Base   int       `json:"base,omitempty"`
}

// Arm is a counter of its own inside a `parallel` or an `each`: it is over when
// At is "". Its results are its own in an each, and everybody's in a parallel.
type Arm struct {
	Key   string            `json:"key"` // the arm's id, or the item's key: no personal data
	At    string            `json:"at,omitempty"`
	Loops []Loop            `json:"loops,omitempty"`
	Arms  []Arm             `json:"arms,omitempty"`
	Done  map[string]Result `json:"done,omitempty"`
	Wait  *Wait             `json:"wait,omitempty"`
	Asked bool              `json:"asked,omitempty"` // its last command awaits an Answer
}

// Result is how a step ended. Outcome: sent, skipped, failed, unconfirmed,
// unknown, opened (a background task), done, cannot, expired, heard, timeout,
// passed, taken, until.
type Result struct {
	At      time.Time      `json:"at"`
	From    time.Time      `json:"from,omitzero"` // tasks that a wait_for looks back to: when it opened
	Outcome string         `json:"outcome"`
	Event   string         `json:"event,omitempty"`   // wait_for: the event heard
	Answers map[string]any `json:"answers,omitempty"` // task forms: typed values, no free text
	Passes  int            `json:"passes,omitempty"`  // every: passes made. each: items
	Arm     string         `json:"arm,omitempty"`     // split: the arm taken. parallel with join any: the first to end
}

// Wait is what an enrollment at rest waits for. Until zero: only a row wakes it.
// Since is when the step first came to rest; it and Tries outlive a touch that
// is tried again. Heard and Closed are what it waited for, once that came.
type Wait struct {
	Path   string      `json:"path"`
	Kind   string      `json:"kind"` // time, task, event, child, approval, review, shift (a guard moved a touch), retry, park, unknown, arms
	Until  time.Time   `json:"until,omitzero"`
	Since  time.Time   `json:"since"`
	Reason string      `json:"reason,omitempty"`
	Tries  int         `json:"tries,omitempty"`
	Heard  *Heard      `json:"heard,omitempty"`
	Closed *TaskClosed `json:"closed,omitempty"`
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
	Closed []TaskClosed // changes of tasks and children since State.Seen
	// Account tells one account from another where arms are split: an opaque id.
	Account string
	// Trace, when set, is told of each step that begins (block -1) and of each
	// block that is taken: its place in Step.Blocks, len(Blocks) when a branch
	// took none.
	Trace func(step string, block int)
}

// Answer of a Deliver command.
type Answer struct {
	Path    string
	Outcome string         // sent, skipped, failed, shift, retry, park, unknown, opened (a task or a child is open), done
	Until   time.Time      // shift, retry, unknown; opened: when the task expires
	Reason  string         //
	Answers map[string]any // done: what the step found out, typed as its result fields
}

// Heard is a listener's match.
type Heard struct {
	Path  string    `json:"path"`
	Event string    `json:"event"`
	At    time.Time `json:"at"`
}

// TaskClosed is the end of a task, or of a child enrollment.
type TaskClosed struct {
	Path    string         `json:"path"`
	Status  string         `json:"status"`            // done, cannot; of a child: its outcome
	Answers map[string]any `json:"answers,omitempty"` // typed ones, no free text
	At      time.Time      `json:"at"`
}

// CommandKind says what Next wants done outside.
type CommandKind string

// The commands. Deliver is one touch or task: guards, claim, send, record; its
// Answer comes with the next call. Rest means: store the state and sleep until
// State.Wait says so. Listen is Rest with a listener row to open in the same
// transaction (look back from Since), and the next call follows at once. Finish
// ends the enrollment.
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
	Values  map[string]any          // Deliver: what the step's expressions gave, in rules' Go values
	Review  bool                    // Deliver: show the draft to its reviewer instead
	Due     time.Time               // Deliver: when the wait that led here was over; zero = it went straight on
	Done    map[string]Result       // Deliver: results as the step sees them, its item's among them
	Items   map[string]rules.Record // Deliver: open items by name
	Events  []string                // Listen
	Since   time.Time               // Listen
	Outcome string                  // Finish
	RestFor string                  // Finish: rest after the end: a span as written ("6mo", "forever"), "" none
	Unless  string                  // Finish: CEL source that lifts the rest
	Scope   string                  // Finish: whom the rest binds: account, lane, playbook; "" the lane
}

// Happened is a line for the timeline about something Next decided by itself.
// Kind: wait (begun, or its date moved), branch, skip, heard, task (expired),
// overdue (an open task or approval is late), review, loop, arms (begun, or ended), drop (what an arm left behind). What an Answer
// said is not repeated.
type Happened struct {
	Path, Step, Kind, Outcome, Reason string
	Until                             time.Time
}

// Step is one compiled step. Spec is the verb's own, a pointer made by its
// Decode: *Email, *Task, *Branch and so on.
type Step struct {
	ID, Verb string
	Spec     any
	If       *rules.Expr // skipped unless true; nil = always
	Was      string      // former id, for enrollments of an older version
	Span     diag.Span
	Next     string // id of the step after it in its block; "" = end of block
	Parent   string // id of the step whose block holds it; "" at top
	OnError  OnError

	fields map[string]rules.Type // of its result, besides outcome and at
}

// Program is a playbook's steps as a flat list in file order, with the counter's
// jumps resolved to ids. Immutable once its maker is done with it.
type Program struct {
	Steps []*Step
	First string
	ByID  map[string]*Step

	kept    map[string]bool   // ids whose results something reads
	since   map[string]bool   // ids that a wait_for looks back to
	renamed map[string]string // former id -> id
	rules   []string          // what its expressions reach, as rules.Reads names it
}

// Doc of a verb: the one source of lint messages, schema, reference and wording.
type Doc struct {
	Name    string // the YAML key
	Summary string
	Fields  []FieldDoc
	Example string // YAML of one step, linted and run by tests
	// Outcomes are the words by which it ends, besides those of CommonOutcomes;
	// nil when nothing comes after it.
	Outcomes []WordDoc
	Results  []FieldDoc // what later steps read of it besides outcome and at; "*" stands for names that the author chose
	Played   string     // what test and simulate make of it
}

// WordDoc is a word that expressions meet, and what it says.
type WordDoc struct{ Word, Says string }

// CommonOutcomes are those that a step of any verb may have.
var CommonOutcomes = []WordDoc{
	{Word: "skipped", Says: "its if did not hold, a guard dropped it, or it was held back for longer than its expires"},
	{Word: "failed", Says: "it could not be done: the text could not be rendered, or the message was refused for good"},
}

// FieldDoc is one key of a verb: the first of a Doc is the verb's own key.
type FieldDoc = source.KeyDoc

// Verb is a kind of step.
type Verb struct {
	Doc Doc
	// Decode reads the step's own keys; mistakes go to d.Diags.
	Decode func(d *Decoder) any
	// run moves s on: it records how s ended, or returns what it needs.
	run func(w *walk, s *Step) (Command, error)
	// result are the fields of its result besides outcome and at; nil = none.
	result func(spec any) map[string]rules.Type
}

// Decoder gives a verb's Decode its node and the doors to the rest.
type Decoder struct {
	Node      *source.Node // the step's map
	ID        string
	Rules     *rules.Set
	Scope     rules.Scope
	Diags     *diag.List
	Block     func(n *source.Node, parent string) (first string) // compiles a nested steps list
	Templates func(name string) bool                             // whether a template exists; nil = not checked

	c *compiler
	// generated compiles steps that no author wrote, found at a place.
	generated func(n *source.Node, parent string, at diag.Span) (first string)
}

// All verbs, in the order of the reference.
var All = []Verb{
	email, slack, task, approve, offer, escalate, wait, waitFor, branch, split, every, each, parallel, set, webhook, hold, release, run, end,
}

func verbNamed(name string) (Verb, bool) {
	for _, v := range All {
		if v.Doc.Name == name {
			return v, true
		}
	}
	return Verb{}, false
}

// Names of the verbs, in the order of All.
func Names() []string {
	names := make([]string, len(All))
	for i, v := range All {
		names[i] = v.Doc.Name
	}
	return names
}
