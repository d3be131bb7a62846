package steps

import (
	"slices"
	"strings"
	"time"

	"holdfast/internal/calendar"
	"holdfast/internal/diag"
	"holdfast/rules"
)

// Task is the spec of `task`: human work that holds the sequence until it is
// done, cannot be done, or expires.
type Task struct {
	Title      string // Liquid
	Channel    string // slack (internal, the default), or how the human reaches the customer: linkedin, phone, meeting, mail, executive
	Assign     string // owner, owner.manager, account.<field> or <item>.<field>
	Due        calendar.Span
	Expires    calendar.Span // after opening; zero = ten business days after Due
	Brief      string        // name of a brief template, or ""
	Background bool          // the sequence goes on at once
	Form       []Question
	Overdue    []Late // who hears of it when it is late, one after the other
}

// HumanTouch reports whether the work reaches the customer: a touch, counted by
// caps and reports.
func (t *Task) HumanTouch() bool { return t.Channel != internalChannel }

// Times are when a task opened at t (in the account's zone) is due, in the
// working time of whoever has it, and when it expires. Expires, where an author
// wrote it, is the patience of the sequence, in the account's days; nothing is
// due after it.
func (t *Task) Times(opened time.Time, d calendar.Days, work calendar.Work, zone *time.Location) (due, expires time.Time) {
	due = work.Add(opened.In(zone), t.Due)
	if t.Expires.Zero() {
		return due, work.Add(due, calendar.Span{Business: 10})
	}
	if expires = t.Expires.Add(opened, d); due.After(expires) {
		due = expires
	}
	return due, expires
}

const (
	taskVerb        = "task"
	internalChannel = "slack"
)

var task = Verb{
	Doc: Doc{
		Name:    taskVerb,
		Summary: "Asks a person of ours to do something, and waits until it is done, cannot be done, or expires.",
		Fields: []FieldDoc{
			{Name: "task", Type: "liquid", Required: true, Summary: "What to do, in one line.", Example: "Call {{ contact.first_name }}"},
			{Name: "assign", Names: "person", Type: "reference", Default: "owner", Summary: "Who does it: owner, owner.manager, or a field of the account or of an open item that names one of the team.", Example: "account.executive_sponsor"},
			{Name: "channel", Type: "enum(slack|linkedin|phone|meeting|mail|executive)", Default: "slack", Summary: "slack is work inside the house. The others reach the customer: a touch, counted by caps and reports."},
			{Name: "due", Type: "duration", Default: "2bd", Summary: "When it should be done, in the working time of whoever has it: bd are their working days, and h and m run in their working hours alone (8h is a day of nine to five).", Example: "3bd"},
			{Name: "expires", Type: "duration", Default: "due + 10bd", Summary: "When the playbook stops waiting for it, counted from the start in the account's days. The outcome is expired then."},
			{Name: "overdue", Type: "maps", Summary: "Who hears of it when it is late: a map, or a list of maps that come one after the other, each once.", Example: "[{remind: owner}, {escalate_to: owner.manager, after: 1bd}, {escalate_to: \"#cs-leads\", after: 3bd}]"},
			{Name: "overdue.escalate_to", Names: "person", Type: "reference", Default: "owner.manager", Summary: "Who gets a card about it: as assign, or a #channel."},
			{Name: "overdue.remind", Type: "enum(owner)", Summary: "Whoever has the task gets another card."},
			{Name: "overdue.after", Type: "duration", Default: "at once", Summary: "How long after it was due, in the working time of whom it reaches."},
			{Name: "brief", Names: "template", Type: "literal", Summary: "A template with what the person needs to know."},
			{Name: "background", Type: "bool", Default: "false", Summary: "true: the playbook goes on at once."},
			{Name: "form", Type: "map", Summary: "What to ask when it is done, by name; later steps read the answers as <step>.<name>. Each is a map of choose (a list), type (bool, int, date, percent or money) or text (long), and required."},
			{Name: "form.*", Type: "map", Summary: "A question."},
			{Name: "form.*.choose", Type: "list", Summary: "The answers to choose from.", Example: "[\"yes\", later, \"no\"]"},
			{Name: "form.*.type", Type: "enum(bool|int|date|percent|money)", Summary: "What kind of answer it takes, beside text."},
			{Name: "form.*.text", Type: "enum(long)", Summary: "Free text; no step can read it."},
			{Name: "form.*.required", Type: "bool", Default: "false", Summary: "true: the task cannot be done without it."},
		},
		Example: "id: call\ntask: Call the champion\nchannel: phone\ndue: 3bd\nform:\n  interest: {choose: [\"yes\", later, \"no\"], required: true}\n  seats: {type: int}\n  notes: {text: long}\n",
		Outcomes: []WordDoc{
			{Word: "done", Says: "somebody did it"},
			{Word: "cannot", Says: "somebody said that it cannot be done"},
			{Word: "expired", Says: "nobody did it in time"},
			{Word: "opened", Says: "with background: true, at once"},
		},
		Results: []FieldDoc{
			{Name: "*", Type: "the question's", Summary: "The answer to each question of the form that is no free text."},
		},
		Played: "It is done when it is due, each required question answered with its first choice. `--tasks idle` and `tasks: idle` let it expire; an event or an entry of events answers it.",
	},
	Decode: decodeTask,
	run:    runTask,
	result: func(spec any) map[string]rules.Type {
		fields := map[string]rules.Type{}
		for _, q := range spec.(*Task).Form {
			if !q.Long {
				fields[q.Name] = q.Type
			}
		}
		return fields
	},
}

