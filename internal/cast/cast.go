// Package cast plays the people of a sample run: customers who reply and
// colleagues who do their tasks, as cast.yaml says, the same every time. It
// acts only through the doors that real people use. To add an act, add its word
// to acts and its case to Player.perform.
package cast

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/calendar"
	"holdfast/internal/diag"
	"holdfast/internal/source"
)

// Cast is a cast.yaml that was read. Immutable.
type Cast struct {
	Name  string
	Seed  int
	Rules []Rule // in file order: the first that fits acts
}

// Rule says when somebody does what. It has a When, or is Scripted with an At.
type Rule struct {
	When           string   // touch, task
	Playbook, Step string   // "" fits every one
	Channel        string   // of a touch; "" is email
	Accounts       []string // none fits every one
	Share          float64  // of what fits otherwise, 0 to 1
	After          calendar.Span

	Scripted bool
	At       time.Time // wall clock, in UTC, of whatever zone the project has
	Contact  string

	Act     string // of acts
	Event   string // track
	Props   map[string]any
	Answers map[string]any // done

	id string // what the rule says, for hashes and keys
}

// The acts besides our own events: a message from the customer's product, and
// what a colleague answers to a task.
const (
	done   = "done"
	cannot = "cannot"
)

var (
	acts = []string{
		holdfast.EventReplied, holdfast.EventOptedOut, holdfast.EventOptedIn, holdfast.EventMeetingBooked, holdfast.EventBounced,
		holdfast.Track, holdfast.Identify, holdfast.Group, done, cannot,
	}
	ruleKeys = []string{
		"when", "playbook", "step", "channel", "account", "share", "after", "at", "contact", "act", "event", "props", "answers",
	}
)

// Parse reads a cast.yaml. What is wrong goes to l; the rest is returned.
func Parse(file string, src []byte, l *diag.List) *Cast {
	docs, found := source.Parse(file, src)
	l.Add(found...)
	c := &Cast{}
	for i, d := range docs {
		if i > 0 {
			l.Errorf(d.Span(), "one-document", "move its acts into the first", "a cast is one document")
			break
		}
		d.Strict(l, "a cast", "cast", "seed", "acts")
		c.Name = d.Require(l, "a cast", "cast").String(l, "cast")
		c.Seed = d.Get("seed").Int(l, "seed", 0, 1<<31-1)
		if items := d.Get("acts"); items != nil && items.Kind() != source.List {
			l.Errorf(items.Span(), "wrong-type", "begin each act with a dash", "acts must be a list")
		}
		for _, n := range d.Get("acts").Items() {
			c.Rules = append(c.Rules, rule(n, l))
		}
	}
	return c
}

func rule(n *source.Node, l *diag.List) Rule {
	n.Strict(l, "an act", ruleKeys...)
	r := Rule{
		When:     n.Get("when").Word(l, "when", "touch", "task"),
		Playbook: n.Get("playbook").String(l, "playbook"),
		Step:     n.Get("step").String(l, "step"),
		Channel:  n.Get("channel").String(l, "channel"),
		Accounts: n.Get("account").Words(l, "account"),
		Share:    share(n.Get("share"), l),
		After:    after(n.Get("after"), l),
		Contact:  n.Get("contact").String(l, "contact"),
		Act:      n.Require(l, "an act", "act").Word(l, "act", acts...),
		Event:    n.Get("event").String(l, "event"),
		Props:    object(n.Get("props"), "props", l),
		Answers:  object(n.Get("answers"), "answers", l),
	}
	r.At, r.Scripted = moment(n.Get("at"), l)
	together(n, r, l)
	if b, err := json.Marshal(n.JSON()); err == nil {
		r.id = string(b)
	}
	return r
}

// together reports keys that make no sense beside each other.
func together(n *source.Node, r Rule, l *diag.List) {
	refuse := func(key, hint, format string, args ...any) {
		if n.Get(key) != nil {
			l.Errorf(n.Key(key).Span(), "unused-key", hint, format, args...)
		}
	}
	switch {
	case n.Get("at") == nil && n.Get("when") == nil && n.Kind() == source.Map:
		l.Errorf(n.Span(), "missing-key", "add when: touch, when: task or at: DATE", "an act needs a moment")
	case n.Get("at") != nil:
		for _, key := range []string{"when", "playbook", "step", "channel", "share", "after"} {
			refuse(key, "remove it, or the at", "%s means nothing beside at", key)
		}
		if len(r.Accounts) == 0 {
			l.Errorf(n.Span(), "missing-key", "add account:", "an act at a moment needs an account")
		}
	default:
		refuse("contact", "remove it", "who acts follows from the %s", r.When)
	}
	ofTask := r.Act == done || r.Act == cannot
	if ofTask && r.When != "task" {
		l.Errorf(n.Get("act").Span(), "wrong-act", "write when: task", "only a task can be %s", r.Act)
	}
	if r.When == "task" {
		refuse("channel", "remove it", "a task fits whatever its channel")
	}
	if r.Act != done {
		refuse("answers", "remove them", "only a task that is done has answers")
	}
	if ofTask {
		refuse("props", "write answers", "a task has answers, not props")
	}
	if r.Act == holdfast.Track {
		n.Require(l, "an act of track", "event")
	} else {
		refuse("event", "write act: track", "only track names an event")
	}
}

// share is a percentage; absent it is all.
func share(n *source.Node, l *diag.List) float64 {
	if n == nil {
		return 1
	}
	text := n.String(l, "share")
	p, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	if text != "" && (err != nil || !strings.HasSuffix(text, "%") || !(p >= 0 && p <= 100)) {
		l.Errorf(n.Span(), "wrong-type", "write a percentage, such as 20%", "share must be 0%% to 100%%, not %q", text)
		return 0
	}
	return p / 100
}

func after(n *source.Node, l *diag.List) calendar.Span {
	text := n.String(l, "after")
	if text == "" {
		return calendar.Span{}
	}
	s, err := calendar.ParseSpan(text)
	if err != nil {
		l.Errorf(n.Span(), "bad-duration", "", "%v", err)
	}
	return s
}

func object(n *source.Node, what string, l *diag.List) map[string]any {
	m, ok := n.JSON().(map[string]any)
	if n != nil && !ok {
		l.Errorf(n.Span(), "wrong-type", "", "%s must be a map", what)
	}
	return m
}

// moment reads a date, which is nine o'clock, or a date and a time.
func moment(n *source.Node, l *diag.List) (at time.Time, ok bool) {
	text := n.String(l, "at")
	if text == "" {
		return time.Time{}, false
	}
	if at, err := time.Parse(time.DateOnly, text); err == nil {
		return at.Add(9 * time.Hour), true
	}
	at, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		l.Errorf(n.Span(), "bad-date", "write 2026-03-02, or 2026-03-02 14:30 in the project's time zone", "%q is no moment", text)
	}
	return at, err == nil
}

// fits reports whether r is about what happened, its share aside.
func (r *Rule) fits(what, channel, playbook, step, account string) bool {
	return r.When == what && (what == "task" || cmp.Or(r.Channel, "email") == channel) &&
		(r.Playbook == "" || r.Playbook == playbook) && (r.Step == "" || r.Step == step) &&
		(len(r.Accounts) == 0 || slices.Contains(r.Accounts, account))
}
