package explain

import (
	"fmt"
	"strings"

	"holdfast/rules"
)

// tree prints an expression, each part on a line with its mark: ✓ holds, ✗ does
// not, ? a field is unset, ! went wrong, = a value. A part that the answer did
// not need ends with a dot.
func (p *page) tree(n *rules.Node, depth int) {
	if n == nil {
		return
	}
	said := ""
	switch n.State {
	case "value":
		said = " is " + n.Value
	case "error":
		said = ": " + n.Error
	}
	if leaf(*n) {
		if facts := n.Facts(); facts != "" {
			said += " — " + facts
		}
	}
	moot := ""
	if n.Moot {
		moot = " ·"
	}
	text := n.Text + said
	if n.Is == "name" && leaf(*n) && n.State != "error" && n.Score == nil && n.Decision == nil {
		text = n.Facts()
	}
	p.line(depth, n.State, mark(n.State)+" "+text+moot)
	if n.Score != nil {
		p.score(n.Score, depth+1)
	}
	if n.Decision != nil {
		p.decision(n.Decision, depth+1)
	}
	if leaf(*n) {
		for i := range n.Parts { // rules behind a comparison's names
			p.behind(n.Parts[i], depth+1)
		}
		return
	}
	for i := range n.Parts {
		p.tree(&n.Parts[i], depth+1)
	}
	for _, it := range n.Items {
		p.line(depth+1, it.Node.State, mark(it.Node.State)+" for "+it.Label)
		if leaf(it.Node) {
			p.tree(&it.Node, depth+2)
			continue
		}
		for i := range it.Node.Parts {
			p.tree(&it.Node.Parts[i], depth+2)
		}
	}
	if n.More > 0 {
		p.line(depth+1, "", fmt.Sprintf("… %d more", n.More))
	}
}

// leaf reports whether what a part read fits on its line.
func leaf(n rules.Node) bool {
	switch n.Is {
	case "and", "or", "not", "if":
		return false
	case "exists", "all", "exists_one":
		return len(n.Items) == 0
	case "name":
		return len(n.Parts) == 0 // a segment is unfolded
	}
	return true
}

// behind unfolds the scores, decisions and segments among a comparison's operands.
func (p *page) behind(n rules.Node, depth int) {
	switch {
	case n.Score != nil:
		p.score(n.Score, depth)
	case n.Decision != nil:
		p.decision(n.Decision, depth)
	case n.Is == "name" && len(n.Parts) > 0:
		p.tree(&n, depth)
	default:
		for _, part := range n.Parts {
			p.behind(part, depth)
		}
	}
}

func (p *page) score(s *rules.ScoreTree, depth int) {
	head := "score " + s.Name + " is unknown: no signal is known"
	if s.Known {
		head = fmt.Sprintf("score %s is %.1f of 100", s.Name, s.Value)
	}
	if s.Band != "" {
		head += ", " + s.Band
	}
	p.line(depth, "value", head)
	for _, g := range s.Signals {
		if g.Known {
			p.line(depth+1, "value", fmt.Sprintf("= %s %.1f of 100, weight %g: %s", g.Name, g.Value, g.Weight, g.Node.Facts()))
			continue
		}
		p.line(depth+1, g.Node.State, fmt.Sprintf("%s %s not counted, weight %g: %s", mark(g.Node.State), g.Name, g.Weight, g.Node.Facts()))
	}
}

func (p *page) decision(d *rules.DecisionTree, depth int) {
	head := "decision " + d.Name + ": no row holds"
	switch {
	case d.Else:
		head = "decision " + d.Name + ": the else row"
	case d.Row > 0:
		head = fmt.Sprintf("decision %s: row %d", d.Name, d.Row)
	}
	p.line(depth, "value", head)
	for _, in := range d.Inputs {
		p.line(depth+1, in.Node.State, mark(in.Node.State)+" "+in.Name+": "+strings.TrimPrefix(in.Node.Sentence(), "`"+in.Node.Text+"` is "))
	}
	for i := range d.Rows {
		p.tree(&d.Rows[i], depth+1)
	}
}

func mark(state string) string {
	switch state {
	case "true":
		return "✓"
	case "false":
		return "✗"
	case "unknown":
		return "?"
	case "error":
		return "!"
	}
	return "="
}
