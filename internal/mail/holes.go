package mail

import (
	"strconv"
	"strings"
)

// holes are placeholders in a text and the values that belong in them, so that
// what is parsed is the author's alone and no value can become markup.
type holes struct {
	prefix string // of placeholders; stands in neither source nor data
	values []string
}

// newHoles for a text that is rendered with data.
func newHoles(t text, data map[string]any) *holes {
	h := &holes{prefix: "hfx"}
	if t.to == layout {
		h.prefix = "hfy" // the body's are in it too
	}
	for strings.Contains(t.src, h.prefix) || mentions(data, h.prefix) {
		h.prefix += "x"
	}
	return h
}

// dig is the placeholder for one more value.
func (h *holes) dig(value string) string {
	h.values = append(h.values, value)
	return h.prefix + strconv.Itoa(len(h.values)-1) + "z"
}

// put replaces the placeholders in s by their values, each through escape.
func (h *holes) put(s string, escape func(string) string) string {
	if len(h.values) == 0 || !strings.Contains(s, h.prefix) {
		return s
	}
	var b strings.Builder
	for {
		start, end, value := h.next(s)
		if end == 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:start])
		b.WriteString(escape(value))
		s = s[end:]
	}
}

// next is the first placeholder of s and its value; end is 0 when there is none.
func (h *holes) next(s string) (start, end int, value string) {
	for at := 0; ; at++ {
		i := strings.Index(s[at:], h.prefix)
		if i < 0 {
			return 0, 0, ""
		}
		at += i
		digits := at + len(h.prefix)
		end := digits
		for end < len(s) && s[end] >= '0' && s[end] <= '9' {
			end++
		}
		if end == digits || end == len(s) || s[end] != 'z' {
			continue
		}
		if n, err := strconv.Atoi(s[digits:end]); err == nil && n < len(h.values) {
			value = h.values[n]
		}
		return at, end + 1, value
	}
}

// all is the value of s when that is one placeholder and nothing else.
func (h *holes) all(s string) (value string, ok bool) {
	start, end, value := h.next(s)
	return value, start == 0 && end > 0 && end == len(s)
}

// in reports whether b has a placeholder.
func (h *holes) in(b []byte) bool {
	return len(h.values) > 0 && strings.Contains(string(b), h.prefix)
}
