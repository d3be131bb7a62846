package lsp

import "holdfast/internal/schema"

// symbolsOf a document: its playbooks with their steps, and what else it declares.
func symbolsOf(d *document) (any, error) {
	out := []documentSymbol{}
	t := d.tree()
	if d.template() != "" {
		return out, nil
	}
	for _, root := range t.docs {
		if root.kind != mapNode || len(root.entries) == 0 {
			continue
		}
		head := root.entries[0]
		kind := schema.KindNamed(d.kinds, head.key)
		if kind == nil {
			continue
		}
		name := t.word(head.val)
		if name == "" {
			name = head.key
		}
		sym := documentSymbol{
			Name: name, Detail: head.key, Kind: symbolModule,
			Range: d.text.rng(root.start, root.end), SelectionRange: d.text.rng(head.start, head.end),
		}
		sym.Children = d.stepSymbols(stepsOf(t, root, kind), -1)
		out = append(out, sym)
	}
	return out, nil
}

// stepSymbols are those of the steps directly below parent.
func (d *document) stepSymbols(all []step, parent int) []documentSymbol {
	var out []documentSymbol
	for i, s := range all {
		if s.parent != parent {
			continue
		}
		at := s.idNode
		if at == nil || s.id == "" {
			at = s.node
		}
		start, end := at.inner(d.text.s)
		sym := documentSymbol{
			Name: s.id, Detail: s.verb, Kind: symbolFunction,
			Range: d.text.rng(s.node.start, s.node.end), SelectionRange: d.text.rng(start, end),
			Children: d.stepSymbols(all, i),
		}
		if sym.Name == "" {
			sym.Name = "(no id)"
			sym.SelectionRange = sym.Range
		}
		out = append(out, sym)
	}
	return out
}
