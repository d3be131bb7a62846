package postgres

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgtype"

	"holdfast/internal/store"
)

// when is how a time is bound: NULL for the zero time. PostgreSQL keeps microseconds.
func when(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC()
}

// moment scans what when has bound into the time it points at, in UTC.
type moment struct{ t *time.Time }

// ScanTimestamptz is pgtype.TimestamptzScanner.
func (m moment) ScanTimestamptz(v pgtype.Timestamptz) error {
	*m.t = time.Time{}
	if v.Valid {
		*m.t = v.Time.UTC()
	}
	return nil
}

// at is the scan destination of *t.
func at(t *time.Time) moment { return moment{t} }

// document binds JSON bytes as text; nil is NULL.
func document(b []byte) any {
	if b == nil {
		return nil
	}
	return string(b)
}

// bound makes the texts among args such as PostgreSQL takes: it refuses bytes that
// are no UTF-8, and NUL. Both become U+FFFD, as encoding/json does with the former,
// so that what a stranger writes cannot stop a transaction. args is ours to change.
func bound(args []any) []any {
	for i, a := range args {
		switch v := a.(type) {
		case string:
			args[i] = plain(v)
		case []string:
			args[i] = plainOnes(v)
		}
	}
	return args
}

func plain(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

func plainOnes(list []string) []string {
	plains := make([]string, len(list))
	for i, s := range list {
		plains[i] = plain(s)
	}
	return plains
}

// field is store.Field on disk: its time as microseconds, which read ten times
// faster than RFC 3339.
type field struct {
	Value   any    `json:"v"`
	At      int64  `json:"t,omitempty"`
	Message string `json:"m,omitempty"`
}

func fieldsText(fields map[string]store.Field) (string, error) {
	disk := make(map[string]field, len(fields))
	for name, f := range fields {
		d := field{Value: f.Value, Message: f.Message}
		if !f.At.IsZero() {
			d.At = f.At.UnixMicro()
		}
		disk[name] = d
	}
	b, err := json.Marshal(disk)
	if err != nil {
		return "", fmt.Errorf("encode fields: %w", err)
	}
	return string(b), nil
}

// fieldsOf is never nil, so that callers may add to it.
func fieldsOf(disk []byte) (map[string]store.Field, error) {
	if fields, ok := plainFields(disk); ok {
		return fields, nil
	}
	var read map[string]field
	if err := decode(disk, &read); err != nil {
		return nil, fmt.Errorf("decode fields: %w", err)
	}
	fields := make(map[string]store.Field, len(read))
	for name, d := range read {
		f := store.Field{Value: d.Value, Message: d.Message}
		if d.At != 0 {
			f.At = time.UnixMicro(d.At).UTC()
		}
		fields[name] = f
	}
	return fields, nil
}

// decode keeps numbers as they were written (json.Number).
func decode(disk []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(disk))
	d.UseNumber()
	return d.Decode(into)
}

// limited is a limit as LIMIT takes it: NULL is none.
func limited(n int) any {
	if n <= 0 {
		return nil
	}
	return n
}

// upsert is the statement that writes a whole row, known by its id: columns in the
// order in which they are bound.
func upsert(table, columns string) string {
	names := strings.Split(strings.Join(strings.Fields(columns), ""), ",")
	var marks, sets []string
	for i, name := range names {
		marks = append(marks, fmt.Sprintf("$%d", i+1))
		if name != "id" {
			sets = append(sets, name+" = excluded."+name)
		}
	}
	return "INSERT INTO " + table + " (" + columns + ") VALUES (" + strings.Join(marks, ", ") +
		") ON CONFLICT (id) DO UPDATE SET " + strings.Join(sets, ", ")
}
