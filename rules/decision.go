package rules

import (
	"slices"

	"holdfast/internal/source"
)

// decision is a table: the first row that holds wins.
type decision struct {
	rule
	label   string
	inputs  []input // in the author's order
	rows    []row
	outputs map[string]Field
}

type input struct {
	name string
	typ  Type
	expr *Expr // nil: given by whoever asks
}

type row struct {
	when *Expr // nil: the else row
	then map[string]output
	at   *source.Node
}

// output is a literal or an expression.
type output struct {
	value any
	expr  *Expr
	typ   Type
	at    *source.Node
}

func (d *decision) outputNames() []string { return sortedKeys(d.outputs) }

// openInputs are those that whoever asks must give.
func (d *decision) openInputs() []string {
	var out []string
	for _, in := range d.inputs {
		if in.expr == nil {
			out = append(out, in.name)
		}
	}
	return out
}

// decisionDoc declares `decision: name`.
func (ld *loader) decisionDoc(doc *source.Node) {
	doc.Strict(&ld.diags, "decision", keys(decisionKind, "")...)
	name := ld.name(doc, func(n string) bool { return ld.set.decisions[n] != nil })
	if name == "" {
		return
	}
	d := &decision{label: name, rule: rule{name: "decision:" + name, doc: doc}, outputs: map[string]Field{}}
	d.body = func(ld *loader) { ld.compileDecision(d) }
	ld.set.decisions[name] = d
}

func (ld *loader) compileDecision(d *decision) {
	sc := &scope{inputs: map[string]Type{}, enums: map[string][]string{}}
	ld.inputs(d, sc)
	rows := d.doc.Require(&ld.diags, "decision "+d.label, "rows")
	if rows == nil {
		return
	}
	if rows.Kind() != source.List {
		ld.diags.Errorf(rows.Span(), "wrong-type", "write - {when: …, then: {…}}", "rows must be a list, not %s", rows.Kind())
		return
	}
	closed := false
	for _, n := range rows.Items() {
		if closed {
			ld.diags.Errorf(n.Span(), "unreachable-row", "put the else row last", "no account comes to a row after else")
		}
		closed = ld.row(d, n, sc) || closed
	}
	ld.agree(d)
	ld.judge(d, closed)
}

// inputs reads `{discount: percent}` or `{discount: {type: percent, cel: …}}`.
func (ld *loader) inputs(d *decision, sc *scope) {
	for _, p := range d.doc.Get("inputs").Pairs() {
		name := p.Key.Text()
		if Reserved(name) || ld.set.listed(name) != nil {
			ld.diags.Errorf(p.Key.Span(), "bad-name", "choose another name", "%q cannot be the name of an input", name)
			continue
		}
		in := input{name: name}
		def := p.Value
		var n *source.Node
		if def.Kind() == source.Map {
			def.Strict(&ld.diags, "input "+name, keys(decisionKind, "inputs.*")...)
			n = def.Get("cel")
		}
		if n == nil || def.Get("type") != nil {
			f := ld.inputField(name, def)
			in.typ, sc.enums[name] = f.Type, f.Enum
		}
		if n != nil {
			want := in.typ
			if want == "" {
				want = Any
			}
			if in.expr = ld.expr(n, &everywhere, want, "input "+name); in.expr == nil {
				continue
			}
			in.typ = in.expr.typ
			d.reads = d.reads.with(in.expr.reads)
		}
		if in.typ != "" {
			d.inputs = append(d.inputs, in)
			sc.inputs[name] = in.typ
		}
	}
}

// inputField is field without complaining of cel.
func (ld *loader) inputField(name string, def *source.Node) Field {
	if def.Kind() != source.Map {
		return ld.field(name, def)
	}
	f := ld.field(name, def.Get("type"))
	f.Enum = def.Get("enum").Words(&ld.diags, "enum")
	return f
}

