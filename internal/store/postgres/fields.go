package postgres

import (
	"encoding/json"
	"strconv"
	"time"

	"holdfast/internal/store"
)

// plainFields reads fields as fieldsText writes them while all is simple: values that
// are texts without escapes, numbers, booleans or null. It is what nearly all are, and
// several times faster than reading JSON that may be anything. false: read it so.
func plainFields(disk []byte) (map[string]store.Field, bool) {
	r := reading{s: string(disk)} // one string, of which all texts are parts
	if !r.eat('{') {
		return nil, false
	}
	fields := map[string]store.Field{}
	if r.eat('}') {
		return fields, r.done()
	}
	for {
		name, ok := r.text()
		if !ok || !r.eat(':') {
			return nil, false
		}
		f, ok := r.field()
		if !ok {
			return nil, false
		}
		fields[name] = f
		switch {
		case r.eat(','):
		case r.eat('}'):
			return fields, r.done()
		default:
			return nil, false
		}
	}
}

// reading is the rest of a document without spaces.
type reading struct{ s string }

func (r *reading) done() bool { return r.s == "" }

func (r *reading) eat(c byte) bool {
	if r.s == "" || r.s[0] != c {
		return false
	}
	r.s = r.s[1:]
	return true
}

// text is a string without escapes.
func (r *reading) text() (string, bool) {
	if !r.eat('"') {
		return "", false
	}
	for i := range len(r.s) {
		switch c := r.s[i]; {
		case c == '"':
			t := r.s[:i]
			r.s = r.s[i+1:]
			return t, true
		case c == '\\' || c < ' ':
			return "", false
		}
	}
	return "", false
}

// field is {"v":…} with "t" and "m" behind it where they are set.
func (r *reading) field() (f store.Field, ok bool) {
	if !r.eat('{') {
		return f, false
	}
	for {
		key, ok := r.text()
		if !ok || !r.eat(':') {
			return f, false
		}
		switch key {
		case "v":
			f.Value, ok = r.value()
		case "t":
			n, _ := r.number()
			micros, err := strconv.ParseInt(n, 10, 64)
			if ok = err == nil; micros != 0 {
				f.At = time.UnixMicro(micros).UTC()
			}
		case "m":
			f.Message, ok = r.text()
		default:
			ok = false
		}
		if !ok {
			return f, false
		}
		if r.eat('}') {
			return f, true
		}
		if !r.eat(',') {
			return f, false
		}
	}
}

func (r *reading) value() (any, bool) {
	if r.s == "" {
		return nil, false
	}
	switch r.s[0] {
	case '"':
		return r.text()
	case 't':
		return true, r.word("true")
	case 'f':
		return false, r.word("false")
	case 'n':
		return nil, r.word("null")
	}
	n, ok := r.number()
	return json.Number(n), ok
}

func (r *reading) word(w string) bool {
	if len(r.s) < len(w) || r.s[:len(w)] != w {
		return false
	}
	r.s = r.s[len(w):]
	return true
}

// number is what looks like one; it was written by encoding/json.
func (r *reading) number() (string, bool) {
	i := 0
	for i < len(r.s) && (r.s[i] >= '0' && r.s[i] <= '9' || r.s[i] == '-' || r.s[i] == '+' || r.s[i] == '.' || r.s[i] == 'e' || r.s[i] == 'E') {
		i++
	}
	n := r.s[:i]
	r.s = r.s[i:]
	return n, i > 0
}
