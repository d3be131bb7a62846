package playbooks

import (
	"regexp"

	"holdfast/internal/diag"
	"holdfast/internal/source"
)

var discountReason = Check{
	Check: diag.Check{
		Name: "discount-reason", Severity: diag.Warning,
		Summary: "A discount is offered without a condition that says the reason is price.",
		Why:     "The intervention has to match the reason (S69). A discount does not close a gap, mend a service or bring a champion back; it sets a precedent and teaches that complaints are paid for (S89, S93).",
	},
	Run: func(s Subject) {
		about := []*source.Node{}
		for _, t := range triggerNodes(s.Doc.Get("trigger")) {
			about = append(about, t.Get("when"), t.Get("becomes"))
		}
		about = append(about, s.Doc.Get("trigger").Get("when"))
		for _, w := range offers(s.Doc) {
			if w.node.Get("offer").Text() != "discount" || sayPrice(about) || sayPrice(w.under) {
				continue
			}
			s.warn(w.node.Get("offer").Span(), `put it below a branch arm such as when: account.churn.reason == "price"`, "nothing says that price is why they leave, and a discount helps nothing else")
		}
	},
}

// price is how conditions speak of it: a reason or cause that is compared, a
// signal of price or budget, a decision that weighed it.
var price = regexp.MustCompile(`(?i)price|pricing|budget|cost|decide\.\w*(concession|offer|discount)`)

func sayPrice(conds []*source.Node) bool {
	for _, c := range conds {
		if price.MatchString(c.Text()) {
			return true
		}
	}
	return false
}

// offers are the steps that offer something.
func offers(doc *source.Node) (out []written) {
	for _, w := range walkSteps(doc.Get("steps")) {
		if w.node.Get("offer") != nil {
			out = append(out, w)
		}
	}
	return out
}
