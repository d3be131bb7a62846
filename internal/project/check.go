package project

import (
	"errors"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"holdfast/internal/diag"
	"holdfast/internal/mail"
	"holdfast/internal/source"
	"holdfast/playbooks"
	"holdfast/rules"
)

// check says what is wrong in the texts that a playbook shows: its templates
// and the one-line texts of its steps. Those compile apart from the playbook.
func (ld *loader) check(doc *source.Node, p *playbooks.Playbook) {
	ld.lines(doc.Get("steps"))
	if p == nil {
		return
	}
	r := mail.New(ld.p.Templates)
	for _, name := range p.TemplateNames() {
		vars, err := r.Check(name)
		if err != nil {
			ld.badTemplate(name, err)
			continue
		}
		for file, text := range p.Bundle.Files {
			if strings.HasPrefix(file, "templates/"+name+".") {
				ld.variables(ld.shown(file), text, vars)
			}
		}
	}
}

// shown is the name under which a template's findings appear.
func (ld *loader) shown(file string) string {
	own := filepath.Join(ld.p.Dir, filepath.FromSlash(file))
	if _, ok := ld.p.Sources[own]; ok {
		return own
	}
	return "library/" + file
}

func (ld *loader) badTemplate(name string, err error) {
	at := diag.Span{File: ld.shown("templates/" + name + ".md"), Line: 1, Col: 1}
	message := err.Error()
	if e, ok := errors.AsType[*mail.Error](err); ok {
		message, at.Line = e.Message, max(e.Line, 1)
		if e.File != "" {
			at.File = ld.shown(e.File)
		}
	}
	ld.diags.Errorf(at, "bad-template", "", "%s", message)
}

// variables must be declared: an undeclared one is never set, and its mail
// never goes.
func (ld *loader) variables(file, text string, vars []string) {
	for _, v := range vars {
		hint, ok := ld.declared(v)
		if ok {
			continue
		}
		name := regexp.MustCompile(`\b` + regexp.QuoteMeta(v) + `\b`)
		for i, line := range diag.Lines(text) {
			for _, at := range name.FindAllStringIndex(line, -1) {
				col := len([]rune(line[:at[0]])) + 1
				span := diag.Span{File: file, Line: i + 1, Col: col, End: col + len([]rune(v))}
				ld.diags.Errorf(span, "unknown-variable", hint, "unknown variable %q", v)
			}
		}
	}
}

// declared reports whether a variable's first two words are a field that is
// declared; only account and contact are checked.
func (ld *loader) declared(v string) (hint string, ok bool) {
	root, rest, _ := strings.Cut(v, ".")
	var fields []rules.Field
	switch root {
	case "account":
		fields = ld.p.Rules.AccountFields()
	case "contact":
		fields = ld.p.Rules.ContactFields()
	default:
		return "", true
	}
	names := []string{"id"}
	for _, f := range fields {
		names = append(names, f.Name)
	}
	if rest == "" || slices.ContainsFunc(names, func(n string) bool {
		return n == rest || strings.HasPrefix(n, rest+".") || strings.HasPrefix(rest, n+".")
	}) {
		return "", true
	}
	if s := source.Suggest(rest, names); s != "" {
		return `did you mean "` + root + "." + s + `"?`, false
	}
	return "declare it in schema: " + root, false
}

// lines checks the Liquid in the texts of steps, wherever they are nested.
func (ld *loader) lines(n *source.Node) {
	r := mail.New(ld.p.Templates)
	for _, it := range n.Items() {
		ld.lines(it)
	}
	for _, p := range n.Pairs() {
		if p.Value.Kind() != source.Scalar {
			ld.lines(p.Value)
			continue
		}
		if k := p.Key.Text(); k != "task" && k != "text" {
			continue
		}
		vars, err := r.CheckLine(p.Value.Text())
		if err != nil {
			ld.diags.Errorf(p.Value.Span(), "bad-template", "", "%v", err)
		}
		for _, v := range vars {
			if hint, ok := ld.declared(v); !ok {
				ld.diags.Errorf(within(p.Value, v), "unknown-variable", hint, "unknown variable %q", v)
			}
		}
	}
}

// within is where word stands in the text of n.
func within(n *source.Node, word string) diag.Span {
	i := strings.Index(n.Text(), word)
	if i < 0 {
		return n.Span()
	}
	from := len([]rune(n.Text()[:i]))
	spans := n.Spans()
	at := spans[from]
	if last := spans[from+len([]rune(word))-1]; last.Line == at.Line {
		at.End = last.End
	}
	return at
}
