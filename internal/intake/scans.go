package intake

import (
	"cmp"
	"container/heap"
	"slices"
	"time"

	"holdfast/internal/store"
)

// scans are the accounts that a replay must look at because time passes, each
// at the first moment of the scan at which an answer can have changed.
type scans struct {
	every time.Duration
	at    map[*sheet]time.Time
	queue moments
	due   map[time.Time][]*sheet
}

func newScans(every time.Duration) scans {
	return scans{every: every, at: map[*sheet]time.Time{}, due: map[time.Time][]*sheet{}}
}

// put asks for s at the first scan after now that is not before until. The
// earlier of two such moments wins.
func (q *scans) put(s *sheet, now, until time.Time) {
	at := until.UTC().Add(q.every - time.Nanosecond).Truncate(q.every)
	if !at.After(now) {
		at = at.Add(q.every)
	}
	if old, ok := q.at[s]; ok && !old.After(at) {
		return
	}
	q.at[s] = at
	if len(q.due[at]) == 0 {
		heap.Push(&q.queue, at)
	}
	q.due[at] = append(q.due[at], s)
}

func (q *scans) next() (time.Time, bool) {
	if len(q.queue) == 0 {
		return time.Time{}, false
	}
	return q.queue[0], true
}

// pop are the accounts to look at now, by id.
func (q *scans) pop(now time.Time) []*sheet {
	if len(q.queue) == 0 || q.queue[0].After(now) {
		return nil
	}
	at := q.queue[0]
	heap.Pop(&q.queue)
	all := slices.DeleteFunc(q.due[at], func(s *sheet) bool { return !q.at[s].Equal(at) })
	delete(q.due, at)
	for _, s := range all {
		delete(q.at, s)
	}
	slices.SortFunc(all, func(a, b *sheet) int { return cmp.Compare(a.acct.ID, b.acct.ID) })
	return all
}

// moments is a heap.
type moments []time.Time

func (m moments) Len() int           { return len(m) }
func (m moments) Less(i, j int) bool { return m[i].Before(m[j]) }
func (m moments) Swap(i, j int)      { m[i], m[j] = m[j], m[i] }
func (m *moments) Push(v any) {
	if t, ok := v.(time.Time); ok {
		*m = append(*m, t)
	}
}

func (m *moments) Pop() any {
	old := *m
	last := old[len(old)-1]
	*m = old[:len(old)-1]
	return last
}

// agenda is the dues of a replay, by time and key.
type agenda struct {
	byKey map[string]store.Due
	queue dues
}

func (a *agenda) put(d store.Due) {
	if old, ok := a.byKey[d.Key]; ok && old.At.Equal(d.At) {
		a.byKey[d.Key] = d
		return
	}
	a.byKey[d.Key] = d
	heap.Push(&a.queue, store.Due{Key: d.Key, At: d.At})
}

// clean drops what was moved or taken off from the head of the queue.
func (a *agenda) clean() {
	for len(a.queue) > 0 {
		if d, ok := a.byKey[a.queue[0].Key]; ok && d.At.Equal(a.queue[0].At) {
			return
		}
		heap.Pop(&a.queue)
	}
}

func (a *agenda) next() (time.Time, bool) {
	a.clean()
	if len(a.queue) == 0 {
		return time.Time{}, false
	}
	return a.queue[0].At, true
}

// pop takes off the first due not after now.
func (a *agenda) pop(now time.Time) (store.Due, bool) {
	at, ok := a.next()
	if !ok || at.After(now) {
		return store.Due{}, false
	}
	d := a.byKey[a.queue[0].Key]
	heap.Pop(&a.queue)
	delete(a.byKey, d.Key)
	return d, true
}

// dues is a heap.
type dues []store.Due

func (d dues) Len() int { return len(d) }
func (d dues) Less(i, j int) bool {
	return d[i].At.Before(d[j].At) || d[i].At.Equal(d[j].At) && d[i].Key < d[j].Key
}
func (d dues) Swap(i, j int) { d[i], d[j] = d[j], d[i] }
func (d *dues) Push(v any) {
	if one, ok := v.(store.Due); ok {
		*d = append(*d, one)
	}
}

func (d *dues) Pop() any {
	old := *d
	last := old[len(old)-1]
	*d = old[:len(old)-1]
	return last
}
