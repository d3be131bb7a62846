package playbooks

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"holdfast/internal/source"
)

// Share of accounts in hundredths of a percent, from 0 to Whole.
type Share int

// Whole is all accounts.
const Whole Share = 100_00

// String is s as an author writes it: 10%.
func (s Share) String() string {
	return strings.TrimSuffix(strings.TrimSuffix(fmt.Sprintf("%d.%02d", s/100, s%100), "0"), ".0") + "%"
}

// Holdout is the share of accounts that a playbook leaves alone, so that what it
// does can be measured against what would have happened. Playbooks of one name
// hold out the same accounts.
type Holdout struct {
	Name  string
	Share Share // 0: none
}

// defaultHoldout is what outreach holds out that sends by itself.
const defaultHoldout Share = 10_00

// automatic are the verbs that make no work for anyone: a playbook of nothing
// else is automated. All others put something on a person's desk, or may.
var automatic = []string{"email", "wait", "wait_for", "branch", "every", "end", "parallel", "each", "split", "set", "hold", "release"}

// automated reports whether p does all by itself. A note to a #channel or to the
// owner is work for whoever reads it; so is the review of a draft.
func automated(doc *source.Node, p *Playbook) bool {
	for _, s := range p.Program.Steps {
		if !slices.Contains(automatic, s.Verb) {
			return false
		}
	}
	return !says(doc.Get("steps"), "review")
}

// says reports whether a key stands anywhere below n.
func says(n *source.Node, key string) bool {
	if slices.ContainsFunc(n.Items(), func(it *source.Node) bool { return says(it, key) }) {
		return true
	}
	for _, p := range n.Pairs() {
		if p.Key.Text() == key || says(p.Value, key) {
			return true
		}
	}
	return false
}

// holdout of p: what it writes or, for outreach that is automated and neither
// saves nor renews, a tenth.
func (c *compiler) holdout(doc *source.Node, p *Playbook) Holdout {
	n := doc.Get("holdout")
	h := Holdout{Name: p.Name}
	switch {
	case n == nil:
		if p.Class == Outreach && p.Lane != "save" && p.Lane != "renewal" && automated(doc, p) {
			h.Share = defaultHoldout
		}
		return h
	case n.Kind() == source.Map:
		n.Strict(&c.diags, "holdout", keys("holdout")...)
		if name := c.name(n.Get("name"), "holdout"); name != "" {
			h.Name = name
		}
		h.Share = c.share(n.Require(&c.diags, "holdout", "share"), "holdout", 90_00)
	case n.Text() == "off":
	default:
		h.Share = c.share(n, "holdout", 90_00)
	}
	if h.Share > 0 && p.Class == Transactional {
		c.diags.Errorf(n.Span(), "bad-holdout", "leave it out", "a transactional message is owed to everyone; nobody is held out")
	}
	return h
}

// rollout is the share of accounts that may enter.
func (c *compiler) rollout(n *source.Node) Share {
	if n == nil {
		return Whole
	}
	return c.share(n, "rollout", Whole)
}

var percent = regexp.MustCompile(`^(\d{1,3})(?:\.(\d{1,2}))?\s*%$`)

// share is a percentage above 0, with at most two decimals.
func (c *compiler) share(n *source.Node, what string, most Share) Share {
	text := n.String(&c.diags, what)
	m := percent.FindStringSubmatch(text)
	if text == "" {
		return 0
	}
	hint := "write a share such as 10%"
	if what == "holdout" {
		hint += ", or off"
	}
	if m == nil {
		c.diags.Errorf(n.Span(), "wrong-type", hint, "%s cannot be %q", what, text)
		return 0
	}
	whole, err1 := strconv.Atoi(m[1])
	part, err2 := strconv.Atoi((m[2] + "00")[:2])
	s := Share(whole*100 + part)
	if err1 != nil || err2 != nil || s > most || s == 0 {
		c.diags.Errorf(n.Span(), "out-of-range", hint, "%s must be above 0%% and at most %s", what, most)
		return 0
	}
	return s
}
