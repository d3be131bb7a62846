package playbooks

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"holdfast/internal/source"
	"holdfast/rules"
	"holdfast/steps"
)

// template reports whether templates/<name>.md exists, in any locale, and takes
// all of it into the bundle.
func (c *compiler) template(name string) bool {
	dir, base := path.Split(path.Join("templates", name))
	if c.templates == nil || !fs.ValidPath(dir+base) || !strings.HasPrefix(dir, "templates/") {
		return false
	}
	entries, err := fs.ReadDir(c.templates, path.Clean(dir))
	if err != nil {
		return false
	}
	found := false
	for _, e := range entries {
		if e.IsDir() || !isVariant(e.Name(), base) {
			continue
		}
		text, err := fs.ReadFile(c.templates, dir+e.Name())
		if err != nil {
			continue
		}
		c.files[dir+e.Name()] = string(text)
		found = true
	}
	return found
}

// isVariant reports whether file is <base>.md or <base>.<locale>.md.
func isVariant(file, base string) bool {
	rest, ok := strings.CutPrefix(file, base)
	rest, md := strings.CutSuffix(rest, ".md")
	return ok && md && (rest == "" || rest[0] == '.' && len(rest) > 1 && !strings.Contains(rest[1:], "."))
}

// reached notes the rules that p's triggers and steps lead to; those of its own
// expressions are noted as they compile.
func (c *compiler) reached(p *Playbook) {
	c.reads(p.When)
	for _, t := range p.Triggers {
		c.reads(t.When)
		c.reads(t.At)
	}
	for _, name := range p.Program.Rules() {
		c.rules[name] = true
	}
}

func (c *compiler) reads(e *rules.Expr) {
	if e == nil {
		return
	}
	for _, name := range e.Reads().Rules {
		c.rules[name] = true
	}
}

func (c *compiler) bundle(doc *source.Node, p *Playbook) Bundle {
	b := Bundle{Playbook: p.Name, File: p.File, Docs: map[string]string{playbookDoc: doc.Document()}, Files: c.files}
	for name := range c.rules {
		if d := c.set.Doc(name); d != nil {
			b.Docs[name] = d.Document()
		}
		c.calendarFile(name)
	}
	return b
}

// calendarFile takes the text of a calendar's file into the bundle.
func (c *compiler) calendarFile(rule string) {
	name, ok := strings.CutPrefix(rule, "calendar:")
	if cal := c.set.Calendar(name); ok && cal != nil && cal.File != "" {
		c.files[cal.File] = c.set.File(cal.File)
	}
}

// keep marks the steps that a template names: it may show their results.
func (c *compiler) keep(p *steps.Program) {
	for _, text := range c.files {
		for w := range source.Names(text) {
			if p.ByID[w] != nil {
				p.Keep(w)
			}
		}
	}
}

// Open compiles a bundle under the live set. It fails only when a live schema
// change broke it; the error says where.
func Open(b Bundle, set *rules.Set) (*Playbook, error) {
	var docs []*source.Node
	var own *source.Node
	for _, name := range sortedKeys(b.Docs) {
		file := b.File
		if name != playbookDoc {
			file = name
		}
		nodes, found := source.Parse(file, []byte(b.Docs[name]))
		if err := broken(b, found); err != nil {
			return nil, err
		}
		if name == playbookDoc && len(nodes) > 0 {
			own = nodes[0]
		} else {
			docs = append(docs, nodes...)
		}
	}
	if own == nil {
		return nil, errors.New("open playbook " + b.Playbook + ": its bundle holds no playbook")
	}
	named := map[string]rules.File{}
	for name, text := range b.Files {
		named[name] = rules.File{Shown: name, Text: text}
	}
	under, found := set.With(docs, named)
	if err := broken(b, found); err != nil {
		return nil, err
	}
	p, found := compile(own, under, b.FS(), published)
	if err := broken(b, found); err != nil {
		return nil, err
	}
	p.File, p.Bundle, p.Digest, p.encoded = b.File, b, b.Digest(), sync.OnceValue(b.Encode)
	return p, nil
}

// TemplateNames are the templates and briefs that the steps use, sorted, as they
// write them.
func (p *Playbook) TemplateNames() []string {
	var names []string
	for file := range p.Bundle.Files {
		file, ok := strings.CutPrefix(file, "templates/")
		if !ok {
			continue
		}
		dir, base := path.Split(file)
		name, _, _ := strings.Cut(base, ".")
		names = append(names, dir+name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
