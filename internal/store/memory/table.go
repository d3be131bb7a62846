package memory

import (
	"slices"
	"sort"
)

// key is up to four words that name a row or a group of rows.
type key [4]string

// table is the rows of one kind by their key. A row is never changed: a write
// puts another in its place, so that what an undo puts back is whole.
type table[K comparable, V any] struct {
	key     func(*V) K
	rows    map[K]*V
	indexes []*index[V]
}

// put writes v in place of the row of its key. It keeps v: what is in it must
// be the store's own.
func (tb *table[K, V]) put(t *tx, v V) {
	row := &v
	k := tb.key(row)
	old := tb.rows[k]
	tb.swap(k, old, row)
	t.undo = append(t.undo, func() { tb.swap(k, row, old) })
}

// drop removes the row of k, if there is one.
func (tb *table[K, V]) drop(t *tx, k K) {
	old := tb.rows[k]
	if old == nil {
		return
	}
	tb.swap(k, old, nil)
	t.undo = append(t.undo, func() { tb.swap(k, nil, old) })
}

// swap replaces one row by another; nil is none.
func (tb *table[K, V]) swap(k K, old, row *V) {
	for _, x := range tb.indexes {
		if old != nil {
			x.drop(old)
		}
		if row != nil {
			x.add(row)
		}
	}
	if row == nil {
		delete(tb.rows, k)
		return
	}
	if tb.rows == nil {
		tb.rows = map[K]*V{}
	}
	tb.rows[k] = row
}

// indexed adds an index: rows that keep (nil: all) by group (nil: one), each
// group in a total order (nil: it holds one row).
func (tb *table[K, V]) indexed(keep func(*V) bool, group func(*V) key, order func(a, b *V) int) *index[V] {
	x := &index[V]{keep: keep, group: group, order: order}
	tb.indexes = append(tb.indexes, x)
	return x
}

// index is rows by group, each group in its order.
type index[V any] struct {
	keep  func(*V) bool
	group func(*V) key
	order func(a, b *V) int
	rows  map[key][]*V
}

// of are the rows of a group. They are the index's own: copy them before writing.
func (x *index[V]) of(group ...string) []*V {
	var k key
	copy(k[:], group)
	return x.rows[k]
}

// unique is the one row of a group, nil for none.
func (x *index[V]) unique(group ...string) *V {
	if rows := x.of(group...); len(rows) > 0 {
		return rows[0]
	}
	return nil
}

func (x *index[V]) place(row *V) (k key, at int, kept bool) {
	if x.keep != nil && !x.keep(row) {
		return k, 0, false
	}
	if x.group != nil {
		k = x.group(row)
	}
	if x.order == nil {
		return k, 0, true
	}
	rows := x.rows[k]
	if n := len(rows); n == 0 || x.order(rows[n-1], row) < 0 {
		return k, n, true // most rows come last
	}
	return k, sort.Search(len(rows), func(i int) bool { return x.order(rows[i], row) >= 0 }), true
}

func (x *index[V]) add(row *V) {
	k, at, kept := x.place(row)
	if !kept {
		return
	}
	if x.rows == nil {
		x.rows = map[key][]*V{}
	}
	x.rows[k] = slices.Insert(x.rows[k], at, row)
}

func (x *index[V]) drop(row *V) {
	k, at, kept := x.place(row)
	if !kept {
		return
	}
	if rows := slices.Delete(x.rows[k], at, at+1); len(rows) > 0 {
		x.rows[k] = rows
	} else {
		delete(x.rows, k)
	}
}

// from are the rows at and behind the first for which reached is true; it must
// be false for all before it.
func from[V any](rows []*V, reached func(*V) bool) []*V {
	return rows[sort.Search(len(rows), func(i int) bool { return reached(rows[i]) }):]
}

// last is the last of rows, nil for none.
func last[V any](rows []*V) *V {
	if len(rows) == 0 {
		return nil
	}
	return rows[len(rows)-1]
}
