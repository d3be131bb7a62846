package store

// Bulk looks at a database as tables of plain rows, for what copies all of it. A Tx
// of every database has it beside its methods; one of package memory has not. What
// a newer migration adds is copied without being named anywhere.
//
// A value is nil, int64, float64, string or []byte, as its column's Kind says; times
// are microseconds since 1970 and booleans 0 or 1, in every database.
type Bulk interface {
	// Shape is the number of the last migration.
	Shape() (int, error)
	// Tables are those that a copy takes: all but what is about processes (leases,
	// commits that are looked up) and the shape itself. A table comes after those
	// that it refers to.
	Tables() ([]Table, error)
	// Rows gives up to limit (0: all) rows of t whose keys come after one, nil for
	// all, in the order of their keys, until fn says that no more are wanted. fn
	// keeps the row, and must not use the Tx.
	Rows(t Table, after []any, limit int, fn func(row []any) (more bool, err error)) error
	// Load inserts rows of t, which is of this database; it may have fewer columns.
	Load(t Table, rows [][]any) error
	// Loaded is called once all is in: numbers that the database gives go on from there.
	Loaded() error
	// Clear empties all tables.
	Clear() error
	// Unmake drops all tables: the shape is that of an empty database again. Nothing
	// else may come after it in its transaction.
	Unmake() error
}

// Kind of a column's values.
type Kind string

// Kinds.
const (
	KindInt   Kind = "int" // also booleans and times
	KindFloat Kind = "float"
	KindText  Kind = "text"
	KindBytes Kind = "bytes"
)

// Table is the shape of a table. Columns are by name.
type Table struct {
	Name    string   `json:"name"`
	Columns []Column `json:"columns"`
	Key     []int    `json:"-"` // of Columns: the primary key, in its order
}

// Column of a table.
type Column struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
	Type string `json:"-"` // as the database has it
}

// KeyOf is the key of a row of t.
func (t Table) KeyOf(row []any) []any {
	key := make([]any, len(t.Key))
	for i, column := range t.Key {
		key[i] = row[column]
	}
	return key
}

// Quoted are the names of t's columns, as SQL has them; those of its key alone if so wished.
func (t Table) Quoted(key bool) []string {
	var names []string
	if key {
		for _, column := range t.Key {
			names = append(names, `"`+t.Columns[column].Name+`"`)
		}
		return names
	}
	for _, c := range t.Columns {
		names = append(names, `"`+c.Name+`"`)
	}
	return names
}

// Described is a column and what it is of.
type Described struct {
	Table string
	Column
	Key int // from 1 in the order of the primary key; 0 is none of it
}

// TablesOf makes tables of their columns, which come by table and name, each table
// after those that it refers to. refers is table -> tables.
func TablesOf(columns []Described, refers map[string][]string) []Table {
	byName := map[string]*Table{}
	keys := map[string]map[int]int{}
	var names []string
	for _, c := range columns {
		t := byName[c.Table]
		if t == nil {
			t = &Table{Name: c.Table}
			byName[c.Table], keys[c.Table] = t, map[int]int{}
			names = append(names, c.Table)
		}
		if c.Key > 0 {
			keys[c.Table][c.Key] = len(t.Columns)
		}
		t.Columns = append(t.Columns, c.Column)
	}
	var out []Table
	seen := map[string]bool{}
	var add func(name string)
	add = func(name string) {
		t := byName[name]
		if t == nil || seen[name] {
			return
		}
		seen[name] = true
		for _, to := range refers[name] {
			add(to)
		}
		for place := 1; place <= len(keys[name]); place++ {
			t.Key = append(t.Key, keys[name][place])
		}
		out = append(out, *t)
	}
	for _, name := range names {
		add(name)
	}
	return out
}