func runTask(w *walk, s *Step) (Command, error) {
	spec := s.Spec.(*Task)
	if a := w.answer(s); a != nil && a.Outcome == "opened" {
		w.in.Answer = nil
		if spec.Background {
			w.leave(s, Result{Outcome: "opened"})
			return Command{}, nil
		}
		w.rest(s, taskVerb, a.Until, "")
		w.st.Wait.Since, w.st.Wait.Tries = w.at.UTC(), untilItExpires
		w.absorb(w.st.Wait, nil) // one that another version asked for may be closed
	}
	wait := w.st.Wait
	if wait == nil || wait.Kind != taskVerb {
		return w.deliver(s, nil)
	}
	if c := wait.Closed; c != nil {
		if spec.HumanTouch() && c.Status == "done" {
			w.st.Touched = wait.Since // a reply or a booking may be older than the click
		}
		w.leave(s, Result{From: wait.Since, Outcome: c.Status, Answers: spec.answers(c.Answers)})
		return Command{}, nil
	}
	return w.unanswered(s, "nobody did it in time", func() time.Time { return spec.lastAt(wait, w.in) }), nil
}

// closeBackground records the ends of tasks that nothing waits for, of the steps
// that w's own counter walks.
func (w *walk) closeBackground() {
	for _, c := range w.in.Closed {
		s := StepOf(w.p, c.Path)
		if s == nil || (w.place(s) != c.Path && !slices.Contains(FormerPaths(w.p, w.place(s)), c.Path)) {
			continue // of a pass gone by, or of another arm
		}
		if spec, ok := s.Spec.(*Task); ok && spec.Background {
			w.record(s, Result{At: c.At.UTC().Truncate(time.Millisecond), Outcome: c.Status, Answers: spec.answers(c.Answers)})
		}
	}
}

// answers are the typed ones, in JSON's shapes. One that does not fit its
// question is left out: it reads as unset.
func (t *Task) answers(given map[string]any) map[string]any {
	var kept map[string]any
	for _, q := range t.Form {
		v, there := given[q.Name]
		if !there || q.Long {
			continue
		}
		typed, err := rules.Typed(q.Type, rules.Untyped(v))
		if err != nil || typed == nil || !q.offers(typed) {
			continue
		}
		if kept == nil {
			kept = map[string]any{}
		}
		kept[q.Name] = rules.Untyped(typed)
	}
	return kept
}

func decodeTask(d *Decoder) any {
	t := &Task{
		Title:      d.text(taskVerb),
		Channel:    d.oneOf("channel", internalChannel, "linkedin", "phone", "meeting", "mail", "executive"),
		Assign:     d.text("assign"),
		Due:        d.span("due"),
		Expires:    d.span("expires"),
		Brief:      d.text("brief"),
		Background: d.flag("background"),
		Form:       d.form(),
		Overdue:    d.overdue(),
	}
	if t.Due.Zero() && d.Node.Get("due") == nil {
		t.Due = calendar.Span{Business: 2, Text: "2bd"}
	}
	if t.Assign == "" {
		t.Assign = "owner"
	}
	d.ours("assign", t.Assign)
	d.template("brief", t.Brief)
	return t
}

// ours checks a reference to one of our own people.
func (d *Decoder) ours(key, ref string) { d.oursAt(d.place(key), ref) }

func (d *Decoder) oursAt(at diag.Span, ref string) {
	if ref == "owner" || ref == "owner.manager" {
		return
	}
	root, field, _ := strings.Cut(ref, ".")
	if it, open := d.Scope.Items[root]; open {
		d.itemField(at, it, field)
		return
	}
	if root != "account" {
		d.Diags.Errorf(at, "bad-reference", "write owner, owner.manager or account.<field>", "%q names nobody of ours", ref)
		return
	}
	d.declared(at, "account field", field, d.Rules.AccountFields())
}

// itemField checks a field of an open item; one that is a text is the reference
// itself.
func (d *Decoder) itemField(at diag.Span, it rules.Item, field string) {
	if it.Object != "" || field != "" {
		d.declared(at, "field of "+it.Object, field, d.Rules.ObjectFields(it.Object))
	}
}

func (d *Decoder) declared(at diag.Span, what, field string, fields []rules.Field) {
	var names []string
	for _, f := range fields {
		if f.Name == field {
			return
		}
		names = append(names, f.Name)
	}
	d.unknown(at, "unknown-field", what, field, names)
}
