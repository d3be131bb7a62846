package rules

import (
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"holdfast/internal/source"
)

// score is 0 to 100, the weighted mean of its known signals.
type score struct {
	rule
	label   string
	signals []signal
	bands   []band // ascending; the last has no limit
}

type signal struct {
	name   string
	weight float64
	expr   *Expr
}

type band struct {
	name  string
	below float64 // exclusive; the last band's is +Inf by place, not by value
	open  bool
}

func (s *score) bandNames() []string {
	out := make([]string, len(s.bands))
	for i, b := range s.bands {
		out[i] = b.name
	}
	return out
}

// bandOf is the first band whose limit value is below.
func (s *score) bandOf(value float64) string {
	for _, b := range s.bands {
		if b.open || value < b.below {
			return b.name
		}
	}
	return ""
}

// ScoreBands are the names of a score's bands, lowest first; nil when it has none.
func (s *Set) ScoreBands(name string) []string {
	if sc := s.scores[name]; sc != nil && len(sc.bands) > 0 {
		return sc.bandNames()
	}
	return nil
}

// scoreDoc declares `score: name`.
func (ld *loader) scoreDoc(doc *source.Node) {
	doc.Strict(&ld.diags, "score", keys(scoreKind, "")...)
	name := ld.name(doc, func(n string) bool { return ld.set.scores[n] != nil })
	if name == "" {
		return
	}
	s := &score{label: name, rule: rule{name: "score:" + name, doc: doc}}
	s.bands = ld.bands(doc.Get("bands"))
	s.body = func(ld *loader) { ld.compileScore(s) }
	ld.set.scores[name] = s
}

// bands reads `[{red: {below: 50}}, {green: {}}]`.
func (ld *loader) bands(n *source.Node) []band {
	var out []band
	items := n.Items()
	if n.Kind() != source.Null && n.Kind() != source.List {
		ld.diags.Errorf(n.Span(), "wrong-type", "write [{red: {below: 50}}, {green: {}}]", "bands must be a list, lowest first, not %s", n.Kind())
	}
	for i, item := range items {
		ps := item.Pairs()
		if len(ps) != 1 {
			ld.diags.Errorf(item.Span(), "bad-bands", "write {red: {below: 50}}", "a band has one name")
			continue
		}
		b := band{name: ps[0].Key.Text()}
		at := ps[0].Value
		at.Strict(&ld.diags, "band "+b.name, keys(scoreKind, "bands.*")...)
		limit := at.Get("below")
		f, isNumber := asFloat(limit.JSON())
		switch {
		case limit == nil && i == len(items)-1:
			b.open = true
		case limit == nil:
			ld.diags.Errorf(ps[0].Key.Span(), "bad-bands", "add below:", "band %q has no limit; only the last one may be open", b.name)
		case i == len(items)-1:
			ld.diags.Errorf(limit.Span(), "bad-bands", "write "+b.name+": {}", "the last band must be open, or a score may have none")
			b.open = true
		case !isNumber || f <= 0 || f > 100:
			ld.diags.Errorf(limit.Span(), "bad-bands", "write a number above 0 and at most 100", "band %q must end between 0 and 100", b.name)
		case len(out) > 0 && f <= out[len(out)-1].below:
			ld.diags.Errorf(limit.Span(), "bad-bands", "order the bands, lowest first", "band %q ends at or before the one above it", b.name)
		}
		b.below = f
		out = append(out, b)
	}
	return out
}

func (ld *loader) compileScore(s *score) {
	signals := s.doc.Require(&ld.diags, "score "+s.label, "signals")
	if signals != nil && signals.Kind() != source.Map {
		ld.diags.Errorf(signals.Span(), "wrong-type", "write one signal a line, name: {weight: 30, value: …}", "signals must be a map, not %s", signals.Kind())
	}
	for _, p := range signals.Pairs() {
		what := "signal " + p.Key.Text()
		p.Value.Strict(&ld.diags, what, keys(scoreKind, "signals.*")...)
		w := p.Value.Require(&ld.diags, what, "weight")
		v := p.Value.Require(&ld.diags, what, "value")
		if w == nil || v == nil {
			continue
		}
		weight, ok := asFloat(w.JSON())
		if !ok || weight <= 0 {
			ld.diags.Errorf(w.Span(), "wrong-type", "write a number above 0", "the weight of %s must be a number above 0", what)
			continue
		}
		if e := ld.expr(v, &everywhere, Double, "value"); e != nil {
			s.signals = append(s.signals, signal{name: p.Key.Text(), weight: weight, expr: e})
			s.reads = s.reads.with(e.reads)
		}
	}
}

// ScoreResult is a score explained.
type ScoreResult struct {
	Known   bool    // false: no signal is known
	Value   float64 // 0 to 100
	Band    string
	Signals []SignalResult
}

// SignalResult is one signal of a score, in the author's order.
type SignalResult struct {
	Name   string
	Weight float64
	Known  bool
	Value  float64  // 0 to 100
	Unset  []string // why it is not known
}

// Score computes a score signal by signal. The error is not_found for a score
// that is not declared, else a runtime error of one of its expressions.
func (s *Set) Score(name string, f *Facts) (ScoreResult, error) {
	sc := s.scores[name]
	if sc == nil {
		return ScoreResult{}, notFound("score", name)
	}
	return s.evaluation(f).score(sc)
}

// score is sc's result; each is computed once.
func (ev *evaluation) score(sc *score) (ScoreResult, error) {
	if r, ok := ev.scores[sc]; ok {
		return r, nil
	}
	if sc.broken {
		return ScoreResult{}, brokenRule(sc.name)
	}
	var r ScoreResult
	var total, weights float64
	for _, sig := range sc.signals {
		v := sig.expr.eval(ev)
		res := SignalResult{Name: sig.name, Weight: sig.weight}
		switch v := v.(type) {
		case types.Double:
			res.Known, res.Value = true, max(0, min(float64(v), 100))
			total += sig.weight * res.Value
			weights += sig.weight
		case *types.Unknown:
			res.Unset = unsetNames(v)
		default:
			return r, wrapf(runtimeError(v), "score %s, signal %s", sc.label, sig.name)
		}
		r.Signals = append(r.Signals, res)
	}
	if weights > 0 {
		r.Known, r.Value = true, total/weights
		r.Band = sc.bandOf(r.Value)
	}
	if ev.scores == nil {
		ev.scores = map[*score]ScoreResult{}
	}
	ev.scores[sc] = r
	return r, nil
}

// scoreValue is score.x.value or score.x.band.
func (ev *evaluation) scoreValue(s *slot) ref.Val {
	r, err := ev.score(s.score)
	switch {
	case err != nil:
		return types.NewErr("%s", err)
	case r.Known && s.field == "band":
		return types.String(r.Band)
	case r.Known:
		return types.Double(r.Value)
	}
	var unset *types.Unknown
	for _, sig := range r.Signals {
		for _, name := range sig.Unset {
			unset = types.MergeUnknowns(unsetVal(name), unset)
		}
	}
	if unset == nil {
		return s.unset
	}
	return unset
}
