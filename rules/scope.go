package rules

import "github.com/google/cel-go/common/types"

// Scope is what an expression may name besides account, contact, metric, score,
// decide, segment, the object lists and now.
type Scope struct {
	Event string                     // `event` has the fields of this declared event; "" = out of scope
	Steps map[string]map[string]Type // step id -> fields of its result
	Items map[string]Item            // names of open items of lists
}

// Item is what a name stands for inside a loop over a list: an object of a kind,
// with its fields, or a plain value.
type Item struct {
	Object string // kind; "" = a value of Type
	Type   Type
}

// scope is a Scope with what only rules themselves may widen or narrow.
type scope struct {
	Scope
	what    string          // names the place in messages: a mapping, a metric
	only    string          // "event", "objects", "outside" (locals alone) or "": nothing else is in scope
	also    []string        // further events: a field must mean the same in all of them
	untyped bool            // event has any field: traits that no document declares
	inputs  map[string]Type // a decision's inputs, roots of their own
	enums   map[string][]string
	locals  map[string]*types.Type // what loops around a part of an expression bind
}

// everywhere is the scope of a rule that sees the whole account.
var everywhere = scope{}

// allows reports whether names below root are in scope.
func (sc *scope) allows(root string) bool {
	switch sc.only {
	case "event":
		return root == "event"
	case "objects":
		return root == "now" || root == "objects"
	case "outside":
		return false
	}
	return root != "event" || sc.Event != ""
}

// roots of the language. A step id cannot be one of them.
var roots = []string{"account", "contact", "event", "metric", "score", "decide", "segment", "now"}

// Roots are the names that no step, input or object may take.
func Roots() []string { return append([]string(nil), roots...) }
