package steps

import (
	"maps"
	"strings"
	"time"

	"holdfast/internal/calendar"
	"holdfast/internal/diag"
	"holdfast/internal/source"
	"holdfast/rules"
)

// Approval is the spec of `approve`, and what an `offer` asks for.
type Approval struct {
	Title   string        // Liquid
	By      Authority     // who may say yes
	Amount  *rules.Expr   // frozen when asked; nil = none
	Due     calendar.Span // when an answer should be there
	Expires calendar.Span // after asking; zero = ten business days after Due
	Brief   string
}

// Authority is who may say yes: a role of the team, a person behind a field, or
// what a decision table says in its output approver.
type Authority struct {
	Ref      string // csm, manager, director …; owner.manager; account.<field>; "" with a decision
	Decision string // name of a decision; its open inputs are those of the step
}

const (
	approveVerb  = "approve"
	approvalKind = "approval" // of Wait
)

var approve = Verb{
	Doc: Doc{
		Name:    approveVerb,
		Summary: "Asks for a yes, and waits for it. The least senior person whose authority is enough is asked; nobody approves their own request, unless it lies within what their own role may grant. At the due time the next in line is asked as well. Its outcome is approved, denied or expired; <id>.by is who answered.",
		Fields: []FieldDoc{
			{Name: "approve", Type: "liquid", Required: true, Summary: "What to say yes to, in one line.", Example: "Free training for {{ account.name }}"},
			{Name: "by", Names: "person", Type: "reference", Default: "owner.manager", Summary: "Who may say yes: a role of the team, owner.manager, account.<field>, or decide.<table> whose output approver names a role.", Example: "decide.concession_authority"},
			{Name: "amount", Type: "literal", Summary: "What it costs: money or a percentage. It is frozen when asked.", Example: "{cel: account.arr * percent(10)}"},
			{Name: "amount.cel", Type: "cel", Required: true, Summary: "An expression."},
			{Name: "due", Type: "duration", Default: "1bd", Summary: "When the answer should be there.", Example: "1bd"},
			{Name: "expires", Type: "duration", Default: "due + 10bd", Summary: "When the playbook stops waiting for it."},
			{Name: "brief", Names: "template", Type: "literal", Summary: "A template with what the person needs to know."},
		},
		Example: "id: yes_please\napprove: Free training for {{ account.name }}\nby: manager\ndue: 1bd\n",
		Outcomes: []WordDoc{
			{Word: "approved", Says: "yes"},
			{Word: "denied", Says: "no"},
			{Word: "expired", Says: "nobody answered in time"},
			{Word: "refused", Says: "the amount is unknown, or there is nobody who may say yes"},
		},
		Results: []FieldDoc{
			{Name: "by", Type: "string", Summary: "Who answered, an id of the team."},
		},
		Played: "A yes comes when it is due, from whom would be asked; an event or an entry of events says otherwise. Whoever is not in the team cannot be asked, so that it is refused.",
	},
	Decode: func(d *Decoder) any { return d.approval(d.text(approveVerb), "by") },
	run: func(w *walk, s *Step) (Command, error) {
		return w.approval(s, s.Spec.(*Approval), nil)
	},
	result: func(any) map[string]rules.Type { return map[string]rules.Type{"by": rules.String} },
}

// task is the approval as the task that asks for it.
func (a *Approval) task() *Task { return &Task{Due: a.Due, Expires: a.Expires} }

// Times are when an answer asked for at t is due, and when it expires: see Task.Times.
func (a *Approval) Times(asked time.Time, d calendar.Days, work calendar.Work, zone *time.Location) (due, expires time.Time) {
	return a.task().Times(asked, d, work, zone)
}

// approval asks once, and waits. values are further facts of the request.
func (w *walk) approval(s *Step, spec *Approval, values map[string]any) (Command, error) {
	if a := w.answer(s); a != nil && a.Outcome == "opened" {
		w.in.Answer = nil
		w.rest(s, approvalKind, a.Until, "")
		w.st.Wait.Since, w.st.Wait.Tries = w.at.UTC(), untilItExpires
	}
	wait := w.st.Wait
	if wait == nil || wait.Kind != approvalKind {
		return w.askApproval(s, spec, values)
	}
	if c := wait.Closed; c != nil {
		w.leave(s, Result{Outcome: c.Status, Answers: c.Answers})
		return Command{}, nil
	}
	return w.unanswered(s, "nobody answered in time", func() time.Time { return spec.task().lastAt(wait, w.in) }), nil
}

