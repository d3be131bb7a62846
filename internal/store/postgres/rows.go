package postgres

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// form is how rows of a table are written: any number of them by one statement.
type form struct {
	what, table string
	refers      []string // tables whose rows must be there before these
	columns     string   // their names, with commas between
	types       []string // of the columns
	key         int      // so many of the first columns are the key; 0: rows are not told apart here
	query       string
	all         bool   // each of them is there: it breaks the transaction with errGone when one is not
	fresh       string // of rows of which it was found out before that none is there; "" where there are no such
	// merge adds to a row what a later one of the same key says, since a statement
	// cannot change a row twice; nil: the later one takes its place.
	merge func(row, later []any)
}

// rows makes a form that inserts. columns are "name type, …", a type being text,
// bigint, boolean, float8 or timestamptz, and conflict is what comes behind ON
// CONFLICT, "" for nothing.
func rows(what, table, columns, conflict string, refers ...string) *form {
	f := &form{what: what, table: table, refers: refers}
	var names, places []string
	for i, column := range strings.Split(columns, ",") {
		name, kind, _ := strings.Cut(strings.TrimSpace(column), " ")
		names = append(names, name)
		places = append(places, fmt.Sprintf("$%d::%s[]", i+1, kind))
		f.types = append(f.types, kind)
	}
	f.columns = strings.Join(names, ", ")
	f.query = "INSERT INTO " + table + " (" + f.columns + ") SELECT * FROM unnest(" + strings.Join(places, ", ") + ")"
	if conflict != "" {
		f.query += " ON CONFLICT " + conflict
	}
	return f
}

// whole is a form that writes whole rows, known by the first key columns: the last
// of a key holds.
func whole(what, table, columns string, key int) *form {
	var keys, sets []string
	for i, column := range strings.Split(columns, ",") {
		name, _, _ := strings.Cut(strings.TrimSpace(column), " ")
		if i < key {
			keys = append(keys, name)
		} else {
			sets = append(sets, name+" = excluded."+name)
		}
	}
	f := rows(what, table, columns, "("+strings.Join(keys, ", ")+") DO UPDATE SET "+strings.Join(sets, ", "))
	f.key = key
	return f
}

// fresh is f for rows of which none is there, which costs less to write: one that is
// there all the same breaks the transaction with errThere.
func fresh(f *form) *form {
	f.fresh, _, _ = strings.Cut(f.query, " ON CONFLICT ")
	return f
}

// about reports whether rows of f must keep their place beside what is about a table.
func (f *form) about(table string) bool { return f.table == table || slices.Contains(f.refers, table) }

// gathered are rows of one form.
type gathered struct {
	form *form
	rows [][]any
	at   map[rowKey]int // of rows
}

// rowKey is a row's key, of as many columns as any table's key has.
type rowKey [4]any

func (g *gathered) add(row []any) {
	bound(row)
	if g.form.key == 0 {
		g.rows = append(g.rows, row)
		return
	}
	var key rowKey
	copy(key[:], row[:g.form.key])
	i, there := g.at[key]
	switch {
	case !there:
		if g.at == nil {
			g.at = map[rowKey]int{}
		}
		g.at[key] = len(g.rows)
		g.rows = append(g.rows, row)
	case g.form.merge != nil:
		g.form.merge(g.rows[i], row)
	default:
		g.rows[i] = row
	}
}

// judge is what the writing of the rows has come to: errThere and errGone are that what
// was read of them before is not so.
func (g *gathered) judge(affected int64, err error) error {
	switch {
	case g.form.fresh != "" && code(err) == uniqueViolation:
		return errors.Join(errThere, err)
	case err == nil && g.form.all && affected != int64(len(g.rows)):
		return errGone
	}
	return err
}

// queue puts the rows into a batch, as one statement.
func (g *gathered) queue(b *pgx.Batch) {
	query := g.form.query
	if g.form.fresh != "" {
		query = g.form.fresh
	}
	b.Queue(query, g.arrays()...)
}

// arrays are the rows as one array for each column.
func (g *gathered) arrays() []any {
	out := make([]any, len(g.form.types))
	for i, kind := range g.form.types {
		switch kind {
		case "tid":
			out[i] = column[pgtype.TID](g.rows, i)
		case "text":
			out[i] = column[string](g.rows, i)
		case "bigint":
			out[i] = column[int64](g.rows, i)
		case "boolean":
			out[i] = column[bool](g.rows, i)
		case "float8":
			out[i] = column[float64](g.rows, i)
		case "timestamptz":
			out[i] = column[time.Time](g.rows, i)
		}
	}
	return out
}

// column is one column of rows, which may have NULLs.
func column[T any](rows [][]any, i int) any {
	all := make([]T, len(rows))
	for k, row := range rows {
		v, ok := row[i].(T)
		if !ok {
			return mixed(rows, i)
		}
		all[k] = v
	}
	return all
}

func mixed(rows [][]any, i int) any {
	all := make([]any, len(rows))
	for k, row := range rows {
		all[k] = row[i]
	}
	return all
}

// of is a value of a row, whose type its maker has seen to.
func of[T any](v any) T {
	is, _ := v.(T)
	return is
}
