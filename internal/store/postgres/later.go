package postgres

import (
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// laterMost is how many rows and statements wait before they are sent anyway.
const laterMost = 1000

// later is what changes rows and waits for the next question that may see it, or
// for the commit: statements, and rows of one form gathered into one statement. All
// of it goes to the database together, in order, so that much costs one way there
// and back. What is wrong with one is said then, and undoes the transaction all the
// same.
type later struct {
	waits []waiting
	open  map[*form]int // of waits: where rows of a form are still gathered
	n     int           // rows and statements
}

// errThere is that a row is there which was thought not to be: what was answered in
// this transaction is wrong, and it is run again and asks.
var errThere = errors.New("a row is there already")

// waiting is a statement, or rows.
type waiting struct {
	what, query string
	args        []any
	rows        *gathered // nil: a statement
}

func (l *later) none() bool { return len(l.waits) == 0 }

// put is exec for those who do not ask how many. It may run later, and args, which
// it does not copy, must not change.
func (t *tx) put(what, query string, args ...any) error {
	if err := t.changes(what); err != nil {
		return err
	}
	t.takeBack(query)
	t.later.waits = append(t.later.waits, waiting{what: what, query: query, args: args})
	return t.bounded()
}

// add puts a row of a form. Rows of the same form that come before the database is
// asked are written by one statement, the first one's place being that of all of
// them: what waits between must not be about the same table, or one that f refers to.
func (t *tx) add(f *form, row ...any) error {
	if err := t.changes(f.what); err != nil {
		return err
	}
	l := &t.later
	i, gathers := l.open[f]
	if !gathers || slices.ContainsFunc(l.waits[i+1:], func(w waiting) bool { return w.meets(f) }) {
		if l.open == nil {
			l.open = map[*form]int{}
		}
		i = len(l.waits)
		l.open[f] = i
		l.waits = append(l.waits, waiting{what: f.what, rows: &gathered{form: f}})
	}
	l.waits[i].rows.add(row)
	return t.bounded()
}

// meets reports whether a row of f must not go before w. A statement is about the
// tables that it names.
func (w waiting) meets(f *form) bool {
	if w.rows != nil {
		return w.rows.form != f && f.about(w.rows.form.table)
	}
	return slices.ContainsFunc(append([]string{f.table}, f.refers...), func(table string) bool { return strings.Contains(w.query, table) })
}

// sees reports whether a statement may be about what waits: a question about a table
// that it names, anything else about all of them.
func (l *later) sees(query string) bool {
	if !strings.HasPrefix(query, "SELECT ") {
		return !l.none()
	}
	return slices.ContainsFunc(l.waits, func(w waiting) bool { return w.rows == nil || strings.Contains(query, w.rows.form.table) })
}

// all takes everything that waits.
func (l *later) all() []waiting {
	waits := l.waits
	*l = later{}
	return waits
}

// seenBy takes what questions may see, and what that refers to. Rows of other tables
// go on gathering: where they stand beside these makes no difference.
func (l *later) seenBy(queries ...string) []waiting {
	if !slices.ContainsFunc(queries, l.sees) {
		return nil
	}
	unclear := func(w waiting) bool { return w.rows == nil }
	if slices.ContainsFunc(l.waits, unclear) || slices.ContainsFunc(queries, func(q string) bool { return !strings.HasPrefix(q, "SELECT ") }) {
		return l.all()
	}
	seen := map[*form]bool{}
	for _, w := range l.waits {
		f := w.rows.form
		if slices.ContainsFunc(queries, func(q string) bool { return strings.Contains(q, f.table) }) {
			l.mark(seen, f)
		}
	}
	rest, taken := later{}, []waiting(nil)
	for _, w := range l.waits {
		if seen[w.rows.form] {
			taken = append(taken, w)
			continue
		}
		rest.keep(w)
	}
	*l = rest
	return taken
}

// keep goes on gathering what was taken from another.
func (l *later) keep(w waiting) {
	if w.rows == nil {
		l.n++
	} else {
		if l.open == nil {
			l.open = map[*form]int{}
		}
		l.open[w.rows.form] = len(l.waits)
		l.n += len(w.rows.rows)
	}
	l.waits = append(l.waits, w)
}

// mark adds to seen the forms of f's table and, of what waits, those of the tables that
// its rows refer to.
func (l *later) mark(seen map[*form]bool, f *form) {
	if seen[f] {
		return
	}
	seen[f] = true
	for _, w := range l.waits {
		if f.about(w.rows.form.table) {
			l.mark(seen, w.rows.form)
		}
	}
}

// bounded sends when enough waits.
func (t *tx) bounded() error {
	if t.later.n++; t.later.n >= laterMost {
		return t.send()
	}
	return nil
}

// waits reports whether something must go before a statement.
func (t *tx) waits(query string) bool { return len(t.begin) > 0 || t.later.sees(query) }

// send runs what waits, and opens the transaction.
func (t *tx) send() error {
	if err := t.idle(); err != nil {
		return err
	}
	if t.broken != nil || len(t.begin) == 0 && t.later.none() {
		return t.broken
	}
	return t.with("", t.later.all(), nil, nil)
}

// queued puts one statement into a batch.
func queued(query string, args []any) func(*pgx.Batch) {
	return func(b *pgx.Batch) { b.Queue(query, bound(args)...) }
}

// passTime does what was to be done while the database answers.
func (t *tx) passTime() {
	if do := t.meanwhile; do != nil {
		t.meanwhile = nil
		do()
	}
}

// with opens the transaction, runs what waited and, when there is something to ask, that
// behind it. The connection is idle.
func (t *tx) with(what string, waits []waiting, ask func(*pgx.Batch), answer func(pgx.BatchResults) error) (err error) {
	begin, batch := t.begin, &pgx.Batch{}
	t.begin = nil
	for _, query := range begin {
		batch.Queue(query)
	}
	for _, w := range waits {
		if w.rows != nil {
			w.rows.queue(batch)
		} else {
			batch.Queue(w.query, bound(w.args)...)
		}
	}
	if ask != nil {
		ask(batch)
	}
	results := t.conn.SendBatch(t.ctx, batch)
	t.passTime()
	defer func() {
		if end := results.Close(); err == nil && end != nil {
			err = t.fail(what, end)
		}
	}()
	for range begin {
		if _, err := results.Exec(); err != nil {
			return t.fail("begin", err)
		}
	}
	for _, w := range waits {
		tag, err := results.Exec()
		if w.rows != nil {
			err = w.rows.judge(tag.RowsAffected(), err)
		}
		if err != nil {
			return t.fail(w.what, err)
		}
	}
	if ask == nil {
		return nil
	}
	if err := answer(results); err != nil {
		return t.fail(what, err)
	}
	return nil
}
