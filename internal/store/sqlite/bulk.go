package sqlite

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"holdfast/internal/store"
)

var _ store.Bulk = (*tx)(nil)

// apart are the tables that are about processes.
const apart = "'leases'"

func (t *tx) Shape() (int, error) {
	return one(t, "read schema version", value[int], "SELECT user_version FROM pragma_user_version")
}

func (t *tx) Tables() ([]store.Table, error) {
	columns, err := all(t, "list columns", func(row scanner) (c store.Described, err error) {
		if err = row.Scan(&c.Table, &c.Name, &c.Type, &c.Key); err != nil {
			return c, err
		}
		c.Kind, err = kindOf(c)
		return c, err
	}, `SELECT m.name, c.name, c.type, c.pk FROM sqlite_schema m JOIN pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\_%' ESCAPE '\' AND m.name NOT IN (`+apart+`) ORDER BY m.name, c.name`)
	if err != nil {
		return nil, err
	}
	refers := map[string][]string{}
	err = each(t, "list references", `SELECT m.name, f."table" FROM sqlite_schema m JOIN pragma_foreign_key_list(m.name) f
		WHERE m.type = 'table'`, nil, func(row scanner) (bool, error) {
		var from, to string
		err := row.Scan(&from, &to)
		refers[from] = append(refers[from], to)
		return true, err
	})
	return store.TablesOf(columns, refers), err
}

func kindOf(c store.Described) (store.Kind, error) {
	switch strings.ToUpper(c.Type) {
	case "INTEGER":
		return store.KindInt, nil
	case "REAL":
		return store.KindFloat, nil
	case "TEXT":
		return store.KindText, nil
	case "BLOB":
		return store.KindBytes, nil
	}
	return "", fmt.Errorf("column %s of table %s has type %s, which cannot be copied", c.Name, c.Table, c.Type)
}

func (t *tx) Rows(of store.Table, after []any, limit int, fn func(row []any) (bool, error)) error {
	key := strings.Join(of.Quoted(true), ", ")
	query := "SELECT " + strings.Join(of.Quoted(false), ", ") + ` FROM "` + of.Name + `"`
	if after != nil {
		query += " WHERE (" + key + ") > (" + marks(len(after)) + ")"
	}
	return each(t, "read "+of.Name, query+" ORDER BY "+key+" LIMIT ?", append(slices.Clone(after), limited(limit)), func(row scanner) (bool, error) {
		values := make([]any, len(of.Columns))
		into := make([]any, len(values))
		for i := range values {
			into[i] = &values[i]
		}
		if err := row.Scan(into...); err != nil {
			return false, err
		}
		return fn(values)
	})
}

func (t *tx) Load(into store.Table, rows [][]any) error {
	query := `INSERT INTO "` + into.Name + `" (` + strings.Join(into.Quoted(false), ", ") + ") VALUES (" + marks(len(into.Columns)) + ")"
	for _, row := range rows {
		if err := t.put("load "+into.Name, query, row...); err != nil {
			return err
		}
	}
	return nil
}

// Loaded has nothing to do: a number is one more than the greatest there is.
func (t *tx) Loaded() error { return nil }

func (t *tx) Clear() error {
	tables, err := t.Tables()
	if err != nil {
		return err
	}
	if err := t.MetaSet(store.AuditBefore, strconv.FormatInt(math.MaxInt64, 10)); err != nil {
		return err
	}
	if slices.ContainsFunc(tables, func(one store.Table) bool { return one.Name == "audit" }) { // not before there was one
		if err := t.put("clear audit", "DELETE FROM audit"); err != nil { // it keeps its rows from everybody else
			return err
		}
	}
	for _, one := range slices.Backward(tables) {
		if err := t.put("clear "+one.Name, `DELETE FROM "`+one.Name+`"`); err != nil {
			return err
		}
	}
	return t.put("clear leases", "DELETE FROM leases")
}

func (t *tx) Unmake() error {
	tables, err := t.Tables()
	if err != nil {
		return err
	}
	for _, one := range slices.Backward(tables) {
		if err := t.put("drop "+one.Name, `DROP TABLE "`+one.Name+`"`); err != nil {
			return err
		}
	}
	if err := t.put("drop leases", "DROP TABLE IF EXISTS leases"); err != nil {
		return err
	}
	return t.put("forget the schema version", "PRAGMA user_version = 0")
}
