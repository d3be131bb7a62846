package memory

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

// bucket is a store.Bucket with whose it is.
type bucket struct {
	account, metric string
	store.Bucket
}

func eventTables(t *tables) {
	t.events.key = func(e *store.Event) int64 { return e.Seq }
	t.eventsBySeq = t.events.indexed(nil, nil, func(a, b *store.Event) int { return cmp.Compare(a.Seq, b.Seq) })
	t.eventsBySource = t.events.indexed(nil, func(e *store.Event) key { return key{e.Source, e.ID} }, nil)
	t.eventsByTime = t.events.indexed(nil, func(e *store.Event) key { return key{e.Account} }, func(a, b *store.Event) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Seq, b.Seq))
	})
	t.optOutsOf = t.events.indexed(func(e *store.Event) bool {
		return e.Event == holdfast.EventOptedOut || e.Event == holdfast.EventOptedIn
	},
		func(e *store.Event) key { return key{e.Contact} }, t.eventsByTime.order)

	t.buckets.key = func(b *bucket) key { return key{b.account, b.metric, b.Day} }
	t.bucketsByAccount = t.buckets.indexed(nil, func(b *bucket) key { return key{b.account} }, func(a, b *bucket) int {
		return cmp.Or(strings.Compare(a.metric, b.metric), strings.Compare(a.Day, b.Day))
	})
}

func ownEvent(e *store.Event) store.Event {
	own := *e
	if e.Props != nil {
		own.Props, _ = cloned(e.Props).(map[string]any)
	}
	return own
}

func (t *tx) AppendEvent(m holdfast.Message, received time.Time) (seq int64, fresh bool, err error) {
	props, err := shapedMap(m.Props)
	if err != nil {
		return 0, false, fmt.Errorf("encode props of %s: %w", m.ID, err)
	}
	if err := t.writes("append event"); err != nil {
		return 0, false, err
	}
	if old := t.eventsBySource.unique(m.Source, m.ID); old != nil {
		return old.Seq, false, nil
	}
	seq = 1
	if e := last(t.eventsBySeq.of()); e != nil {
		seq = e.Seq + 1
	}
	m.Props, _ = props.(map[string]any)
	m.At = moment(m.At)
	t.events.put(t, store.Event{Seq: seq, Received: moment(received), Message: m})
	return seq, true, nil
}

// Expect has nothing to do: looking for one costs next to nothing.
func (t *tx) Expect([]holdfast.Message) error { return t.ready() }

func (t *tx) Event(seq int64) (store.Event, error) { return one(t, &t.events, seq, ownEvent) }

func (t *tx) Events(account string, names []string, since, to time.Time, limit int) ([]store.Event, error) {
	timed := !since.IsZero() || !to.IsZero()
	rows := t.eventsByTime.of(account)
	if timed { // one without a time is in no span
		rows = from(rows, func(e *store.Event) bool { return !e.At.IsZero() && !e.At.Before(since) })
	}
	if !to.IsZero() {
		rows = rows[:len(rows)-len(from(rows, func(e *store.Event) bool { return !e.At.Before(to) }))]
	}
	return some(t, rows, limit, func(e *store.Event) bool { return names == nil || slices.Contains(names, e.Event) }, ownEvent)
}

func (t *tx) LastEvent(account, name string) (store.Event, error) {
	if err := t.ready(); err != nil {
		return store.Event{}, err
	}
	for _, e := range slices.Backward(t.eventsByTime.of(account)) {
		if e.Event == name {
			return ownEvent(e), nil
		}
	}
	return store.Event{}, store.ErrNotFound
}

func (t *tx) OptOuts(contact string) ([]store.Event, error) {
	return some(t, t.optOutsOf.of(contact), 0, nil, ownEvent)
}

func (t *tx) AddToBucket(account, metric, day string, count int64, sum float64) error {
	if err := t.writes("add to bucket"); err != nil {
		return err
	}
	b := bucket{account, metric, store.Bucket{Day: day, Count: count, Sum: sum, Min: sum, Max: sum}}
	if old := t.buckets.rows[key{account, metric, day}]; old != nil {
		b.Count += old.Count
		b.Sum += old.Sum
		b.Min, b.Max = min(old.Min, sum), max(old.Max, sum)
	}
	t.buckets.put(t, b)
	return nil
}

func (t *tx) Buckets(account, metric, first, to string) ([]store.Bucket, error) {
	if err := t.ready(); err != nil {
		return nil, err
	}
	rows := from(t.bucketsByAccount.of(account), func(b *bucket) bool {
		return b.metric > metric || b.metric == metric && b.Day >= first
	})
	var found []store.Bucket
	for _, b := range rows {
		if b.metric != metric || b.Day > to {
			break
		}
		found = append(found, b.Bucket)
	}
	return found, nil
}

func (t *tx) AllBuckets(account, first string) (map[string][]store.Bucket, error) {
	by := map[string][]store.Bucket{}
	for _, b := range t.bucketsByAccount.of(account) {
		if b.Day >= first {
			by[b.metric] = append(by[b.metric], b.Bucket)
		}
	}
	return by, t.ready()
}
