package rules

import (
	"fmt"
	"slices"
	"strings"
)

// Blame are the smallest parts that keep a condition from being true, in the
// order they are written: the first false side of &&, all sides of ||, the
// condition of a segment. Empty when it is true.
func (n Node) Blame() []Node {
	if n.State == "true" {
		return nil
	}
	switch {
	case n.Is == "and":
		for _, state := range []string{"false", "error", "unknown"} {
			if i := slices.IndexFunc(n.Parts, func(p Node) bool { return p.State == state }); i >= 0 {
				return n.Parts[i].Blame()
			}
		}
	case n.Is == "or":
		var all []Node
		for _, state := range []string{"error", "unknown", "false"} {
			for _, p := range n.Parts {
				if p.State == state && (state == "false" || n.State != "false") {
					all = append(all, p.Blame()...)
				}
			}
			if len(all) > 0 {
				return all
			}
		}
	case n.Is == "if" && len(n.Parts) == 3:
		switch n.Parts[0].State {
		case "true":
			return n.Parts[1].Blame()
		case "false":
			return n.Parts[2].Blame()
		}
		return n.Parts[0].Blame()
	case n.Is == "name" && len(n.Parts) == 1 && n.Parts[0].State == n.State:
		return n.Parts[0].Blame()
	}
	return []Node{n}
}

// Why says in one sentence what keeps a condition from being true, with the
// values that it read; "" when it is true.
func (n Node) Why() string {
	const most = 3
	blamed := n.Blame()
	var out []string
	for i, b := range blamed {
		if i == most {
			out = append(out, fmt.Sprintf("%d more", len(blamed)-most))
			break
		}
		out = append(out, b.Sentence())
	}
	return strings.Join(out, "; and ")
}

// Sentence says what a part came to and what it read: "`account.arr >= 10000` is
// false: account.arr is 8,200 USD, set on 3 Mar 2026 by group message m-17".
func (n Node) Sentence() string {
	s := "`" + n.Text + "` is " + n.result()
	if n.Is == "name" && n.Score == nil && n.Decision == nil {
		return n.named()
	}
	if facts := n.read(); len(facts) > 0 {
		s += ": " + strings.Join(facts, ", ")
	}
	return s
}

func (n Node) result() string {
	switch n.State {
	case "value":
		return n.Value
	case "error":
		return "an error (" + n.Error + ")"
	case "unread":
		return "not read alone"
	}
	return n.State
}

// Facts are the values that a part read, in words.
func (n Node) Facts() string {
	if n.Is == "name" && n.Score == nil && n.Decision == nil {
		return n.named()
	}
	return strings.Join(n.read(), ", ")
}

// read are the values below n, in words, each once.
func (n Node) read() []string {
	const most = 5
	var out []string
	add := func(words ...string) {
		for _, w := range words {
			if w != "" && !slices.Contains(out, w) {
				out = append(out, w)
			}
		}
	}
	switch {
	case n.Is == "name" || n.Is == "has":
		add(n.named())
	case len(n.Items) > 0 || len(n.Parts) > 0 && loops[n.Is]:
		add(n.looped()...)
	}
	for _, p := range n.Parts {
		switch {
		case n.Is == "name" || loops[n.Is]:
		case p.Is == "name":
			add(p.named())
		case p.Is == "call" && p.State == "value":
			add("`" + p.Text + "` is " + p.Value)
			add(p.names()...)
		default:
			add(p.read()...)
		}
	}
	return out[:min(len(out), most)]
}

// names are the named values that calls below n read, loops left out.
func (n Node) names() []string {
	var out []string
	for _, p := range n.Parts {
		switch {
		case p.Is == "name":
			out = append(out, p.named())
		case !loops[p.Is]:
			out = append(out, p.names()...)
		}
	}
	return out
}

var loops = map[string]bool{"exists": true, "all": true, "exists_one": true, "map": true, "filter": true}

// looped says which elements decided.
func (n Node) looped() []string {
	if n.State == "value" {
		return []string{"`" + n.Text + "` is " + n.Value}
	}
	if len(n.Parts) == 1 && n.Parts[0].State == "unknown" {
		return n.Parts[0].read()
	}
	if len(n.Items) == 0 {
		return []string{"`" + n.Parts[0].Text + "` is empty"}
	}
	const most = 3
	var out []string
	for _, it := range n.Items {
		if it.Node.Moot || n.State == "false" && n.Is != "exists_one" && it.Node.State == "true" {
			continue
		}
		if len(out) == most {
			out = append(out, fmt.Sprintf("%d elements in all", len(n.Items)+n.More))
			break
		}
		why := it.Node.Why()
		if why == "" {
			why = it.Node.Sentence()
		}
		out = append(out, "for "+it.Label+" "+why)
	}
	return out
}

// named is a name with its value and what set it.
func (n Node) named() string {
	name := n.Text
	if n.Is == "has" {
		name = n.Name
	}
	switch {
	case n.Is == "has" && n.State == "true" || n.State == "value" || n.Is == "name" && (n.State == "true" || n.State == "false"):
		s := name + " is " + n.result()
		if n.Is == "has" {
			s = name + " is set"
		}
		return s + n.behind() + n.Origin.words()
	case n.State == "error":
		return name + " could not be computed: " + n.Error
	case n.Origin != nil && n.Origin.Never:
		return name + " was never set"
	case n.Origin != nil && !n.Origin.At.IsZero():
		return name + " is not set: it was emptied on " + n.Origin.At.Format("2 Jan 2006") + n.Origin.by()
	case n.State == "unknown" && len(n.Unset) > 0 && (len(n.Unset) > 1 || n.Unset[0] != name):
		return name + " is unknown: " + strings.Join(n.Unset, ", ") + " not set"
	}
	return name + " is not set"
}

// behind is what a score or decision says beside its value.
func (n Node) behind() string {
	switch {
	case n.Score != nil && n.Score.Known:
		return " (" + n.Score.Name + " is " + decimal(float64(int(n.Score.Value*10+0.5))/10) + " of 100)"
	case n.Decision != nil && n.Decision.Else:
		return " (no row before else held)"
	case n.Decision != nil && n.Decision.Row > 0 && n.Decision.Row <= len(n.Decision.Rows):
		return fmt.Sprintf(" (row %d: %s)", n.Decision.Row, n.Decision.Rows[n.Decision.Row-1].Text)
	case len(n.Parts) == 1 && n.State == "false":
		return " (" + n.Parts[0].Why() + ")"
	}
	return ""
}

// words are ", set on 3 Mar 2026 by group message m-17".
func (o *Origin) words() string {
	switch {
	case o == nil || o.Never:
		return ""
	case o.Kind == "derived":
		return ", derived from the account's objects"
	case o.At.IsZero():
		return ""
	}
	return ", set on " + o.At.Format("2 Jan 2006") + o.by()
}

func (o *Origin) by() string {
	switch {
	case o.Message == "":
		return ""
	case o.Kind == "":
		return " by message " + shortID(o.Message)
	}
	return " by " + quiet(o.Kind) + " message " + shortID(o.Message)
}

// shortID is enough of a message's id to find it by.
func shortID(id string) string {
	const most = 24
	if r := []rune(id); len(r) > most {
		id = string(r[:most-1]) + "…"
	}
	return quiet(id)
}
