package graph

import (
	"fmt"
	"strings"
)

// Mermaid is g as a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html).
func (g Graph) Mermaid() string {
	var b strings.Builder
	b.WriteString("flowchart TD\n")
	for _, n := range g.Nodes {
		open, shut := `["`, `"]`
		switch n.Verb {
		case "":
			open, shut = `(["`, `"])`
		case "branch", "split":
			open, shut = `{"`, `"}`
		case "end":
			open, shut = `(["`, `"])`
		case "wait", "wait_for":
			open, shut = `(["`, `"])`
		}
		fmt.Fprintf(&b, "    %s%s%s%s\n", nodeID(n.ID), open, mermaid(n.text()), shut)
	}
	for _, e := range g.Edges {
		arrow := "-->"
		if e.Back {
			arrow = "-.->"
		}
		label := ""
		if e.Label != "" {
			label = `|"` + mermaid(cut(e.Label, 60)) + `"|`
		}
		fmt.Fprintf(&b, "    %s %s%s %s\n", nodeID(e.From), arrow, label, nodeID(e.To))
	}
	return b.String()
}

// DOT is g in Graphviz' language (https://graphviz.org/doc/info/lang.html).
func (g Graph) DOT() string {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %s {\n    node [shape=box, style=rounded, fontname=\"Helvetica\"];\n    edge [fontname=\"Helvetica\", fontsize=10];\n", quote(g.Title))
	for _, n := range g.Nodes {
		shape := ""
		switch n.Verb {
		case "branch", "split":
			shape = ", shape=diamond"
		case "", "end":
			shape = ", shape=oval"
		}
		fmt.Fprintf(&b, "    %s [label=%s%s];\n", nodeID(n.ID), quote(n.text()), shape)
	}
	for _, e := range g.Edges {
		var with []string
		if e.Label != "" {
			with = append(with, "label="+quote(cut(e.Label, 60)))
		}
		if e.Back {
			with = append(with, "style=dashed", "constraint=false")
		}
		extra := ""
		if len(with) > 0 {
			extra = " [" + strings.Join(with, ", ") + "]"
		}
		fmt.Fprintf(&b, "    %s -> %s%s;\n", nodeID(e.From), nodeID(e.To), extra)
	}
	b.WriteString("}\n")
	return b.String()
}

// text is what stands in a node.
func (n Node) text() string {
	switch {
	case n.Verb == "":
		return cut(n.Label, 60)
	case n.Label == "":
		return n.Verb + " " + n.ID
	}
	return n.Verb + " " + n.ID + ": " + cut(n.Label, 48)
}

// nodeID is an id that is no word of Mermaid or Graphviz ("end" is one).
func nodeID(id string) string {
	switch id {
	case Start:
		return "_start"
	case Done:
		return "_done"
	}
	return "s_" + id
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", " ").Replace(s) + `"`
}

func mermaid(s string) string {
	return strings.NewReplacer(`"`, "#quot;", "<", "#lt;", ">", "#gt;", "&", "#amp;", "`", "'", "\n", " ").Replace(s)
}
