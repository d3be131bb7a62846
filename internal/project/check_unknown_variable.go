package project

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"holdfast/internal/diag"
	"holdfast/internal/mail"
	"holdfast/internal/source"
	"holdfast/steps"
)

var unknownVariable = check{
	Check: diag.Check{
		Name: "unknown-variable", Severity: diag.Error,
		Summary: "A template or a one-line text names a variable that nothing ever sets, in any of its languages.",
		Why:     "A message with a hole is not sent: missing data never shows. So a variable that nobody sets means a message that never goes, found out by its absence.",
	},
	run: func(ld *loader, r reporter) {
		done := map[string]bool{} // a template that two playbooks show is read once for what each may name
		for _, c := range ld.compiled {
			may := c.may
			for _, name := range c.book.TemplateNames() {
				for _, v := range ld.variants(name) {
					for _, variable := range v.Vars {
						if hint, ok := may.allows(variable); !ok && !done[v.File+" "+variable] {
							done[v.File+" "+variable] = true
							ld.sayVariable(r, v.File, variable, hint)
						}
					}
				}
			}
		}
	},
}

// sayVariable reports each place in a file at which a variable stands.
func (ld *loader) sayVariable(r reporter, file, variable, hint string) {
	name := regexp.MustCompile(`(^|[^\w.])(` + regexp.QuoteMeta(variable) + `)($|[^\w])`)
	shown := ld.shown(file)
	for i, line := range diag.Lines(ld.files[file]) {
		for _, at := range name.FindAllStringSubmatchIndex(line, -1) {
			r.say(in(shown, i+1, line, at[4], at[5]), hint, "unknown variable %q", variable)
		}
	}
}

// in is the span of line[from:to].
func in(file string, number int, line string, from, to int) diag.Span {
	col := len([]rune(line[:from])) + 1
	return diag.Span{File: file, Line: number, Col: col, End: col + len([]rune(line[from:to]))}
}

// variants are the files of a template; one that cannot be read is reported
// once, and has none.
func (ld *loader) variants(name string) []mail.Variant {
	if vs, ok := ld.parsed[name]; ok {
		return vs
	}
	vs, err := mail.New(ld.p.Templates).Variants(name)
	if err != nil {
		ld.badTemplate(name, err)
		vs = nil
	}
	ld.parsed[name] = vs
	return vs
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

// lines checks the Liquid in the texts of steps, wherever they are nested.
func (ld *loader) lines(n *source.Node, may shows) {
	r := mail.New(ld.p.Templates)
	for _, it := range n.Items() {
		ld.lines(it, may)
	}
	for _, p := range n.Pairs() {
		if p.Value.Kind() != source.Scalar {
			ld.lines(p.Value, may)
			continue
		}
		if !strings.Contains(p.Value.Text(), "{") || !slices.Contains(liquidKeys(), p.Key.Text()) {
			continue
		}
		vars, err := r.CheckLine(p.Value.Text())
		if err != nil {
			ld.diags.Errorf(p.Value.Span(), "bad-template", "", "%v", err)
		}
		for _, v := range vars {
			if hint, ok := may.allows(v); !ok {
				reporter{unknownVariable.Check, &ld.diags}.say(within(p.Value, v), hint, "unknown variable %q", v)
			}
		}
	}
}

// liquidKeys are the keys of steps whose text is Liquid.
func liquidKeys() []string {
	var keys []string
	for _, v := range steps.All {
		for _, f := range v.Doc.Fields {
			if f.Type == "liquid" {
				keys = append(keys, f.Name[strings.LastIndexByte(f.Name, '.')+1:])
			}
		}
	}
	return keys
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