func (w *walk) askApproval(s *Step, spec *Approval, values map[string]any) (Command, error) {
	cmd, err := w.deliver(s, nil)
	if err != nil || cmd.Kind != Deliver {
		return cmd, err
	}
	cmd.Values = map[string]any{}
	maps.Copy(cmd.Values, values)
	if spec.Amount == nil {
		return cmd, nil
	}
	amount, ok, err := spec.Amount.Value(&w.facts)
	if err != nil {
		return Command{}, failed(s, spec.Amount, err)
	}
	if !ok {
		w.say(s, "skip", "refused", "the amount is unknown: "+spec.Amount.Source(), time.Time{})
		w.leave(s, Result{Outcome: "refused"})
		return Command{}, nil
	}
	cmd.Values["amount"] = amount
	return cmd, nil
}

// approval reads the keys that approve and offer share; key names who may say yes.
func (d *Decoder) approval(title, key string) *Approval {
	a := &Approval{Title: title, Due: d.span("due"), Expires: d.span("expires"), Brief: d.text("brief"), By: d.authority(key)}
	if d.Node.Get("due") == nil {
		a.Due = calendar.Span{Business: 1, Text: "1bd"}
	}
	a.Amount = d.amount()
	d.template("brief", a.Brief)
	return a
}

// amount reads `amount`: {cel: …}, or a literal such as 15%.
func (d *Decoder) amount() *rules.Expr {
	n := d.Node.Get("amount")
	if n == nil {
		return nil
	}
	var e *rules.Expr
	if n.Kind() == source.Map {
		n.Strict(d.Diags, "amount", "cel")
		e = d.expr(n.Get("cel"), rules.Any)
	} else if share, ok := strings.CutSuffix(n.Text(), "%"); ok {
		var found []diag.Diagnostic
		e, found = d.Rules.Compile("percent("+strings.TrimSpace(share)+")", nil, rules.Scope{}, rules.Any)
		if e == nil || diag.Failed(found) {
			d.Diags.Errorf(n.Span(), "bad-value", "write a share such as 15%", "%q is no share", n.Text())
			return nil
		}
	} else {
		e = d.expr(n, rules.Any)
	}
	if e != nil && e.Type() != rules.Money && e.Type() != rules.Percent && e.Type() != rules.Int {
		d.Diags.Errorf(n.Span(), "wrong-type", "give money or a percentage: {cel: percent(15)}", "amount of %s is %s", d.what(), e.Type())
	}
	return e
}

// authority reads who may say yes.
func (d *Decoder) authority(key string) Authority {
	n := d.Node.Get(key)
	if n == nil {
		return Authority{Ref: "owner.manager"}
	}
	ref := n.Text()
	if name, ok := strings.CutPrefix(ref, "decide."); ok {
		name, out, _ := strings.Cut(name, ".")
		fields := d.Rules.DecisionFields(name)
		switch {
		case fields == nil:
			d.unknown(n.Span(), "unknown-field", "decision", name, d.Rules.Decisions())
		case out != "" && out != "approver" || !hasField(fields, "approver"):
			d.Diags.Errorf(n.Span(), "bad-reference", "let its rows say then: {approver: a role}", "decision %q does not say who the approver is", name)
		}
		d.c.p.rules = append(d.c.p.rules, "decision:"+name)
		return Authority{Decision: name}
	}
	if strings.HasPrefix(ref, "account.") || ref == "owner.manager" {
		d.ours(key, ref)
		return Authority{Ref: ref}
	}
	if !idPattern.MatchString(ref) {
		d.Diags.Errorf(n.Span(), "bad-reference", "write a role such as manager, owner.manager, account.<field> or decide.<table>", "%q is nobody who could say yes", ref)
	}
	return Authority{Ref: ref}
}

func hasField(fields []rules.Field, name string) bool {
	for _, f := range fields {
		if f.Name == name {
			return true
		}
	}
	return false
}

// template reports one that is not there; "" is none.
func (d *Decoder) template(key, name string) {
	if name != "" && d.Templates != nil && !d.Templates(name) {
		d.Diags.Errorf(d.place(key), "unknown-template", "write templates/"+name+".md", "there is no template %q", name)
	}
}
