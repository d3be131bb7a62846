package postgres

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"holdfast"
)

// fewAhead events are not worth a way to the database of their own.
const fewAhead = 10

// wary counts the transactions that do not rely on what was wrong lately.
type wary int

// wrong has the next hundred not rely on it.
func (w *wary) wrong() { *w = 100 }

// still reports whether it was wrong lately; each question counts.
func (w *wary) still() bool {
	if *w == 0 {
		return false
	}
	*w--
	return true
}

// ahead is what the connection is busy with: rows whose answer nobody has waited for.
type ahead struct {
	rows    *gathered
	results pgx.BatchResults
}

// foreseen are the events that AppendEvent will most likely be given, as rows; nil:
// none. They are made while the database is asked whether they are there.
type foreseen struct {
	messages []holdfast.Message
	received time.Time
	rows     gathered
	columns  []any
	written  int // those that were written and not given to AppendEvent yet
}

// prepare makes the rows, all but their numbers.
func (x *expected) prepare(msgs []holdfast.Message, received time.Time) {
	if len(msgs) < fewAhead {
		return
	}
	f := &foreseen{received: received, rows: gathered{form: eventRows}}
	for _, m := range msgs {
		if props, err := x.propsOf(m); err == nil { // else AppendEvent says it
			f.messages = append(f.messages, m)
			f.rows.add(eventRow(0, m, received, props))
		}
	}
	f.columns = f.rows.arrays()
	x.foreseen = f
}

// number gives the rows their numbers, and leaves out those that are there.
func (x *expected) number() {
	f := x.foreseen
	var seqs []int64
	var fresh [][]any
	for i, m := range f.messages {
		n := x.of[keyOf(m)]
		if n.seq > 0 || n.own == 0 || n.ahead > 0 {
			continue
		}
		n.ahead = i + 1
		x.of[keyOf(m)] = n
		f.rows.rows[i][0] = n.own
		fresh, seqs = append(fresh, f.rows.rows[i]), append(seqs, n.own)
	}
	if f.columns[0] = seqs; len(fresh) < len(f.messages) {
		f.rows.rows = fresh
		f.columns = f.rows.arrays()
	}
	f.written = len(fresh)
}

// foresee writes the events that were foreseen: the database is busy with them while the
// caller reckons. What AppendEvent is not given, or given otherwise, is taken back before
// anybody can see it.
func (t *tx) foresee() {
	f := t.expect.foreseen
	if f == nil || len(t.expect.of) == 0 {
		return
	}
	if t.shy.still() {
		t.expect.foreseen = nil
		return
	}
	t.expect.number()
	if f.written == 0 {
		return
	}
	t.wrote = true
	batch := &pgx.Batch{}
	batch.Queue(eventRows.fresh, f.columns...)
	t.ahead = &ahead{&f.rows, t.conn.SendBatch(t.ctx, batch)}
}

// written is the number of m, which was written ahead as it is. One that was written
// otherwise is taken back.
func (t *tx) written(m holdfast.Message, received time.Time) (seq int64, is bool) {
	x := &t.expect
	if x.foreseen == nil || x.foreseen.written == 0 {
		return 0, false
	}
	key := keyOf(m)
	n := x.of[key]
	if n.ahead == 0 {
		return 0, false
	}
	x.foreseen.written--
	o := x.foreseen.messages[n.ahead-1]
	n.ahead = 0
	if o.Kind == m.Kind && o.Event == m.Event && o.Account == m.Account && o.Contact == m.Contact && o.At.Equal(m.At) &&
		x.foreseen.received.Equal(received) && reflect.ValueOf(o.Props).Pointer() == reflect.ValueOf(m.Props).Pointer() {
		n.seq = n.own
		x.of[key] = n
		return n.seq, true
	}
	x.of[key] = n
	t.takeBackRows([]int64{n.own})
	return 0, false
}

// takeBack takes back the events that were written and not appended yet, when one of
// queries may see them; without queries whatever is to come.
func (t *tx) takeBack(queries ...string) {
	f := t.expect.foreseen
	if f == nil || f.written == 0 || len(queries) > 0 && !slices.ContainsFunc(queries, seesEvents) {
		return
	}
	if f.written >= fewAhead {
		t.shy.wrong()
	}
	f.written = 0
	var seqs []int64
	for key, n := range t.expect.of {
		if n.ahead > 0 {
			n.ahead = 0
			t.expect.of[key] = n
			seqs = append(seqs, n.own)
		}
	}
	t.takeBackRows(seqs)
}

func (t *tx) takeBackRows(seqs []int64) {
	t.later.keep(waiting{what: "take back events", query: "DELETE FROM events WHERE seq = ANY ($1)", args: []any{seqs}})
}

func seesEvents(query string) bool {
	for _, word := range []string{"FROM", "JOIN", "INTO", "UPDATE", "TABLE"} {
		if strings.Contains(query, word+" events") {
			return true
		}
	}
	return false
}

// idle waits until the connection is.
func (t *tx) idle() error {
	sent := t.ahead
	if sent == nil {
		return t.broken
	}
	t.ahead = nil
	tag, err := sent.results.Exec()
	if err = sent.rows.judge(tag.RowsAffected(), err); err != nil {
		err = fmt.Errorf("%s: %w", sent.rows.form.what, err)
	}
	if end := sent.results.Close(); err == nil {
		err = end
	}
	if err != nil {
		return t.fail("write", err)
	}
	return t.broken
}
