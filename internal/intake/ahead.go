package intake

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"time"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/rules"
	"holdfast/triggers"
)

// The metrics' days that messages will have to be held against are asked together with
// their accounts, as far as their names tell: one way to the database and back instead of
// one for each metric. What this misses is asked for when it is needed.

// askDays adds to w the metrics' days that msgs are likely to need.
func (b *batch) askDays(w *store.Wanted, msgs []holdfast.Message) {
	from, to := b.lookBack()
	days := map[string]int{} // places in w
	for _, m := range msgs {
		if m.Account == "" || m.Kind != holdfast.Track {
			continue
		}
		for _, metric := range b.schema.likely(m.Event, b.heldAgainst) {
			i, there := days[metric]
			if !there {
				i, days[metric] = len(w.Buckets), len(w.Buckets)
				w.Buckets = append(w.Buckets, store.BucketsOf{Metric: metric, From: from, To: to})
			}
			w.Buckets[i].Accounts = append(w.Buckets[i].Accounts, m.Account)
		}
	}
}

// heldAgainst are the metrics that conditions and dates read which an event changes, by
// being counted or by what it sets, told by its name.
func (b *batch) heldAgainst(event string) (metrics []string) {
	c := triggers.Changed{Account: b.set.Sets(event)}
	for _, metric := range b.set.Metrics() {
		if slices.Contains(metric.Events, event) {
			c.Metrics = append(c.Metrics, metric.Name)
		}
	}
	for _, r := range b.watch.refs(b.watch.index.ByChange(c)) {
		for _, reads := range readsOf(r.trig.When, r.trig.Rearm, r.book.When) {
			metrics = append(metrics, reads.Metrics...)
		}
	}
	slices.Sort(metrics)
	return slices.Compact(metrics)
}

// mostLikely events are remembered: strangers make names up.
const mostLikely = 1000

// likely remembers what find found for an event.
func (s *schema) likely(event string, find func(event string) []string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	metrics, known := s.byEvent[event]
	if !known {
		metrics = find(event)
		if s.byEvent == nil || len(s.byEvent) >= mostLikely {
			s.byEvent = map[string][]string{}
		}
		s.byEvent[event] = metrics
	}
	return metrics
}

// sure are those of msgs that will be events as they are, unless somebody that they
// name was merged or erased.
func (b *batch) sure(msgs []holdfast.Message) []holdfast.Message {
	will := make([]holdfast.Message, 0, len(msgs))
	for _, m := range msgs {
		m.At = atOf(m)
		if m.Account != "" && m.Kind != holdfast.Alias && forged(m) == "" && check(m, b.now, false) == "" {
			will = append(will, m)
		}
	}
	return will
}

// atOf is when m happened, as it is kept.
func atOf(m holdfast.Message) time.Time { return m.At.UTC().Truncate(time.Microsecond) }

// saying is what a message says, which depends on nothing that is stored.
type saying struct {
	message holdfast.Message
	says    rules.Changes
	err     error
}

// readAhead finds out what msgs say, while the database has not answered yet.
func (b *batch) readAhead(msgs []holdfast.Message) {
	b.said = make([]saying, len(msgs))
	for i, m := range msgs {
		if m.Kind != holdfast.Alias && (m.Account != "" || m.Contact != "") {
			m.At = atOf(m)
			says, err := b.set.Apply(m)
			b.said[i] = saying{m, says, err}
		}
	}
}

// says is what m says, the i-th unless it waited for somebody.
func (b *batch) says(i int, m holdfast.Message) (rules.Changes, error) {
	if i -= b.first; i >= 0 && i < len(b.said) {
		if s := b.said[i]; same(s.message, m) {
			b.said[i] = saying{} // whoever takes it may change it
			return s.says, s.err
		}
	}
	return b.set.Apply(m)
}

// same reports whether two messages are one and the same: their props are one map.
func same(a, b holdfast.Message) bool {
	return a.ID == b.ID && a.Source == b.Source && a.Kind == b.Kind && a.Event == b.Event && a.Account == b.Account && a.Contact == b.Contact &&
		a.At.Equal(b.At) && reflect.ValueOf(a.Props).Pointer() == reflect.ValueOf(b.Props).Pointer()
}

// keep remembers what was asked, for each account that it was asked of.
func (g *group) keep(w store.Wanted, f store.Found) {
	g.allTruths = f.Truths != nil
	for _, t := range f.Truths {
		g.keepTruth(t)
	}
	for i, q := range w.Buckets {
		g.keepBuckets(q.Metric, q.Accounts, f.Buckets[i])
	}
	g.became = map[string]string{}
	maps.Copy(g.became, f.Became[store.OfAccount])
	for id, became := range f.Became[store.OfContact] {
		g.became["/"+id] = became
	}
}

func (g *group) keepTruth(t store.Truth) {
	key := [2]string{t.Playbook, t.Trigger}
	if g.truths[key] == nil {
		g.truths[key] = map[string]store.Truth{}
	}
	g.truths[key][t.Account] = t
}

func (g *group) keepBuckets(metric string, accounts []string, found map[string][]store.Bucket) {
	if g.buckets[metric] == nil {
		g.buckets[metric] = make(map[string][]store.Bucket, len(accounts))
	}
	for _, id := range accounts {
		g.buckets[metric][id] = found[id]
	}
}

// lookBack are the days that expressions can look back on.
func (b *batch) lookBack() (from, to string) {
	return b.now.AddDate(0, 0, -horizon).Format(time.DateOnly), b.now.Format(time.DateOnly)
}

// await remembers what waits for people, who were asked about.
func (b *batch) await(people []string, found []store.Parked) {
	if b.waiting == nil {
		b.waiting = make(map[string][]store.Parked, len(people))
	}
	for _, id := range people {
		b.waiting[id] = nil
	}
	for _, p := range found {
		b.waiting[p.Contact] = append(b.waiting[p.Contact], p)
	}
}

// waits is what waits for an account of one of people, in the order in which it
// happened. It is asked once for those of a group: whoever parks forgets the answer.
func (b *batch) waits(people []string) (ps []store.Parked, err error) {
	for _, id := range people {
		waiting, asked := b.waiting[id]
		if !asked {
			return b.tx.Parked(people)
		}
		ps = append(ps, waiting...)
	}
	for _, id := range people {
		b.waiting[id] = nil // it is taken now
	}
	slices.SortFunc(ps, func(p, q store.Parked) int {
		return cmp.Or(p.At.Compare(q.At), cmp.Compare(p.Source, q.Source), cmp.Compare(p.ID, q.ID))
	})
	return ps, nil
}
