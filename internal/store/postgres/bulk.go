package postgres

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"holdfast/internal/store"
)

var _ store.Bulk = (*tx)(nil)

// ours are the tables of this schema that are not an extension's; apart are those
// about processes and the shape.
const (
	ours = `FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema()
		WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND NOT EXISTS
		(SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`
	apart = ` AND c.relname NOT IN ('leases', 'writers', 'holdfast_schema')`
)

func (t *tx) Shape() (int, error) {
	return one(t, "read schema version", value[int], "SELECT version FROM holdfast_schema")
}

func (t *tx) Tables() ([]store.Table, error) {
	columns, err := all(t, "list columns", func(row scanner) (c store.Described, err error) {
		if err = row.Scan(&c.Table, &c.Name, &c.Type, &c.Key); err != nil {
			return c, err
		}
		c.Kind, err = kindOf(c)
		return c, err
	}, `SELECT t.relname::text, a.attname::text, format_type(a.atttypid, NULL),
		coalesce(array_position(i.indkey::int2[], a.attnum) + 1, 0)
		FROM (SELECT c.oid, c.relname `+ours+apart+`) t
		JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
		LEFT JOIN pg_index i ON i.indrelid = t.oid AND i.indisprimary
		ORDER BY t.relname::text COLLATE "C", a.attname::text COLLATE "C"`)
	if err != nil {
		return nil, err
	}
	refers := map[string][]string{}
	err = each(t, "list references", `SELECT a.relname::text, b.relname::text FROM pg_constraint f
		JOIN pg_class a ON a.oid = f.conrelid JOIN pg_class b ON b.oid = f.confrelid
		JOIN pg_namespace n ON n.oid = a.relnamespace AND n.nspname = current_schema() WHERE f.contype = 'f'`, nil, func(row scanner) error {
		var from, to string
		err := row.Scan(&from, &to)
		refers[from] = append(refers[from], to)
		return err
	})
	return store.TablesOf(columns, refers), err
}

func kindOf(c store.Described) (store.Kind, error) {
	switch c.Type {
	case "bigint", "integer", "smallint", "boolean", "timestamp with time zone":
		return store.KindInt, nil
	case "double precision":
		return store.KindFloat, nil
	case "text":
		return store.KindText, nil
	case "bytea":
		return store.KindBytes, nil
	}
	return "", fmt.Errorf("column %s of table %s has type %s, which cannot be copied", c.Name, c.Table, c.Type)
}

func (t *tx) Rows(of store.Table, after []any, limit int, fn func(row []any) (bool, error)) error {
	if err := t.ready(); err != nil {
		return err
	}
	if err := t.send(); err != nil {
		return err
	}
	what, key := "read "+of.Name, strings.Join(of.Quoted(true), ", ")
	query := "SELECT " + strings.Join(of.Quoted(false), ", ") + " FROM " + pgx.Identifier{of.Name}.Sanitize()
	if after != nil {
		places := make([]string, len(after))
		for i := range places {
			places[i] = "$" + strconv.Itoa(i+1)
		}
		query += " WHERE (" + key + ") > (" + strings.Join(places, ", ") + ")"
	}
	query += " ORDER BY " + key + " LIMIT $" + strconv.Itoa(len(after)+1)
	rows, err := t.conn.Query(t.ctx, query, bound(append(slices.Clone(after), limited(limit)))...)
	if err != nil {
		return t.fail(what, err)
	}
	defer rows.Close()
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return t.fail(what, err)
		}
		for i, v := range values {
			values[i] = flat(v)
		}
		if more, err := fn(values); err != nil || !more {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return t.fail(what, err)
	}
	return nil
}

// flat is a value as Bulk has it.
func flat(v any) any {
	switch v := v.(type) {
	case time.Time:
		return v.UnixMicro()
	case bool:
		if v {
			return int64(1)
		}
		return int64(0)
	case int32:
		return int64(v)
	case int16:
		return int64(v)
	}
	return v
}

func (t *tx) Load(into store.Table, rows [][]any) error {
	what := "load " + into.Name
	if err := t.changes(what); err != nil {
		return err
	}
	if err := t.send(); err != nil {
		return err
	}
	names := make([]string, len(into.Columns))
	for i, c := range into.Columns {
		names[i] = c.Name
	}
	_, err := t.conn.CopyFrom(t.ctx, pgx.Identifier{into.Name}, names, pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
		own := make([]any, len(rows[i]))
		for k, v := range rows[i] {
			own[k] = typed(into.Columns[k].Type, v)
		}
		return own, nil
	}))
	if err != nil {
		return t.fail(what, err)
	}
	return nil
}

// typed is a value of Bulk as a column of a type takes it.
func typed(column string, v any) any {
	switch v := v.(type) {
	case int64:
		switch column {
		case "boolean":
			return v != 0
		case "timestamp with time zone":
			return time.UnixMicro(v).UTC()
		}
	case string:
		return plain(v)
	}
	return v
}

// Loaded has the numbers that the database gives begin after the greatest there is.
func (t *tx) Loaded() error {
	type given struct{ table, column string }
	all, err := all(t, "list sequences", func(row scanner) (g given, err error) { return g, row.Scan(&g.table, &g.column) },
		`SELECT t.relname::text, a.attname::text FROM (SELECT c.oid, c.relname `+ours+`) t
		JOIN pg_attribute a ON a.attrelid = t.oid AND a.attidentity <> ''`)
	for _, g := range all {
		table, column := pgx.Identifier{g.table}.Sanitize(), pgx.Identifier{g.column}.Sanitize()
		if err := t.put("set sequence of "+g.table, "SELECT setval(pg_get_serial_sequence($1, $2), (SELECT coalesce(max("+column+"), 0) + 1 FROM "+table+"), false)",
			table, g.column); err != nil {
			return err
		}
	}
	return err
}

func (t *tx) Clear() error {
	names, err := all(t, "list tables", value[string], "SELECT c.relname::text "+ours+apart)
	if err != nil {
		return err
	}
	guarded := slices.Contains(names, "audit") // not before there was one
	names = append(names, "leases")
	for i, name := range names {
		names[i] = pgx.Identifier{name}.Sanitize()
	}
	queries := []string{"TRUNCATE " + strings.Join(names, ", ")}
	if guarded { // the audit log keeps its rows from everybody else
		queries = []string{"ALTER TABLE audit DISABLE TRIGGER audit_stays", queries[0], "ALTER TABLE audit ENABLE TRIGGER audit_stays"}
	}
	for _, query := range queries {
		if err := t.put("clear tables", query); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) Unmake() error {
	tables, err := all(t, "list tables", value[string], "SELECT c.relname::text "+ours)
	if err != nil {
		return err
	}
	functions, err := all(t, "list functions of triggers", value[string], `SELECT DISTINCT g.tgfoid::regprocedure::text
		FROM (SELECT c.oid `+ours+`) t JOIN pg_trigger g ON g.tgrelid = t.oid AND NOT g.tgisinternal`)
	if err != nil {
		return err
	}
	for i, name := range tables {
		tables[i] = pgx.Identifier{name}.Sanitize()
	}
	if err := t.put("drop tables", "DROP TABLE "+strings.Join(tables, ", ")); err != nil {
		return err
	}
	for _, name := range functions {
		if err := t.put("drop functions", "DROP FUNCTION "+name); err != nil {
			return err
		}
	}
	t.wrote = false // the table that would have the mark of this commit is gone
	return nil
}

// Plain is s as this database keeps it: bytes that are no UTF-8, and NUL, become U+FFFD.
func Plain(s string) string { return plain(s) }
