package rules

import (
	"strings"

	"github.com/google/cel-go/common/types"

	"holdfast/internal/source"
)

// ruleSlot finds metric.x, score.x.value, decide.x.out and segment.x, compiling
// the rule first when the project is being loaded.
func (c *compiler) ruleSlot(path []string) (*slot, int, *problem) {
	root := path[0]
	names := c.ruleNames(root)
	if len(path) == 1 {
		return nil, 0, unknownField(path, names)
	}
	name := path[1]
	full := root + "." + name
	switch root {
	case "metric":
		if m := c.set.metrics[name]; m != nil {
			c.metricKnown(m)
			s := newSlot(fromMetric, full, name, m.typ)
			s.metric = m
			return s, 2, nil
		}
	case "segment":
		if g := c.set.segments[name]; g != nil {
			s := newSlot(fromSegment, full, name, Bool)
			s.segment = g
			return s, 2, c.reach(&g.rule)
		}
	case "score":
		if sc := c.set.scores[name]; sc != nil {
			return c.scoreSlot(sc, path)
		}
	case "decide":
		if d := c.set.decisions[name]; d != nil {
			return c.decisionSlot(d, path)
		}
	}
	kind := root
	if root == "decide" {
		kind = "decision"
	}
	p := &problem{check: "unknown-" + kind, message: quoted("unknown %s %q", kind, name), hint: choices("declared: ", prefixed(root+".", names))}
	if near := source.Suggest(name, names); near != "" {
		p.hint = didYouMean(join(append([]string{root, near}, path[2:]...)))
	}
	return nil, 0, p
}

func (c *compiler) ruleNames(root string) []string {
	switch root {
	case "metric":
		return sortedKeys(c.set.metrics)
	case "segment":
		return sortedKeys(c.set.segments)
	case "score":
		return sortedKeys(c.set.scores)
	}
	return sortedKeys(c.set.decisions)
}

func (c *compiler) scoreSlot(sc *score, path []string) (*slot, int, *problem) {
	outs := []string{"value"}
	if len(sc.bands) > 0 {
		outs = append(outs, "band")
	}
	if len(path) < 3 || (path[2] != "value" && (path[2] != "band" || len(sc.bands) == 0)) {
		return nil, 0, noOutput(path, outs)
	}
	s := newSlot(fromScore, strings.Join(path[:3], "."), path[2], Double)
	if path[2] == "band" {
		s.typ, s.cel, s.enum = String, types.StringType, sc.bandNames()
	}
	s.score = sc
	return s, 3, c.reach(&sc.rule)
}

func (c *compiler) decisionSlot(d *decision, path []string) (*slot, int, *problem) {
	if p := c.reach(&d.rule); p != nil {
		return nil, 0, p
	}
	if len(path) < 3 {
		return nil, 0, noOutput(path, d.outputNames())
	}
	f, ok := d.outputs[path[2]]
	if !ok && !d.broken {
		return nil, 0, noOutput(path, d.outputNames())
	}
	if !ok {
		f = Field{Name: path[2], Type: Any} // its own findings say why
	}
	if open := d.openInputs(); len(open) > 0 {
		return nil, 0, &problem{check: "open-input", message: quoted("decision %q is asked with %s, which an expression cannot give", d.label, strings.Join(open, ", ")),
			hint: "give the input a value: {type: …, cel: …}"}
	}
	s := newSlot(fromDecision, strings.Join(path[:3], "."), path[2], f.Type)
	s.enum, s.decision = f.Enum, d
	return s, 3, nil
}

// noOutput says which outputs path[1] has.
func noOutput(path, outs []string) *problem {
	base := path[0] + "." + path[1]
	full := prefixed(base+".", outs)
	if len(path) == 2 {
		return &problem{check: "unknown-field", message: quoted("%s alone is no value", base), hint: choices("write ", full)}
	}
	p := &problem{check: "unknown-field", message: quoted("unknown field %q", base+"."+path[2]), hint: choices("write ", full)}
	if near := source.Suggest(path[2], outs); near != "" {
		p.hint = didYouMean(base + "." + near)
	}
	return p
}

// reach compiles r when the project is still being loaded; a rule that reaches
// itself is a problem.
func (c *compiler) reach(r *rule) *problem {
	if c.loader == nil || c.loader.compileRule(r) {
		return nil
	}
	return &problem{check: "rule-cycle", message: quoted("%s reaches itself", strings.Replace(r.name, ":", " ", 1)),
		hint: "break the circle"}
}

// metricKnown compiles m when the project is still being loaded: its type
// depends on what it sums.
func (c *compiler) metricKnown(m *metric) {
	if c.loader != nil {
		c.loader.compileMetric(m)
	}
}
