package source

import (
	"strings"

	"gopkg.in/yaml.v3"
)

// pairs fills the map n: own keys in file order, then what << merges in.
func (b *builder) pairs(n *Node, y *yaml.Node, out *built, depth int) {
	seen := map[string]*Node{}
	var merged []*Node
	for i := 0; i+1 < len(y.Content); i += 2 {
		yk, yv := y.Content[i], y.Content[i+1]
		key := b.node(yk, depth+1).node
		if key.kind == Map || key.kind == List {
			b.badKey(key)
			continue
		}
		if yk.Kind == yaml.ScalarNode {
			key.kind, key.text = Scalar, yk.Value // `null:` and `~:` are the words
		}
		value := out.add(b.node(yv, depth+1))
		if yk.Tag == "!!merge" {
			merged = append(merged, b.mergeable(value)...)
			continue
		}
		if first := seen[key.text]; first != nil {
			b.diags.Errorf(key.Span(), "duplicate-key", "remove one of the two",
				"the key %q stands in line %d already", key.text, first.line)
			continue
		}
		seen[key.text] = key
		n.pairs = append(n.pairs, Pair{Key: key, Value: value})
	}
	for _, m := range merged {
		for _, p := range m.pairs {
			if seen[p.Key.text] == nil {
				seen[p.Key.text] = p.Key
				n.pairs = append(n.pairs, p)
			}
		}
	}
}

// mergeable are the maps that << takes its keys from.
func (b *builder) mergeable(v *Node) []*Node {
	switch v.kind {
	case Map:
		return []*Node{v}
	case List:
		var ms []*Node
		for _, it := range v.items {
			ms = append(ms, b.mergeable(it)...)
		}
		return ms
	case Null, Scalar:
		b.diags.Errorf(v.Span(), "wrong-type", "write *name of an anchored map", "<< merges a map or a list of maps, not %s", v.found())
	}
	return nil
}

func (b *builder) badKey(key *Node) {
	if strings.HasSuffix(b.file.src[:b.file.offset(key.line, key.col)], "{") && key.kind == Map && key.flow {
		at := key.Span()
		at.Col--
		b.diags.Errorf(at, "syntax", "put the whole value in quotes", "a value that begins with {{ is read as a map")
		return
	}
	b.diags.Errorf(key.Span(), "syntax", "use text as the key", "a key must be text, not %s", key.found())
}
