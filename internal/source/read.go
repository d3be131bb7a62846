package source

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"holdfast/internal/diag"
)

// Require is the value under key of map n. When it is absent or empty, n is
// reported (check missing-key) and nil returned.
func (n *Node) Require(l *diag.List, what, key string) *Node {
	v := n.Get(key)
	if v.Kind() != Null {
		return v
	}
	if n.Kind() == Map {
		at := n.Span()
		if k := n.Key(key); k != nil {
			at = k.Span()
		}
		l.Errorf(at, "missing-key", "add "+key+":", "%s needs %s", what, key)
	}
	return nil
}

// String is n's text. An absent n is ""; a list, map or nothing is reported
// (check wrong-type). what names the key: "title".
func (n *Node) String(l *diag.List, what string) string {
	if n == nil {
		return ""
	}
	if n.kind != Scalar {
		l.Errorf(n.Span(), "wrong-type", "", "%s must be text, not %s", what, n.found())
		return ""
	}
	return n.text
}

// Word is n's text, one of choices: another is reported (check unknown-choice)
// with a suggestion, and "" returned. An absent n is "".
func (n *Node) Word(l *diag.List, what string, choices ...string) string {
	word := n.String(l, what)
	if n.Kind() != Scalar || contains(choices, word) {
		return word
	}
	l.Errorf(n.Span(), "unknown-choice", hint(word, choices), "%s cannot be %q", what, word)
	return ""
}

// Words is a list of words or a single one, each as in Word; without choices any text is right.
func (n *Node) Words(l *diag.List, what string, choices ...string) []string {
	items := n.Items()
	if n.Kind() == Scalar {
		items = []*Node{n}
	}
	if n != nil && n.kind != List && n.kind != Scalar {
		l.Errorf(n.Span(), "wrong-type", "", "%s must be a list, not %s", what, n.found())
	}
	var words []string
	for _, it := range items {
		var word string
		if len(choices) == 0 {
			word = it.String(l, what)
		} else {
			word = it.Word(l, what, choices...)
		}
		if word != "" {
			words = append(words, word)
		}
	}
	return words
}

// Bool is true or false; anything else is reported (check wrong-type) and false.
func (n *Node) Bool(l *diag.List, what string) bool {
	if n == nil {
		return false
	}
	b, ok := n.JSON().(bool)
	if ok {
		return b
	}
	h := "write true or false"
	switch strings.ToLower(n.text) {
	case "yes", "on":
		h = "write true"
	case "no", "off":
		h = "write false"
	}
	l.Errorf(n.Span(), "wrong-type", h, "%s must be true or false, not %s", what, n.found())
	return false
}

// Int is a whole number of lo to hi; anything else is reported (check
// wrong-type) and lo. An absent n is 0.
func (n *Node) Int(l *diag.List, what string, lo, hi int) int {
	if n == nil {
		return 0
	}
	i, err := strconv.Atoi(n.text)
	if n.kind == Scalar && err == nil && i >= lo && i <= hi {
		return i
	}
	l.Errorf(n.Span(), "wrong-type", fmt.Sprintf("write a whole number from %d to %d", lo, hi),
		"%s must be a whole number from %d to %d, not %s", what, lo, hi, n.found())
	return lo
}

// found names what stands at n: `"fast"`, a list, nothing.
func (n *Node) found() string {
	if n.Kind() != Scalar {
		return n.Kind().String()
	}
	text := []rune(n.text)
	if len(text) > 40 {
		text = append(text[:39], '…')
	}
	return strconv.Quote(string(text))
}

var decimal = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*(_[0-9]+)*)?(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)

// number is s as JSON writes it; ok is false when s is no decimal number. A
// number with leading zeros is text: it is a postcode or a phone.
func number(s string) (string, bool) {
	if !decimal.MatchString(s) || !strings.ContainsAny(s, "0123456789") {
		return "", false
	}
	s = strings.ReplaceAll(strings.TrimPrefix(s, "+"), "_", "")
	switch {
	case strings.HasPrefix(s, "."):
		s = "0" + s
	case strings.HasPrefix(s, "-."):
		s = "-0" + s[1:]
	}
	return s, s[0] != 'e' && s[0] != 'E' && !strings.HasPrefix(s, "-e") && !strings.HasPrefix(s, "-E")
}
