package sources

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// deepest is how many levels of maps and lists a message may have.
const deepest = 32

// decode reads one JSON value; numbers keep their digits. What is not UTF-8 is an
// error: read as U+FFFD, two ids would be one.
func decode(body []byte) (any, error) {
	if at := garbled(body); at != "" {
		return nil, errors.New(at + ": not UTF-8; send UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, errors.New("the body is no JSON: it ends too early")
		}
		return nil, errors.New("the body is no JSON: " + strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the body holds more than one JSON value")
	}
	return v, nil
}

// garbled is the line and column of the first byte of body that is not UTF-8, or "".
func garbled(body []byte) string {
	if utf8.Valid(body) {
		return ""
	}
	at := 0
	for at < len(body) {
		r, size := utf8.DecodeRune(body[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	line := body[bytes.LastIndexByte(body[:at], '\n')+1 : at]
	return fmt.Sprintf("%d:%d", bytes.Count(body[:at], []byte("\n"))+1, utf8.RuneCount(line)+1)
}

// decodeObject reads one JSON object.
func decodeObject(body []byte) (object, error) {
	v, err := decode(body)
	if err != nil {
		return nil, err
	}
	o, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("the body is no JSON object")
	}
	return o, nil
}

// object is a JSON object of someone else's: what is not there, or is something
// else than asked for, is empty.
type object map[string]any

// at is the value behind a path of keys, or nil.
func (o object) at(path ...string) any {
	var v any = map[string]any(o)
	for _, key := range path {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	return v
}

func (o object) object(path ...string) object {
	m, _ := o.at(path...).(map[string]any)
	return m
}

func (o object) list(path ...string) []any {
	l, _ := o.at(path...).([]any)
	return l
}

// text of a string, or of an id that was written as a number.
func (o object) text(path ...string) string { return Text(o.at(path...)) }

func (o object) flag(path ...string) bool {
	b, _ := o.at(path...).(bool)
	return b
}

// seconds is a moment counted in seconds since 1970; ok is false for what is none.
func (o object) seconds(path ...string) (time.Time, bool) {
	n, ok := o.at(path...).(json.Number)
	if !ok {
		return time.Time{}, false
	}
	return unix(n.String(), time.Second)
}

// Text of an id, which some senders write as a number; "" for what is neither. Space
// around it is no part of it.
func Text(v any) string {
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v)
	case json.Number:
		return v.String()
	}
	return ""
}

// unix is a count of units since 1970 as a moment between 1970 and 2200.
func unix(s string, unit time.Duration) (time.Time, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	const last = 7_258_118_400 // 2200-01-01, in seconds
	if err != nil || n <= 0 || n > last*int64(time.Second/unit) {
		return time.Time{}, false
	}
	return time.Unix(0, 0).UTC().Add(time.Duration(n) * unit), true
}

// moment reads a time as RFC 3339.
func moment(s string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339Nano, s)
	return t.UTC().Truncate(time.Microsecond), err == nil && t.Year() >= 1970 && t.Year() < 2200
}

// set keeps v under name unless it is empty.
func set(props map[string]any, name string, v any) {
	if v != nil && v != "" {
		props[name] = v
	}
}

// Tidy takes out of props what nobody may be left with: NUL, which databases refuse,
// and the one name that changes what an object is in the JavaScript of whoever reads
// it after us. props itself is changed; ok is false when it is nested too deep.
func Tidy(props map[string]any) (clean map[string]any, ok bool) {
	v, ok := tidy(props, 0)
	clean, _ = v.(map[string]any)
	return clean, ok
}

func tidy(v any, depth int) (any, bool) {
	if depth > deepest {
		return nil, false
	}
	switch v := v.(type) {
	case string:
		return unNUL(v), true
	case []string: // what an expression gives
		for i, s := range v {
			v[i] = unNUL(s)
		}
	case []any:
		for i, item := range v {
			t, ok := tidy(item, depth+1)
			if !ok {
				return nil, false
			}
			v[i] = t
		}
	case map[string]any:
		for key, item := range v {
			t, ok := tidy(item, depth+1)
			if !ok {
				return nil, false
			}
			if clean := unNUL(key); clean != key || key == "__proto__" {
				delete(v, key)
				key = clean
			}
			if key != "__proto__" {
				v[key] = t
			}
		}
	}
	return v, true
}

func unNUL(s string) string { return strings.ReplaceAll(s, "\x00", "\ufffd") }
