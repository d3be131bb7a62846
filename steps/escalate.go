package steps

import (
	"fmt"
	"strconv"
	"time"

	"holdfast/internal/diag"
	"holdfast/internal/source"
)

// Escalate is the spec of `escalate`: four stages of work, as steps of its own.
type Escalate struct {
	Name  string
	First string
}

const escalateVerb = "escalate"

var escalate = Verb{
	Doc: Doc{
		Name:    escalateVerb,
		Summary: "Brings in an executive in four stages, each a task with an owner and a time: the owner briefs them, they engage, the owner follows up on what was promised, and both note what was learnt. Meanwhile the account is on hold, so that no automated message crosses the talk. The stages are steps called <id>_brief, <id>_engage, <id>_follow_up and <id>_learn; later steps read their outcomes. It ends early when the executive cannot or does not engage.",
		Fields: []FieldDoc{
			{Name: "escalate", Type: "literal", Required: true, Summary: "A name for it, as people will read it.", Example: "executive_outreach"},
			{Name: "to", Names: "person", Type: "reference", Required: true, Summary: "Who engages: owner.manager, or an account field that names one of the team.", Example: "account.executive_sponsor"},
			{Name: "brief", Names: "template", Type: "literal", Summary: "A template with history, issues, plan, objective and talking points; the owner and the executive get it."},
			{Name: "channel", Type: "enum(executive|phone|meeting|linkedin)", Default: "executive", Summary: "How the executive reaches the customer: a touch."},
			{Name: "due", Type: "duration", Default: "3bd", Summary: "When the executive should have engaged.", Example: "5bd"},
			{Name: "for", Type: "duration", Default: "30d", Summary: "How long the hold lasts at the most."},
		},
		Example: "id: executive\nescalate: executive_outreach\nto: owner.manager\n",
		Outcomes: []WordDoc{
			{Word: "begun", Says: "the account is on hold and the stages follow; how those end is told by their own ids"},
		},
		Played: "Its four stages are tasks, and are played as tasks are; the hold is real, and keeps other touches back.",
	},
	Decode: decodeEscalate,
	run: func(w *walk, s *Step) (Command, error) {
		spec := s.Spec.(*Escalate)
		w.trace(s, 0)
		w.say(s, escalateVerb, "begun", spec.Name, time.Time{})
		w.record(s, Result{At: w.at.UTC(), Outcome: "begun"})
		w.jump(spec.First)
		return Command{}, nil
	},
}

func (e *Escalate) blocks() []Block { return []Block{{Label: e.Name, First: e.First}} }

// stages are the steps of an escalation, in the words of practice (S82, S83).
const stages = `
- {id: %[1]s_hold, hold: account, reason: %[2]s, for: %[6]s}
- id: %[1]s_brief
  task: "Brief the executive on {{ account.name }}: history, issues, plan, objective, talking points"
  due: 1bd%[4]s
- id: %[1]s_engage
  task: "Speak to {{ account.name }}, peer to peer"
  assign: %[3]s
  channel: %[5]s
  due: %[7]s%[4]s
- id: %[1]s_follow_up
  if: %[1]s_engage.outcome == "done"
  task: "Follow up on what was promised to {{ account.name }}"
  due: 2bd
- id: %[1]s_learn
  if: %[1]s_engage.outcome == "done"
  task: "Thank the executive, and note what was learnt about {{ account.name }}"
  due: 5bd
  background: true
- {id: %[1]s_release, release: account}
`

func decodeEscalate(d *Decoder) any {
	e := &Escalate{Name: d.text(escalateVerb)}
	to := d.required("to")
	d.ours("to", to)
	brief := ""
	if name := d.text("brief"); name != "" {
		d.template("brief", name)
		brief = "\n  brief: " + strconv.Quote(name)
	}
	span := func(key, otherwise string) string {
		if s := d.span(key); s.Text != "" {
			return s.Text
		}
		return otherwise
	}
	channel := d.oneOf("channel", "executive", "phone", "meeting", "linkedin")
	text := fmt.Sprintf(stages, d.ID, strconv.Quote(e.Name), strconv.Quote(to), brief, channel, span("for", "30d"), span("due", "3bd"))
	docs, found := source.Parse(d.Node.File(), []byte(text))
	if len(found) > 0 || len(docs) != 1 {
		d.Diags.Errorf(d.Node.Span(), "bad-value", "", "its stages cannot be written: %v", found)
		return e
	}
	e.First = d.generated(docs[0], d.ID, d.Node.Span())
	return e
}

// generated compiles steps that no author wrote: what is found in them, and where
// they stand, is their maker's place.
func (c *compiler) generated(n *source.Node, parent string, at diag.Span) string {
	before, steps := len(c.l.All), len(c.p.Steps)
	first := c.block(n, parent)
	for i := range c.l.All[before:] {
		c.l.All[before+i].Span = at
	}
	for _, s := range c.p.Steps[steps:] {
		s.Span = at
	}
	return first
}
