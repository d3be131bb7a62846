package postgres

import (
	"github.com/jackc/pgx/v5"
)

// laterMost is how many statements wait before they are sent anyway.
const laterMost = 1000

// later is statements that wait for the next question, or for the commit: they go to
// the database with it, in order, so that many of them cost one way there and back.
// What is wrong with one is said then, and undoes the transaction all the same.
type later struct {
	batch *pgx.Batch
	what  []string
}

func (l *later) none() bool { return len(l.what) == 0 }

// put is exec for those who do not ask how many. It may run later, and args, which
// it does not copy, must not change.
func (t *tx) put(what, query string, args ...any) error {
	if err := t.changes(what); err != nil {
		return err
	}
	if t.later.batch == nil {
		t.later.batch = &pgx.Batch{}
	}
	t.later.batch.Queue(query, bound(args)...)
	t.later.what = append(t.later.what, what)
	if len(t.later.what) >= laterMost {
		return t.send()
	}
	return nil
}

// send runs what waits.
func (t *tx) send() error {
	if t.broken != nil || t.later.none() {
		return t.broken
	}
	return t.with("", "", nil, nil)
}

// with runs what waits and, when there is an answer to read, a question behind it.
func (t *tx) with(what, query string, args []any, answer func(pgx.BatchResults) error) (err error) {
	waiting := t.later
	t.later = later{}
	if answer != nil {
		waiting.batch.Queue(query, bound(args)...)
	}
	results := t.conn.SendBatch(t.ctx, waiting.batch)
	defer func() {
		if end := results.Close(); err == nil && end != nil {
			err = t.fail(what, end)
		}
	}()
	for _, w := range waiting.what {
		if _, err := results.Exec(); err != nil {
			return t.fail(w, err)
		}
	}
	if answer == nil {
		return nil
	}
	if err := answer(results); err != nil {
		return t.fail(what, err)
	}
	return nil
}
