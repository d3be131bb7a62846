package steps

import (
	"slices"
	"strconv"
	"strings"

	"holdfast/internal/calendar"
	"holdfast/internal/diag"
	"holdfast/internal/source"
	"holdfast/rules"
)

// what names the step in messages.
func (d *Decoder) what() string { return `step "` + d.ID + `"` }

// place of a key's value, or of the step when it is absent.
func (d *Decoder) place(key string) diag.Span {
	if n := d.Node.Get(key); n != nil {
		return n.Span()
	}
	return d.Node.Span()
}

// text under key; "" when absent.
func (d *Decoder) text(key string) string {
	n := d.Node.Get(key)
	if n == nil {
		return ""
	}
	if n.Kind() != source.Scalar || n.Text() == "" {
		d.Diags.Errorf(n.Span(), "bad-value", "write one line of text", "%s of %s is empty, or no text", key, d.what())
		return ""
	}
	return n.Text()
}

func (d *Decoder) required(key string) string {
	if d.Node.Get(key) == nil {
		d.Diags.Errorf(d.Node.Span(), "missing-key", "add "+key+":", "%s has no `%s`", d.what(), key)
	}
	return d.text(key)
}

// oneOf the choices, the first when key is absent.
func (d *Decoder) oneOf(key string, choices ...string) string {
	return choice(d, d.Node.Get(key), choices...)
}

func choice(d *Decoder, n *source.Node, choices ...string) string {
	if n == nil {
		return choices[0]
	}
	if !slices.Contains(choices, n.Text()) {
		hint := "use one of " + strings.Join(choices, ", ")
		if s := source.Suggest(n.Text(), choices); s != "" {
			hint = "did you mean " + strconv.Quote(s) + "?"
		}
		d.Diags.Errorf(n.Span(), "bad-value", hint, "%q is not one of the choices", n.Text())
		return choices[0]
	}
	return n.Text()
}

// span under key; the zero Span when absent.
func (d *Decoder) span(key string) calendar.Span {
	n := d.Node.Get(key)
	if n == nil {
		return calendar.Span{}
	}
	return d.duration(n, key)
}

// duration reads a length of time that is not zero.
func (d *Decoder) duration(n *source.Node, key string) calendar.Span {
	s, err := calendar.ParseSpan(n.Text())
	switch {
	case n.Kind() != source.Scalar:
		d.Diags.Errorf(d.place(key), "bad-duration", "write a span such as 7d", "%s of %s is no length of time", key, d.what())
	case err != nil:
		d.Diags.Errorf(n.Span(), "bad-duration", "", "%v", err)
	case s.Zero():
		d.Diags.Errorf(n.Span(), "bad-duration", "write a span such as 7d", "%s of %s is no time at all", key, d.what())
	}
	return s
}

func (d *Decoder) flag(key string) bool { return boolean(d.Diags, d.Node.Get(key)) }

func boolean(l *diag.List, n *source.Node) bool {
	if n != nil && n.Text() != "true" && n.Text() != "false" {
		l.Errorf(n.Span(), "bad-value", "write true or false", "%q is neither true nor false", n.Text())
	}
	return n.Text() == "true"
}

// number under key within bounds; 0 when absent.
func (d *Decoder) number(key string, least, most int) int {
	n := d.Node.Get(key)
	if n == nil {
		return 0
	}
	i, err := strconv.Atoi(n.Text())
	if err != nil || i < least || i > most {
		d.Diags.Errorf(n.Span(), "bad-value", "", "%s of %s is %q; it takes a whole number from %d to %d", key, d.what(), n.Text(), least, most)
		return least
	}
	return i
}

// condition compiles a CEL condition; nil when absent or wrong.
func (d *Decoder) condition(n *source.Node) *rules.Expr { return d.expr(n, rules.Bool) }

// expr compiles CEL and marks the steps it reads.
func (d *Decoder) expr(n *source.Node, want rules.Type) *rules.Expr {
	if n == nil {
		return nil
	}
	e, found := d.Rules.Compile(n.Text(), n.Spans(), d.Scope, want)
	d.Diags.Add(found...)
	d.c.reads(n.Text())
	if slices.ContainsFunc(found, func(f diag.Diagnostic) bool { return f.Severity == diag.Error }) {
		return nil
	}
	if e != nil {
		d.c.p.rules = append(d.c.p.rules, e.Reads().Rules...)
	}
	return e
}

// earlier checks that key names a step above, of a verb.
func (d *Decoder) earlier(key, verb string) { d.earlierStep(d.Node.Get(key), verb) }

func (d *Decoder) earlierStep(n *source.Node, verb string) {
	id := n.Text()
	s := d.c.p.ByID[id]
	if s == nil || id == d.ID {
		d.unknown(n.Span(), "unknown-step", "earlier step", id, d.c.ids(verb))
		return
	}
	if verb != "" && s.Verb != verb {
		d.Diags.Errorf(n.Span(), "wrong-step", "name a step with "+verb, "step %q is no %s", id, verb)
		return
	}
	d.c.p.since[id] = true
}

// named checks a word that reports and expressions will use as a name.
func (d *Decoder) named(n *source.Node, what string) {
	if !idPattern.MatchString(n.Text()) {
		d.Diags.Errorf(n.Span(), "bad-name", "use letters, digits and underscores", "%q cannot be an %s", n.Text(), what)
	}
}

// unknown reports a word that names nothing, with what was likely meant.
func (d *Decoder) unknown(at diag.Span, check, what, word string, names []string) {
	hint := ""
	if s := source.Suggest(word, names); s != "" {
		hint = "did you mean " + strconv.Quote(s) + "?"
	} else if len(names) > 0 && len(names) <= 12 {
		hint = "use one of " + strings.Join(names, ", ")
	}
	d.Diags.Errorf(at, check, hint, "there is no %s %q", what, word)
}

// listOf is n's items, or n itself when it is one value.
func listOf(n *source.Node) []*source.Node {
	switch n.Kind() {
	case source.List:
		return n.Items()
	case source.Scalar:
		return []*source.Node{n}
	case source.Null, source.Map:
	}
	return nil
}
