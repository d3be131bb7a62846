package playbooks

import (
	"fmt"
	"regexp"
	"slices"

	"holdfast/internal/calendar"
	"holdfast/internal/diag"
	"holdfast/internal/source"
	"holdfast/rules"
	"holdfast/triggers"
)

// words are outcomes and ids: names in reports and expressions.
var words = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

func (c *compiler) exits(n *source.Node) []Exit {
	if n == nil {
		return nil
	}
	if n.Kind() != source.List {
		c.diags.Errorf(n.Span(), "wrong-type", "write a list of {on, when, outcome}", "exit must be a list")
		return nil
	}
	var exits []Exit
	seen := map[string]diag.Span{}
	for i, it := range n.Items() {
		if it.Kind() != source.Map {
			c.diags.Errorf(it.Span(), "wrong-type", "write {on: email.replied, outcome: responded}", "an exit must be a map")
			continue
		}
		x := c.exit(it)
		if x.ID == "" {
			x.ID = fmt.Sprintf("exit_%d", i+1)
		}
		if first, taken := seen[x.ID]; taken {
			c.diags.Errorf(it.Get("id").Span(), "duplicate-exit", "give it an id of its own", "the exit of line %d is called %q too", first.Line, x.ID)
		}
		seen[x.ID] = it.Span()
		exits = append(exits, x)
	}
	return exits
}

func (c *compiler) exit(n *source.Node) Exit {
	n.Strict(&c.diags, "an exit", keys("exit")...)
	on := triggers.EventName(n.Get("on"), c.set, &c.diags)
	x := Exit{
		ID:      c.label(n.Get("id"), "id"),
		On:      on,
		When:    c.expr(n.Get("when"), "when", rules.Scope{Event: on}),
		Outcome: c.label(n.Require(&c.diags, "an exit", "outcome"), "outcome"),
	}
	if n.Get("on") == nil && n.Get("when") == nil {
		c.diags.Errorf(n.Span(), "missing-key", "add on: (an event) or when: (a condition)", "nothing says when this exit is taken")
	}
	x.RestFor, x.Scope, x.Unless = c.rest(n.Get("rest"))
	return x
}

// label is a word that reports and expressions use; "" when n is absent.
func (c *compiler) label(n *source.Node, what string) string {
	word := n.String(&c.diags, what)
	if word != "" && !words.MatchString(word) {
		c.diags.Errorf(n.Span(), "bad-name", "use small letters, digits and _", "%q cannot be an %s", word, what)
	}
	return word
}

// rest is a span, forever, or {for, scope, unless}.
func (c *compiler) rest(n *source.Node) (length, scope, unless string) {
	if n.Kind() == source.Map {
		n.Strict(&c.diags, "rest", keys("exit.rest")...)
		scope = n.Get("scope").Word(&c.diags, "scope", "lane", "account", "playbook")
		if c.expr(n.Get("unless"), "unless", rules.Scope{}) != nil {
			unless = n.Get("unless").Text()
		}
		n = n.Require(&c.diags, "rest", "for")
	}
	length = n.String(&c.diags, "rest")
	if length == "" || length == "forever" {
		return length, scope, unless
	}
	if _, err := calendar.ParseSpan(length); err != nil {
		c.diags.Errorf(n.Span(), "bad-duration", "write a span such as 6mo, or forever", "%v", err)
	}
	return length, scope, unless
}

func (c *compiler) goal(n *source.Node) *Goal {
	if n == nil {
		return nil
	}
	n.Strict(&c.diags, "goal", keys("goal")...)
	on := triggers.EventName(n.Get("on"), c.set, &c.diags)
	g := &Goal{
		On:     on,
		When:   c.expr(n.Get("when"), "when", rules.Scope{Event: on}),
		Within: c.span(n.Require(&c.diags, "goal", "within"), "within"),
	}
	g.Outcome = c.label(n.Require(&c.diags, "goal", "outcome"), "outcome")
	if n.Kind() == source.Map && n.Get("on") == nil && n.Get("when") == nil {
		c.diags.Errorf(n.Span(), "missing-key", "add on: (an event) or when: (a condition)", "nothing says when the goal is met")
	}
	return g
}

// TrueAtOnce is the first exit by a condition that p has and old does not, and
// that is true of f already; nil for none. What cannot be evaluated is not true.
func (p *Playbook) TrueAtOnce(old *Playbook, f *rules.Facts) *Exit {
	for i, x := range p.Exits {
		had := slices.ContainsFunc(old.Exits, func(o Exit) bool {
			return o.On == "" && o.When != nil && x.When != nil && o.When.Source() == x.When.Source()
		})
		if x.On != "" || x.When == nil || had {
			continue
		}
		if t, _, err := x.When.Bool(f); err == nil && t == rules.True {
			return &p.Exits[i]
		}
	}
	return nil
}
