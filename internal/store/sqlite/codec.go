package sqlite

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"holdfast/internal/store"
)

// micros is how a time is bound: microseconds, or NULL for the zero time.
func micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// moment scans what micros has bound into the time it points at.
type moment struct{ t *time.Time }

// Scan is sql.Scanner.
func (m moment) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*m.t = time.Time{}
	case int64:
		*m.t = time.UnixMicro(v).UTC()
	default:
		return fmt.Errorf("a time is stored as %T", src)
	}
	return nil
}

// at is the scan destination of *t.
func at(t *time.Time) moment { return moment{t} }

// text scans JSON kept as TEXT into bytes; NULL is nil.
type text struct{ b *[]byte }

// Scan is sql.Scanner.
func (d text) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*d.b = nil
	case string:
		*d.b = []byte(v)
	case []byte:
		*d.b = bytes.Clone(v)
	default:
		return fmt.Errorf("a document is stored as %T", src)
	}
	return nil
}

// document binds JSON bytes as TEXT; nil is NULL.
func document(b []byte) any {
	if b == nil {
		return nil
	}
	return string(b)
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
func fieldsOf(disk string) (map[string]store.Field, error) {
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
func decode(disk string, into any) error {
	d := json.NewDecoder(bytes.NewReader([]byte(disk)))
	d.UseNumber()
	return d.Decode(into)
}

// flag is how a bool is bound: the driver would bind true and false as well,
// but read them back as integers.
func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// limited turns a limit of 0 into SQLite's "no limit".
func limited(n int) int {
	if n <= 0 {
		return -1
	}
	return n
}
