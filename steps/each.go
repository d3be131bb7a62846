package steps

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"holdfast/rules"
)

// Each is the spec of `each`: its steps for every item of a list, side by side.
type Each struct {
	List  *rules.Expr
	As    string
	Item  rules.Item
	First string

	key string // of an object: the field that tells it from others
}

const (
	eachVerb  = "each"
	mostItems = 100
)

var each = Verb{
	Doc: Doc{
		Name:    eachVerb,
		Summary: "Does its steps for every item of a list, all items beside each other, each with a clock of its own. The list is read on arrival, and at most a hundred items are taken. Inside, the name given by `as` is the item; afterwards <id>.items says how many there were. Its outcome is done, or none.",
		Fields: []FieldDoc{
			{Name: "each", Type: "cel", Required: true, Summary: "A list of objects, or of texts.", Example: "subscriptions.filter(s, s.active).first(3)"},
			{Name: "as", Type: "literal", Required: true, Summary: "What the steps call the item.", Example: "topic"},
			{Name: "steps", Type: "steps", Required: true, Summary: "What is done for an item."},
		},
		Example: "id: gaps\neach: '[\"sso\", \"audit\"]'\nas: topic\nsteps:\n  - {id: tell, slack: owner, text: \"{{ account.name }} misses {{ topic }}\"}\n",
		Outcomes: []WordDoc{
			{Word: "done", Says: "every item has been gone through"},
			{Word: "none", Says: "the list was empty or unknown"},
		},
		Results: []FieldDoc{
			{Name: "items", Type: "int", Summary: "How many items there were."},
		},
		Played: "Every item is played beside the others; a step of an item is named with its key: gaps[sso]/tell.",
	},
	Decode: decodeEach,
	run:    runEach,
	result: func(any) map[string]rules.Type { return map[string]rules.Type{"items": rules.Int} },
}

func (e *Each) blocks() []Block { return []Block{{First: e.First}} }

func runEach(w *walk, s *Step) (Command, error) {
	spec := s.Spec.(*Each)
	if len(w.st.Arms) == 0 {
		done, err := w.openItems(s, spec)
		if err != nil || done {
			return Command{}, err
		}
	}
	lookUp := func(key string) (rules.Record, bool) { return w.item(spec, key) }
	cmd, over, err := w.walkArms(arms{step: s, item: lookUp, as: spec.As})
	switch {
	case err != nil || w.st.Over || cmd.Kind != "":
		return cmd, err
	case !over:
		return w.restArms(s), nil
	}
	w.leave(s, Result{Outcome: "done", Passes: len(w.st.Arms)})
	return Command{}, nil
}

// openItems reads the list; done when there is nothing in it.
func (w *walk) openItems(s *Step, spec *Each) (done bool, err error) {
	items, ok, err := w.list(spec)
	if err != nil {
		return false, failed(s, spec.List, err)
	}
	if !ok || len(items) == 0 {
		why := "the list is empty"
		if !ok {
			why = "the list is unknown: a field it needs is not set"
		}
		w.say(s, "skip", "none", why, time.Time{})
		w.leave(s, Result{Outcome: "none"})
		return true, nil
	}
	var keys []string
	for _, r := range items {
		if key := spec.keyOf(r); !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	said := count(len(keys), "item", "items")
	if len(keys) > mostItems {
		keys, said = keys[:mostItems], fmt.Sprintf("the first %d of %d items", mostItems, len(keys))
	}
	w.trace(s, 0)
	for _, key := range keys {
		w.st.Arms = append(w.st.Arms, Arm{Key: key, At: spec.First})
	}
	w.say(s, armsKind, "begun", said, time.Time{})
	return false, nil
}

// list is the list as records.
func (w *walk) list(spec *Each) ([]rules.Record, bool, error) {
	v, ok, err := spec.List.Value(&w.facts)
	if err != nil || !ok {
		return nil, false, err
	}
	switch list := v.(type) {
	case []rules.Record:
		return list, true, nil
	case []string:
		var out []rules.Record
		for _, text := range list {
			out = append(out, rules.Record{"": text})
		}
		return out, true, nil
	}
	return nil, true, nil
}

// item is what an arm's name stands for now. An object is found by its key even
// when it has left the list; a text by looking at the list again.
func (w *walk) item(spec *Each, key string) (rules.Record, bool) {
	var items []rules.Record
	if spec.Item.Object != "" && w.facts.Objects != nil {
		items = w.facts.Objects(spec.Item.Object)
	} else if list, ok, err := w.list(spec); err == nil && ok {
		items = list
	}
	for _, r := range items {
		if spec.keyOf(r) == key {
			return r, true
		}
	}
	return nil, false
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,40}$`)

// keyOf tells one item from another. It stands in paths and in Temporal, so what
// is no plain id is hashed.
func (e *Each) keyOf(r rules.Record) string {
	text := fmt.Sprint(r[e.key])
	if plainKey.MatchString(text) {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:5]))
}

func decodeEach(d *Decoder) any {
	e := &Each{List: d.expr(d.Node.Get(eachVerb), rules.Any), As: d.required("as")}
	if e.List != nil {
		item, ok := e.List.Item()
		if !ok {
			d.Diags.Errorf(d.place(eachVerb), "wrong-type", "name a list, such as subscriptions.first(3)", "each needs a list of objects or of texts")
		}
		e.Item = item
		e.key = d.Rules.ObjectKey(item.Object)
	}
	as := d.Node.Get("as")
	if e.As != "" && !idPattern.MatchString(e.As) || slices.Contains(reserved, e.As) || rules.Reserved(e.As) && e.As != "" {
		d.Diags.Errorf(as.Span(), "bad-name", "use letters, digits and underscores, and no word of the language", "an item cannot be called %q", e.As)
	} else if d.Scope.Steps[e.As] != nil {
		d.Diags.Errorf(as.Span(), "bad-name", "choose another name", "a step is called %q already", e.As)
	}
	e.First = d.c.withItem(e.As, e.Item, func() string { return d.Block(d.Node.Get("steps"), d.ID) })
	return e
}

// withItem compiles a block in which name is an item. What its steps come to is
// known inside alone: there is one result for each item.
func (c *compiler) withItem(name string, it rules.Item, block func() string) string {
	before, was := c.scope.Items[name]
	c.scope.Items[name] = it
	outside := maps.Clone(c.scope.Steps)
	first := block()
	maps.DeleteFunc(c.scope.Steps, func(id string, _ map[string]rules.Type) bool { return outside[id] == nil })
	delete(c.scope.Items, name)
	if was {
		c.scope.Items[name] = before
	}
	return first
}
