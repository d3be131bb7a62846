package playbooks

import (
	"slices"
	"strings"

	"holdfast/internal/source"
	"holdfast/steps"
)

// lane is one of the project's, if the project orders them.
func (c *compiler) lane(n *source.Node) string {
	name := c.name(n, "lane")
	lanes := c.set.Lanes()
	if name == "" || c.published || len(lanes) == 0 || slices.Contains(lanes, name) {
		return name
	}
	hint := "use one of " + strings.Join(lanes, ", ") + ", or add it to lanes:"
	if s := source.Suggest(name, lanes); s != "" {
		hint = `did you mean "` + s + `"?`
	}
	c.diags.Errorf(n.Span(), "unknown-lane", hint, "unknown lane %q", name)
	return name
}

// preempted is what a stronger lane does to p.
func (c *compiler) preempted(n *source.Node, p *Playbook) string {
	word := c.word(n, "when_preempted", "pause", "exit", "ignore")
	switch {
	case n == nil:
	case p.Lane == "":
		c.diags.Errorf(n.Span(), "no-lane", "add lane:, or leave this out", "a playbook without a lane is never pre-empted")
	case p.Class == Transactional:
		c.diags.Errorf(n.Span(), "no-lane", "leave it out", "a transactional playbook is never pre-empted")
	}
	return word
}

// TakesLane reports whether p, while it is at work on an account, keeps weaker
// lanes from it. Transactional playbooks and shadows neither take nor lose one.
func (p *Playbook) TakesLane() bool { return p.Lane != "" && p.Class != Transactional && !p.Shadow }

// scopes holds the rests of p's ends to what it has.
func (c *compiler) scopes(doc *source.Node, p *Playbook) {
	if p.Lane != "" {
		return
	}
	wrong := func(n *source.Node) {
		if s := n.Get("rest").Get("scope"); s.Text() == "lane" {
			c.diags.Errorf(s.Span(), "no-lane", "write account or playbook, or give the playbook a lane", "the playbook has no lane that could rest")
		}
	}
	for _, x := range doc.Get("exit").Items() {
		wrong(x)
	}
	for _, s := range p.Program.Steps {
		if e, ok := s.Spec.(*steps.End); ok && e.Scope == "lane" {
			c.diags.Errorf(s.Span, "no-lane", "write scope: account or playbook, or give the playbook a lane", "the playbook has no lane that could rest")
		}
	}
}
