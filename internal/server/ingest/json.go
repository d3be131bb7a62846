package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// readable is how many levels encoding/json reads.
const readable = 10_000

// object reads a body as a JSON object; the error says where it is none, and why.
func object(body []byte) (o map[string]json.RawMessage, err error) {
	if depth(body) > readable {
		shallow(body, deepest+3) // a message in a batch is on the third level, and one below its last is too deep
	}
	err = json.Unmarshal(body, &o)
	if err != nil || o == nil {
		return nil, refuse(http.StatusBadRequest, BadCall, noObject(body, err))
	}
	return o, nil
}

// noObject says why body is no JSON object. err is that of reading it as one.
func noObject(body []byte, err error) string {
	if len(bytes.TrimSpace(body)) == 0 {
		return "the body is empty; expected a JSON object"
	}
	for _, mark := range []string{"\xfe\xff", "\xff\xfe", "\x00", "{\x00"} {
		if bytes.HasPrefix(body, []byte(mark)) {
			return "the body is not UTF-8, but UTF-16 or the like"
		}
	}
	slip, ok := errors.AsType[*json.SyntaxError](err)
	switch {
	case !ok:
		return "the body is JSON, and no object"
	case slip.Error() == "unexpected end of JSON input":
		return "the body is no JSON: it ends too early, at " + place(body, slip.Offset)
	}
	return fmt.Sprintf("the body is no JSON: %s at %s", slip, place(body, slip.Offset))
}

// place of the byte before offset, for a person.
func place(body []byte, offset int64) string {
	before := body[:min(max(int(offset)-1, 0), len(body))]
	line := bytes.Count(before, []byte("\n")) + 1
	return fmt.Sprintf("line %d, column %d", line, len(before)-bytes.LastIndexByte(before, '\n'))
}

// depth is how many maps and lists of raw, which is JSON, lie within one another.
func depth(raw []byte) (most int) {
	now, quoted := 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			now++
			most = max(most, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return most
}

// shallow writes 0 and blanks over each map and list of raw below so many levels.
// Where things stand, and how much there is, stays.
func shallow(raw []byte, levels int) {
	now, quoted, escaped := 0, false, false
	for i, c := range raw {
		below := now > levels
		switch {
		case escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if now++; now == levels+1 {
				raw[i] = '0'
			}
		case c == '}' || c == ']':
			now--
		}
		if below && c != '\n' {
			raw[i] = ' '
		}
	}
}
