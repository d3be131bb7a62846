package steps

import (
	"strings"
	"time"

	"holdfast/internal/calendar"
	"holdfast/internal/source"
	"holdfast/rules"
)

// Offer is the spec of `offer`: a concession that is approved before anybody
// hears of it.
type Offer struct {
	Kind     string // discount, payment_terms, extension, pilot, freeze, support, other
	Exchange Text   // what the customer gives for it
	Sunset   calendar.Span
	Ask      *Approval
}

// Text is a literal, or what an expression gives.
type Text struct {
	Literal string
	Expr    *rules.Expr // nil = Literal
}

const offerVerb = "offer"

// Kinds of concessions (S85, S94, S95, S103).
var offerKinds = []string{"discount", "payment_terms", "extension", "pilot", "freeze", "support", "training", "other"}

var offer = Verb{
	Doc: Doc{
		Name:    offerVerb,
		Summary: "Prepares a concession. It is checked against the authority table and approved by the least senior person whose authority is enough, before the customer hears of it; each answer is kept on record with amount, exchange and end. An offer without anything in exchange is refused. Its outcome is approved, denied, expired or refused; <id>.by is who answered. When it ends, an event offer.sunset comes ninety days before.",
		Fields: []FieldDoc{
			{Name: "offer", Type: "enum(" + strings.Join(offerKinds, "|") + ")", Required: true, Summary: "What is offered.", Example: "discount"},
			{Name: "amount", Type: "literal", Summary: "How much: a percentage or money, as a literal or {cel: …}. Required for a discount.", Example: "15%"},
			{Name: "amount.cel", Type: "cel", Required: true, Summary: "An expression."},
			{Name: "in_exchange", Type: "literal", Required: true, Summary: "What the customer gives for it, as text or {cel: …}.", Example: "a case study"},
			{Name: "in_exchange.cel", Type: "cel", Required: true, Summary: "An expression."},
			{Name: "sunset", Type: "duration", Summary: "How long it holds. Required for a discount.", Example: "12mo"},
			{Name: "approve", Names: "person", Type: "reference", Default: "owner.manager", Summary: "Who may say yes, as in approve's by. A decision table is asked with this amount in each input that it leaves open.", Example: "decide.concession_authority"},
			{Name: "due", Type: "duration", Default: "1bd", Summary: "When the answer should be there."},
			{Name: "expires", Type: "duration", Default: "due + 10bd", Summary: "When the playbook stops waiting for it."},
			{Name: "brief", Names: "template", Type: "literal", Summary: "A template with what the approver needs to know."},
		},
		Example: "id: concession\noffer: discount\namount: 15%\nin_exchange: a case study\nsunset: 12mo\napprove: director\n",
		Outcomes: []WordDoc{
			{Word: "approved", Says: "it may be made"},
			{Word: "denied", Says: "it may not"},
			{Word: "expired", Says: "nobody answered in time"},
			{Word: "refused", Says: "nothing is given in exchange, the amount is unknown, or there is nobody who may say yes"},
		},
		Results: []FieldDoc{
			{Name: "by", Type: "string", Summary: "Who answered, an id of the team."},
			{Name: "amount", Type: "string", Summary: "What was approved, as people read it."},
		},
		Played: "A yes comes when it is due, from whom would be asked; an event or an entry of events says otherwise. Whoever is not in the team cannot be asked, so that it is refused.",
	},
	Decode: decodeOffer,
	run:    runOffer,
	result: func(any) map[string]rules.Type {
		return map[string]rules.Type{"by": rules.String, "amount": rules.String}
	},
}

func runOffer(w *walk, s *Step) (Command, error) {
	spec := s.Spec.(*Offer)
	exchange, err := w.words(s, spec.Exchange)
	if err != nil {
		return Command{}, err
	}
	if wait := w.st.Wait; exchange == "" && (wait == nil || wait.Kind != approvalKind) {
		w.say(s, "skip", "refused", "nothing is given in exchange", time.Time{})
		w.leave(s, Result{Outcome: "refused"})
		return Command{}, nil
	}
	return w.approval(s, spec.Ask, map[string]any{"in_exchange": exchange})
}

// words are a text's, "" when they are unknown.
func (w *walk) words(s *Step, t Text) (string, error) {
	if t.Expr == nil {
		return t.Literal, nil
	}
	v, ok, err := t.Expr.Value(&w.facts)
	if err != nil {
		return "", failed(s, t.Expr, err)
	}
	text, _ := v.(string)
	if !ok {
		text = ""
	}
	return strings.TrimSpace(text), nil
}

func decodeOffer(d *Decoder) any {
	o := &Offer{Kind: d.oneOf(offerVerb, offerKinds...), Sunset: d.span("sunset")}
	o.Exchange = d.literalOrCEL("in_exchange")
	o.Ask = d.approval("", "approve")
	o.Ask.Title = strings.ReplaceAll(o.Kind, "_", " ") + " for {{ account.name }}"
	if d.Node.Get("in_exchange") == nil {
		d.Diags.Errorf(d.Node.Span(), "offer-without-exchange", "add in_exchange: what the customer gives for it", "%s gives something for nothing", d.what())
	}
	if o.Kind != "discount" {
		return o
	}
	if d.Node.Get("amount") == nil {
		d.Diags.Errorf(d.Node.Span(), "missing-key", "add amount: 15%", "%s does not say how much", d.what())
	}
	if d.Node.Get("sunset") == nil {
		d.Diags.Errorf(d.Node.Span(), "offer-without-sunset", "add sunset: 12mo", "%s is a discount without an end", d.what())
	}
	return o
}

// literalOrCEL reads a text, or {cel: expression}.
func (d *Decoder) literalOrCEL(key string) Text {
	n := d.Node.Get(key)
	if n.Kind() != source.Map {
		return Text{Literal: strings.TrimSpace(d.text(key))}
	}
	n.Strict(d.Diags, key, "cel")
	return Text{Expr: d.expr(n.Get("cel"), rules.String)}
}
