package transfer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"holdfast/internal/store"
)

// odd is a value that JSON has no form for: bytes, and text that is no UTF-8, as
// base64; a float that is no number, by its name.
type odd struct {
	Bytes []byte `json:"x,omitempty"`
	Float string `json:"f,omitempty"`
}

// encode writes a row as a JSON array and nothing after it.
func encode(row []any) ([]byte, error) {
	plain := make([]any, len(row))
	for i, v := range row {
		switch v := v.(type) {
		case string:
			if plain[i] = v; !utf8.ValidString(v) {
				plain[i] = odd{Bytes: []byte(v)}
			}
		case []byte:
			if v != nil {
				plain[i] = odd{Bytes: v}
			}
		case float64:
			if plain[i] = v; math.IsInf(v, 0) || math.IsNaN(v) {
				plain[i] = odd{Float: strconv.FormatFloat(v, 'g', -1, 64)}
			}
		case nil, int64:
			plain[i] = v
		default:
			return nil, fmt.Errorf("a value of type %T", v)
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(plain); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// decode reads what encode wrote of a row with such columns.
func decode(line []byte, columns []store.Column) ([]any, error) {
	var values []json.RawMessage
	if err := json.Unmarshal(line, &values); err != nil {
		return nil, errors.New("it is no row")
	}
	if len(values) != len(columns) {
		return nil, fmt.Errorf("it has %d values and the table %d columns", len(values), len(columns))
	}
	row := make([]any, len(values))
	for i, v := range values {
		var err error
		if row[i], err = decodeValue(v, columns[i].Kind); err != nil {
			return nil, fmt.Errorf("column %s: expected %s, found %.40q", columns[i].Name, columns[i].Kind, v)
		}
	}
	return row, nil
}

func decodeValue(v json.RawMessage, kind store.Kind) (any, error) {
	if string(v) == "null" {
		return nil, nil //nolint:nilnil // NULL is a value
	}
	if v[0] == '{' {
		return decodeOdd(v, kind)
	}
	switch kind {
	case store.KindInt:
		return strconv.ParseInt(string(v), 10, 64)
	case store.KindFloat:
		return strconv.ParseFloat(string(v), 64)
	case store.KindText:
		var s string
		err := json.Unmarshal(v, &s)
		return s, err
	case store.KindBytes:
	}
	return nil, errors.New("no such value")
}

func decodeOdd(v json.RawMessage, kind store.Kind) (any, error) {
	var o odd
	if err := json.Unmarshal(v, &o); err != nil {
		return nil, err
	}
	switch kind {
	case store.KindBytes:
		if o.Bytes == nil {
			o.Bytes = []byte{} // empty, and there
		}
		return o.Bytes, nil
	case store.KindText:
		return string(o.Bytes), nil
	case store.KindFloat:
		return strconv.ParseFloat(o.Float, 64)
	case store.KindInt:
	}
	return nil, errors.New("no such value")
}
