package steps

import (
	"strings"
	"time"

	"holdfast/internal/calendar"
	"holdfast/rules"
)

// Task is the spec of `task`: human work that holds the sequence until it is
// done, cannot be done, or expires.
type Task struct {
	Title      string // Liquid
	Channel    string // slack (internal, the default), or how the human reaches the customer: linkedin, phone, meeting, mail, executive
	Assign     string // owner, owner.manager or account.<field>
	Due        calendar.Span
	Expires    calendar.Span // after opening; zero = ten business days after Due
	Brief      string        // name of a brief template, or ""
	Background bool          // the sequence goes on at once
	Form       []Question
}

// HumanTouch reports whether the work reaches the customer: a touch, counted by
// caps and reports.
func (t *Task) HumanTouch() bool { return t.Channel != internalChannel }

// Times are when a task opened at t (in the zone that matters) is due and when
// it expires.
func (t *Task) Times(opened time.Time, d calendar.Days) (due, expires time.Time) {
	due = t.Due.Add(opened, d)
	if !t.Expires.Zero() {
		return due, t.Expires.Add(opened, d)
	}
	return due, d.AddBusiness(due, 10)
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
			{Name: "assign", Type: "reference", Default: "owner", Summary: "Who does it: owner, owner.manager, or an account field that names one of the team.", Example: "account.executive_sponsor"},
			{Name: "channel", Type: "enum(slack|linkedin|phone|meeting|mail|executive)", Default: "slack", Summary: "slack is work inside the house. The others reach the customer: a touch, counted by caps and reports."},
			{Name: "due", Type: "duration", Default: "2bd", Summary: "When it should be done.", Example: "3bd"},
			{Name: "expires", Type: "duration", Default: "due + 10bd", Summary: "When the playbook stops waiting for it, counted from the start. The outcome is expired then."},
			{Name: "brief", Type: "literal", Summary: "A template with what the person needs to know."},
			{Name: "background", Type: "bool", Default: "false", Summary: "true: the playbook goes on at once."},
			{Name: "form", Type: "map", Summary: "What to ask when it is done, by name; later steps read the answers as <step>.<name>. Each is a map of choose (a list), type (bool, int or date) or text (long), and required."},
		},
		Example: "id: call\ntask: Call the champion\nchannel: phone\ndue: 3bd\nform:\n  interest: {choose: [\"yes\", later, \"no\"], required: true}\n  seats: {type: int}\n  notes: {text: long}\n",
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
		w.st.Wait.Since, w.st.Wait.Tries = w.at.UTC(), 0
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
	if wait.Until.IsZero() || !w.reached(wait.Until) {
		return w.restOn(s), nil
	}
	w.say(s, taskVerb, "expired", "nobody did it in time", time.Time{})
	w.leave(s, Result{From: wait.Since, Outcome: "expired"})
	return Command{}, nil
}

// closeBackground records the ends of tasks that nothing waits for, of the steps
// that w's own counter walks.
func (w *walk) closeBackground() {
	for _, c := range w.in.Closed {
		s := StepOf(w.p, c.Path)
		if s == nil || w.place(s) != c.Path {
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
	}
	if t.Due.Zero() && d.Node.Get("due") == nil {
		t.Due = calendar.Span{Business: 2, Text: "2bd"}
	}
	if t.Assign == "" {
		t.Assign = "owner"
	}
	d.ours("assign", t.Assign)
	if t.Brief != "" && d.Templates != nil && !d.Templates(t.Brief) {
		d.Diags.Errorf(d.Node.Get("brief").Span(), "unknown-template", "write templates/"+t.Brief+".md",
			"there is no template %q", t.Brief)
	}
	return t
}

// ours checks a reference to one of our own people.
func (d *Decoder) ours(key, ref string) {
	if ref == "owner" || ref == "owner.manager" {
		return
	}
	field, ok := strings.CutPrefix(ref, "account.")
	if !ok {
		d.Diags.Errorf(d.place(key), "bad-reference", "write owner, owner.manager or account.<field>", "%q names nobody of ours", ref)
		return
	}
	var names []string
	for _, f := range d.Rules.AccountFields() {
		if f.Name == field {
			return
		}
		names = append(names, f.Name)
	}
	d.unknown(d.place(key), "unknown-field", "account field", field, names)
}
