package intake

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/triggers"
)

// What messages will have to be held against is asked together with their accounts,
// as far as their names tell: one way to the database and back instead of one for
// each trigger and metric. What this misses is asked for when it is needed.

// foreseen adds to w the truths and the metrics' days that msgs are likely to need.
func (b *batch) foreseen(w *store.Wanted, msgs []holdfast.Message) {
	from, to := b.lookBack()
	var truths, days asking
	for _, m := range msgs {
		if m.Account == "" {
			continue
		}
		for _, r := range b.likely(m) {
			truths.add(r.book.Name, r.trig.ID, m.Account)
			for _, reads := range readsOf(r.trig.When, r.trig.Rearm, r.book.When) {
				for _, metric := range reads.Metrics {
					days.add(metric, "", m.Account)
				}
			}
		}
	}
	for _, key := range truths.order {
		w.Truths = append(w.Truths, store.TruthsOf{Playbook: key[0], Trigger: key[1], Accounts: truths.of[key]})
	}
	for _, key := range days.order {
		w.Buckets = append(w.Buckets, store.BucketsOf{Metric: key[0], From: from, To: to, Accounts: days.of[key]})
	}
}

// likely are the conditions and dates that an event changes by being counted or by
// what it sets, told by its name. Traits tell nothing: most are as they were.
func (b *batch) likely(m holdfast.Message) []ref {
	if m.Kind != holdfast.Track {
		return nil
	}
	return b.watch.likely(m.Event, func() (c triggers.Changed) {
		c.Account = b.set.Sets(m.Event)
		for _, metric := range b.set.Metrics() {
			if slices.Contains(metric.Events, m.Event) {
				c.Metrics = append(c.Metrics, metric.Name)
			}
		}
		return c
	})
}

// mostLikely events are remembered: strangers make names up.
const mostLikely = 1000

// likely are the triggers that read what changes says of an event, remembered by its name.
func (w *watch) likely(name string, changes func() triggers.Changed) []ref {
	w.mu.Lock()
	defer w.mu.Unlock()
	rs, known := w.byEvent[name]
	if !known {
		rs = w.refs(w.index.ByChange(changes()))
		if w.byEvent == nil || len(w.byEvent) >= mostLikely {
			w.byEvent = map[string][]ref{}
		}
		w.byEvent[name] = rs
	}
	return rs
}

// asking are accounts by what is asked of them, each once.
type asking struct {
	order [][2]string
	of    map[[2]string][]string
	has   map[[3]string]bool
}

func (w *asking) add(what, part, account string) {
	key := [2]string{what, part}
	if w.of == nil {
		w.of, w.has = map[[2]string][]string{}, map[[3]string]bool{}
	}
	if w.has[[3]string{what, part, account}] {
		return
	}
	w.has[[3]string{what, part, account}] = true
	if w.of[key] == nil {
		w.order = append(w.order, key)
	}
	w.of[key] = append(w.of[key], account)
}

// keep remembers what was asked, for each account that it was asked of.
func (g *group) keep(w store.Wanted, f store.Found) {
	for i, q := range w.Truths {
		g.keepTruths([2]string{q.Playbook, q.Trigger}, q.Accounts, f.Truths[i])
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

func (g *group) keepTruths(key [2]string, accounts []string, found map[string]store.Truth) {
	if g.truths[key] == nil {
		g.truths[key] = make(map[string]store.Truth, len(accounts))
	}
	for _, id := range accounts {
		g.truths[key][id] = found[id]
	}
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
