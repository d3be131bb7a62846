package memory

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"holdfast/internal/store"
)

// What is kept is the store's own, as a database's is: it is copied on its way
// in and on its way out, times are UTC with microseconds, and JSON-shaped values
// are what reading them back from JSON gives.

// moment is t as a database keeps it.
func moment(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.UnixMicro(t.UnixMicro()).UTC()
}

// shaped copies a JSON-shaped value. Anything else becomes what its JSON says;
// the error is one that has none.
func shaped(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool:
		return v, nil
	case string:
		if utf8.ValidString(v) {
			return v, nil
		}
	case []any:
		return shapedList(v)
	case map[string]any:
		return shapedMap(v)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return unmarshal(b)
}

func shapedList(v []any) (any, error) {
	if v == nil {
		return nil, nil
	}
	out := make([]any, len(v))
	for i := range v {
		var err error
		if out[i], err = shaped(v[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func shapedMap(v map[string]any) (any, error) {
	if v == nil {
		return nil, nil
	}
	out := make(map[string]any, len(v))
	for name, one := range v {
		if !utf8.ValidString(name) {
			b, err := json.Marshal(v)
			if err != nil {
				return nil, err
			}
			return unmarshal(b)
		}
		var err error
		if out[name], err = shaped(one); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func unmarshal(b []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	return v, d.Decode(&v)
}

// fieldsIn copies fields that a caller gives.
func fieldsIn(fields map[string]store.Field) (map[string]store.Field, error) {
	own := make(map[string]store.Field, len(fields))
	for name, f := range fields {
		v, err := shaped(f.Value)
		if err != nil {
			return nil, fmt.Errorf("encode fields: %w", err)
		}
		own[name] = store.Field{Value: v, At: moment(f.At), Message: f.Message}
	}
	return own, nil
}

// fieldsOut copies fields for a caller; it is never nil, so that callers may add
// to it.
func fieldsOut(own map[string]store.Field) map[string]store.Field {
	fields := maps.Clone(own)
	for name, f := range own {
		if list, ok := f.Value.([]any); ok {
			f.Value = cloned(list)
			fields[name] = f
		}
		if tree, ok := f.Value.(map[string]any); ok {
			f.Value = cloned(tree)
			fields[name] = f
		}
	}
	return fields
}

// cloned copies a value that is JSON-shaped all through.
func cloned(v any) any {
	switch v := v.(type) {
	case []any:
		out := slices.Clone(v)
		for i := range out {
			out[i] = cloned(out[i])
		}
		return out
	case map[string]any:
		out := maps.Clone(v)
		for name, one := range out {
			out[name] = cloned(one)
		}
		return out
	}
	return v
}
