package steps

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"holdfast/internal/diag"
	"holdfast/internal/source"
)

// idPattern is what CEL takes as a name.
var idPattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// reserved are CEL's words and the roots of expressions and texts: a step of
// such a name could not be spoken of.
var reserved = []string{
	"as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let",
	"loop", "namespace", "null", "package", "return", "true", "var", "void", "while",
	"account", "contact", "contacts", "decide", "event", "metric", "now", "object", "owner", "project", "score", "segment", "steps",
}

// id of step n, or one made up so that checking can go on.
func (c *compiler) id(n *source.Node, verb string) string {
	given := n.Get("id")
	if given == nil || given.Text() == "" {
		id := c.free(proposed(n.Get(verb), verb))
		c.l.Errorf(placeOf(n, "id"), "missing-id", "add id: "+id, "a step needs an id, so that running enrollments survive an edit")
		return id
	}
	id := given.Text()
	switch {
	case !idPattern.MatchString(id):
		c.l.Errorf(given.Span(), "bad-id", "write "+clean(id), "a step cannot be called %q: expressions need letters, digits and underscores", id)
	case slices.Contains(reserved, id):
		c.l.Errorf(given.Span(), "bad-id", "write "+id+"_"+verb, "a step cannot be called %q: in expressions the word means something else", id)
	default:
		return id
	}
	return clean(id)
}

// proposed is an id for a step: the verb and what it says first.
func proposed(n *source.Node, verb string) string {
	said := ""
	if n.Kind() == source.Scalar {
		said = n.Text()
		said = said[strings.LastIndexByte(said, '/')+1:]
	}
	switch parts := words.FindAllString(said, 3); {
	case len(parts) == 0 || verb == waitVerb:
		return clean(verb + "_" + said)
	case verb == emailVerb || verb == "end":
		return clean(said)
	default:
		return clean(strings.ToLower(strings.Join(parts, "_")))
	}
}

// free is id, or id with a number when it is taken.
func (c *compiler) free(id string) string {
	for n, taken := 2, c.p.ByID; ; n++ {
		if try := fmt.Sprintf("%s_%d", id, n); taken[id] == nil {
			return id
		} else if taken[try] == nil {
			return try
		}
	}
}

var unfit = regexp.MustCompile(`[^A-Za-z0-9_]+`)

// clean makes a CEL name of s.
func clean(s string) string {
	s = strings.Trim(unfit.ReplaceAllString(s, "_"), "_")
	if s == "" || (s[0] >= '0' && s[0] <= '9') {
		s = "step_" + s
	}
	s = strings.TrimRight(s, "_")
	if slices.Contains(reserved, s) {
		s += "_step"
	}
	return s
}

func placeOf(n *source.Node, key string) diag.Span {
	if v := n.Get(key); v != nil {
		return v.Span()
	}
	return n.Span()
}