// row reads one row; closes reports whether it is the else row.
func (ld *loader) row(d *decision, n *source.Node, sc *scope) (closes bool) {
	n.Strict(&ld.diags, "row", keys(decisionKind, "rows")...)
	r := row{at: n}
	then := n.Get("else")
	closes = then != nil
	if closes && (n.Get("when") != nil || n.Get("then") != nil) {
		ld.diags.Errorf(n.Span(), "conflicting-keys", "write - else: {…} alone", "the else row has neither when nor then")
		return closes
	}
	if !closes {
		when := n.Require(&ld.diags, "row", "when")
		then = n.Require(&ld.diags, "row", "then")
		if when == nil || then == nil {
			return false
		}
		if r.when = ld.expr(when, sc, Bool, "when"); r.when == nil {
			return false
		}
		d.reads = d.reads.with(r.when.reads)
	}
	if then.Kind() != source.Map {
		ld.diags.Errorf(then.Span(), "wrong-type", "write {approver: csm}", "a row's result must be a map, not %s", then.Kind())
		return closes
	}
	r.then = map[string]output{}
	for _, p := range then.Pairs() {
		if o, ok := ld.output(d, p, sc); ok {
			r.then[p.Key.Text()] = o
		}
	}
	d.rows = append(d.rows, r)
	return closes
}

func (ld *loader) output(d *decision, p source.Pair, sc *scope) (output, bool) {
	name := p.Key.Text()
	if !plainName.MatchString(name) || celToken(name) {
		ld.diags.Errorf(p.Key.Span(), "bad-name", "use letters, digits and _", "%q cannot be the name of a result", name)
		return output{}, false
	}
	if p.Value.Kind() == source.Map {
		e := ld.expr(p.Value, sc, Any, name)
		if e == nil {
			return output{}, false
		}
		d.reads = d.reads.with(e.reads)
		return output{expr: e, typ: e.typ, at: p.Value}, true
	}
	t, v := literal(p.Value.JSON())
	if t == "" {
		ld.diags.Errorf(p.Value.Span(), "wrong-type", "write text, a number, true, false or {cel: …}", "%s cannot be %s", name, foundWords(p.Value.JSON()))
		return output{}, false
	}
	return output{value: v, typ: t, at: p.Value}, true
}

// agree gives each output one type over all rows, and texts their enum.
func (ld *loader) agree(d *decision) {
	for i, r := range d.rows {
		for _, name := range sortedKeys(r.then) {
			o := r.then[name]
			f, ok := d.outputs[name]
			switch {
			case !ok && i > 0:
				ld.diags.Errorf(o.at.Span(), "decision-outputs", "give "+name+" in every row", "the rows before this one say nothing of %s", name)
				f = Field{Name: name, Type: o.typ}
			case !ok:
				f = Field{Name: name, Type: o.typ}
			case f.Type == o.typ:
			case (f.Type == Int && o.typ == Double) || (f.Type == Double && o.typ == Int):
				f.Type = Double
			case f.Type == Any || o.typ == Any:
				f.Type = Any
			default:
				ld.diags.Errorf(o.at.Span(), "type-mismatch", "give every row the same type", "%s is %s here and %s in a row before", name, o.typ.words(), f.Type.words())
			}
			d.outputs[name] = f
		}
	}
	for _, name := range sortedKeys(d.outputs) {
		d.outputs[name] = ld.enumOf(d, d.outputs[name])
	}
	for i, r := range d.rows {
		for _, name := range sortedKeys(d.outputs) {
			if _, ok := r.then[name]; !ok && i > 0 {
				ld.diags.Errorf(d.doc.Get("rows").Items()[min(i, len(d.doc.Get("rows").Items())-1)].Span(), "decision-outputs", "add "+name+":", "this row says nothing of %s", name)
			}
		}
	}
}

// enumOf adds the texts that output f can have, when all of them are written.
func (ld *loader) enumOf(d *decision, f Field) Field {
	if f.Type != String {
		return f
	}
	for _, r := range d.rows {
		o, ok := r.then[f.Name]
		if !ok {
			continue
		}
		s, isText := o.value.(string)
		if !isText {
			f.Enum = nil
			return f
		}
		if !slices.Contains(f.Enum, s) {
			f.Enum = append(f.Enum, s)
		}
	}
	return f
}
