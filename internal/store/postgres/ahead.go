package postgres

import (
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
)

// aheadRows that may be written early are sent while fn goes on: the database writes
// them while it reckons.
const aheadRows = 10

// ahead are rows whose answer nobody has waited for yet.
type ahead struct {
	waits []waiting
	err   chan error
}

// early is f for rows that a transaction seldom changes again.
func early(f *form) *form {
	f.early = true
	return f
}

// hurry sends what may be written early, when that is much and the connection is idle.
func (t *tx) hurry() error {
	if len(t.begin) > 0 || t.later.early < aheadRows {
		return nil
	}
	if t.ahead != nil {
		select {
		case err := <-t.ahead.err:
			if err := t.landed(err); err != nil {
				return err
			}
		default:
			return nil
		}
	}
	sent := &ahead{t.later.takeEarly(), make(chan error, 1)}
	if len(sent.waits) == 0 {
		return nil
	}
	t.ahead = sent
	go func() {
		batch := &pgx.Batch{}
		for _, w := range sent.waits {
			w.rows.queue(batch)
		}
		results := t.conn.SendBatch(t.ctx, batch)
		var err error
		for _, w := range sent.waits {
			if _, err = results.Exec(); err != nil {
				err = fmt.Errorf("%s: %w", w.what, w.rows.form.there(err))
				break
			}
		}
		if end := results.Close(); err == nil {
			err = end
		}
		sent.err <- err
	}()
	return nil
}

// takeEarly takes the rows that may be written early, but for those that must not go
// before what stays.
func (l *later) takeEarly() (taken []waiting) {
	rest := later{}
	for _, w := range l.waits {
		if w.rows != nil && w.rows.form.early && !slices.ContainsFunc(rest.waits, func(o waiting) bool { return o.meets(w.rows.form) }) {
			taken = append(taken, w)
			continue
		}
		rest.keep(w)
	}
	*l = rest
	return taken
}

// idle waits until the connection is.
func (t *tx) idle() error {
	if t.ahead == nil {
		return t.broken
	}
	return t.landed(<-t.ahead.err)
}

// landed is what the answer to t.ahead means.
func (t *tx) landed(err error) error {
	t.ahead = nil
	if err != nil {
		return t.fail("write", err)
	}
	return t.broken
}

// queue puts the rows into a batch, as one statement.
func (g *gathered) queue(b *pgx.Batch) {
	query := g.form.query
	if g.form.fresh != "" {
		query = g.form.fresh
	}
	b.Queue(query, g.arrays()...)
}

// there makes errThere of an error of rows that were thought not to be there.
func (f *form) there(err error) error {
	if f.fresh != "" && code(err) == uniqueViolation {
		return errors.Join(errThere, err)
	}
	return err
}
