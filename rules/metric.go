package rules

import (
	"slices"

	"github.com/google/cel-go/common/types"

	"holdfast/internal/calendar"
	"holdfast/internal/source"
)

// metric counts or sums events in daily buckets.
type metric struct {
	name   string
	typ    Type // Int counts, Double or Money sums
	events []string
	when   *Expr
	sum    *Expr // nil: it counts
	window int   // days
	never  *types.Unknown
	doc    *source.Node
	ready  bool
	broken bool
}

// defaultWindow is a metric's when it names none.
const defaultWindow = 30

// MetricInfo is a declared metric.
type MetricInfo struct {
	Name   string
	Type   Type     // Int for a count, Double or Money for a sum
	Events []string // what it counts
	Window int      // days, today included
}

// Metrics are the declared metrics, by name.
func (s *Set) Metrics() []MetricInfo {
	var out []MetricInfo
	for _, name := range sortedKeys(s.metrics) {
		m := s.metrics[name]
		out = append(out, MetricInfo{Name: name, Type: m.typ, Events: append([]string(nil), m.events...), Window: m.window})
	}
	return out
}

// metricDoc declares `metric: name`: `count: Event`, or `on: Event` with
// `count: true` or `sum:`.
func (ld *loader) metricDoc(doc *source.Node) {
	doc.Strict(&ld.diags, "metric", keys(metricKind, "")...)
	name := ld.name(doc, func(n string) bool { return ld.set.metrics[n] != nil })
	if name == "" {
		return
	}
	m := &metric{name: name, typ: Int, window: defaultWindow, never: unsetVal("metric." + name), doc: doc}
	on, count, sum := doc.Get("on"), doc.Get("count"), doc.Get("sum")
	switch {
	case sum != nil && count != nil:
		ld.diags.Errorf(count.Span(), "conflicting-keys", "remove one of them", "a metric counts or sums, not both")
	case sum == nil && count == nil:
		ld.diags.Errorf(doc.Get("metric").Span(), "missing-key", "add count: true or sum:", "metric %q says neither count nor sum", name)
	case on == nil && sum != nil:
		ld.diags.Errorf(sum.Span(), "missing-key", "add on: with the event's name", "metric %q does not say of which event", name)
	case on == nil:
		on = count
	case count != nil:
		if b, ok := count.JSON().(bool); !ok || !b {
			ld.diags.Errorf(count.Span(), "wrong-type", "write count: true", "beside on:, count must be true")
		}
	}
	m.events = ld.events(on)
	if w := doc.Get("window"); w != nil {
		sp, err := calendar.ParseSpan(w.String(&ld.diags, "window"))
		if err != nil || sp.Days < 1 {
			ld.diags.Errorf(w.Span(), "bad-window", "write days or weeks, such as 30d", "a metric is kept by day; its window must be days or weeks")
		} else {
			m.window = sp.Days
		}
	}
	ld.set.metrics[name] = m
}

// events are the declared events that n, a name or a list, names. Whether they
// are declared is known only when all documents are read, so that is checked later.
func (ld *loader) events(n *source.Node) []string {
	var out []string
	for _, name := range n.Words(&ld.diags, "on") {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// eventKnown reports each of names at n that no document declares.
func (ld *loader) eventKnown(n *source.Node, names []string) bool {
	all := true
	for i, name := range names {
		if _, ok := ld.set.events[name]; ok || isTraits(name) {
			continue
		}
		at := n
		if items := n.Items(); i < len(items) {
			at = items[i]
		}
		ld.diags.Errorf(at.Span(), "unknown-event", suggest(name, ld.set.Events(), "declare it: event: "+name), "event %q is not declared", name)
		all = false
	}
	return all
}

// compileMetric compiles m once.
func (ld *loader) compileMetric(m *metric) {
	if m.ready {
		return
	}
	m.ready = true
	on := m.doc.Get("on")
	if on == nil {
		on = m.doc.Get("count")
	}
	if !ld.eventKnown(on, m.events) || len(m.events) == 0 {
		m.broken = true
		return
	}
	sc := &scope{Scope: Scope{Event: m.events[0]}, only: "event", what: "a metric", also: m.events[1:]}
	if w := m.doc.Get("when"); w != nil {
		m.when = ld.expr(w, sc, Bool, "when")
		m.broken = m.broken || m.when == nil
	}
	if n := m.doc.Get("sum"); n != nil {
		m.sum = ld.expr(n, sc, Any, "sum")
		if m.sum == nil {
			m.broken = true
			return
		}
		switch m.sum.typ {
		case Money:
			m.typ = Money
		case Int, Double, Any:
			m.typ = Double
		case Bool, String, Percent, Date, Timestamp, Duration, Strings:
			ld.diags.Errorf(n.Span(), "type-mismatch", "sum a number or an amount of money", "a metric cannot sum %s", m.sum.typ.words())
			m.broken = true
		}
	}
}

// of is what day d adds to m.
func (m *metric) of(d Day) float64 {
	if m.sum == nil {
		return float64(d.Count)
	}
	return d.Sum
}

// bucket is what one event adds to m; ok is false when it adds nothing: its
// condition does not hold, or what it sums is not in the event.
func (m *metric) bucket(f *Facts) (c BucketChange, ok bool, err error) {
	c = BucketChange{Metric: m.name, Count: 1}
	if m.when != nil {
		t, _, err := m.when.Bool(f)
		if err != nil || t != True {
			return c, false, wrapf(err, "metric %s", m.name)
		}
	}
	if m.sum == nil {
		return c, true, nil
	}
	v, known, err := m.sum.Value(f)
	if err != nil || !known {
		return c, false, wrapf(err, "metric %s", m.name)
	}
	c.Sum, ok = asFloat(v)
	return c, ok, nil
}
