// Package triggers is why a playbook starts: one file a kind (event, condition,
// date), and the index from what changed to the triggers that can be affected.
// Pure: it reads compiled triggers and facts, no database and no clock.
package triggers

import (
	"holdfast/internal/calendar"
	"holdfast/internal/diag"
	"holdfast/internal/source"
	"holdfast/rules"
)

// Kinds of a Trigger.
const (
	Event     = "event"
	Condition = "condition"
	Date      = "date"
)

// Trigger is one compiled reason to start.
type Trigger struct {
	ID       string        // given, or its kind and place: "event", "date_2"
	Kind     string        // event, condition, date
	On       string        // event: its name
	When     *rules.Expr   // event: filter (sees event). condition: the condition. May be nil for event and date
	At       *rules.Expr   // date: the moment (date or timestamp)
	Offset   calendar.Span // date: added to At
	Before   bool          // date: the offset is subtracted instead
	For      calendar.Span // condition: must hold this long first
	Rearm    *rules.Expr   // condition: once it has started, must hold before it can become true again; nil: when When is false
	Spread   calendar.Span // event of all accounts: over how long those who match enter
	Existing string        // condition: ignore (default) or enroll
	IfPast   string        // date: skip (default: a date gone by when first seen starts nothing) or start
	Span     diag.Span
}

// Doc describes a kind of trigger, as steps.Doc does a verb.
type Doc struct {
	Name, Summary, Example string
	Fields                 []FieldDoc
}

// FieldDoc is one key of a trigger.
type FieldDoc = source.KeyDoc

// Kind of trigger: one file each. Key is what tells it from the others: a
// trigger with it is of this kind.
type Kind struct {
	Doc    Doc
	Key    string
	Decode func(n *source.Node, set *rules.Set, l *diag.List) Trigger
}

// All kinds, in the order of the reference. Condition is last: its key is one
// that the others take too.
var All = []Kind{event, date, condition}

// Common are the keys that every kind takes.
var Common = []FieldDoc{
	{Name: "id", Type: "literal", Summary: "Its name for ever, in small letters, digits and underscores: entries and reports know it by this. Unset, its kind.", Example: "half_year"},
}

// List are the keys of a trigger that is several.
var List = []FieldDoc{
	{Name: "any", Type: "list", Required: true, Summary: "Triggers, any of which starts the playbook.", Example: "[{id: half_year, at: account.churned_at.add_months(6)}]"},
	{Name: "when", Type: "cel", Summary: "Must hold whichever of the list starts.", Example: `account.status == "churned"`},
}
