package playtest

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// String is what e expects, in one line: `Tue 2026-01-13 09:01 touch opening to dana`.
func (e *Expected) String() string {
	said := []string{}
	if e.when != "" {
		said = append(said, e.when)
	}
	said = append(said, e.Head, e.Name)
	for _, d := range e.Also {
		said = append(said, detailWords(d.Key, d.Want))
	}
	return plain(strings.Join(said, " "))
}

func detailWords(key, want string) string {
	switch key {
	case "to", "by", "due", "until":
		return key + " " + want
	case "channel":
		return "by " + want
	case "rest":
		return map[string]string{"none": "without a rest", "forever": "and rests for ever"}[want] + ifNot(want, "and rests "+want, "none", "forever")
	case "result":
		return want
	}
	return fmt.Sprintf("%s %q", strings.ReplaceAll(key, "_", " "), want)
}

func ifNot(word, text string, words ...string) string {
	if slices.Contains(words, word) {
		return ""
	}
	return text
}

// String is what happened, in one line.
func (h *Happening) String() string {
	name := h.Path
	if name == "" {
		name = h.Name
	}
	said := []string{h.At.Format(shown), h.Head}
	if name != "" {
		said = append(said, name)
	}
	if h.To != "" && (slices.Contains([]string{"touch", "task", "skip", "asked", "review"}, h.Head)) {
		said = append(said, "to "+h.To)
	}
	switch h.Head {
	case "touch", "task":
		if h.Subject != "" {
			said = append(said, fmt.Sprintf("%q", clip(h.Subject)))
		}
	case "start":
	case "done", "cannot", "approved", "denied":
		if h.To != "" {
			said = append(said, "by "+h.To)
		}
	default:
		if (h.Verb == h.Head || h.Head == "review") && h.Result != "" {
			said = append(said, h.Result)
		}
		if h.Reason != "" {
			said = append(said, "("+clip(h.Reason)+")")
		}
	}
	return plain(strings.Join(said, " "))
}

// plain keeps what a customer is called from steering the terminal.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
