package lsp

import (
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"holdfast/internal/diag"
	"holdfast/internal/schema"
	"holdfast/rules"
	"holdfast/steps"
)

// definition of something that playbooks and rules name.
type definition struct {
	file       string // as findings call it
	start, end int
	summary    string
	tree       *tree
	root       *node
}

// book is a playbook's steps, compiled as far as they are right.
type book struct {
	fields map[string]map[string]rules.Type // results by step id
	ids    []string
}

// index makes what is looked up by name: "event:Login", "account.arr",
// "event:Login.count", "metric:logins", "template:win-back/opening", "person:sam".
func (a *analysis) index() {
	a.indexed.Do(func() {
		a.defs, a.texts, a.books = map[string]definition{}, map[string]*text{}, map[string]*book{}
		a.uses = map[string][]string{}
		var names []string
		for name := range a.project.Sources {
			names = append(names, name)
		}
		slices.SortFunc(names, func(x, y string) int { // the project's own last: they replace
			if own := filepath.IsAbs(x); own != filepath.IsAbs(y) {
				if own {
					return 1
				}
				return -1
			}
			return strings.Compare(x, y)
		})
		for _, name := range names {
			t := newText(a.project.Sources[name])
			a.texts[name] = t
			switch filepath.Ext(name) {
			case ".md":
				a.indexTemplate(name, t)
			case ".yaml":
				a.indexFile(name, parseTree(t.s))
			}
		}
		for p, b := range a.open {
			if a.texts[p] == nil {
				a.texts[p] = b.text
			}
		}
	})
}

var localeSuffix = regexp.MustCompile(`\.[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$`)

// templateName of a file below templates/; "" for another.
func templateName(file string) string {
	_, name, ok := strings.Cut("/"+filepath.ToSlash(file), "/templates/")
	if !ok || path.Ext(name) != ".md" {
		return ""
	}
	return localeSuffix.ReplaceAllString(strings.TrimSuffix(name, ".md"), "")
}

func (a *analysis) indexTemplate(name string, t *text) {
	key := "template:" + templateName(name)
	plain := strings.HasSuffix(name, templateName(name)+".md")
	if old, taken := a.defs[key]; taken && !plain && filepath.IsAbs(old.file) == filepath.IsAbs(name) {
		return // the file without a locale is the template
	}
	a.defs[key] = definition{file: name, summary: subjectOf(t.s)}
}

// subjectOf a template, from its front matter.
func subjectOf(s string) string {
	head, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(s, bom), "---"), "\n---")
	for line := range strings.SplitSeq(head, "\n") {
		if subject, ok := strings.CutPrefix(strings.TrimSpace(line), "subject:"); ok {
			return strings.Trim(strings.TrimSpace(subject), `"'`)
		}
	}
	return ""
}

func (a *analysis) indexFile(name string, t *tree) {
	for _, root := range t.docs {
		if root.kind != mapNode || len(root.entries) == 0 {
			continue
		}
		first := root.entries[0]
		kind, label := first.key, t.word(first.val)
		if kind == "team" {
			for _, it := range first.val.itemsOf() {
				if id := it.get("id"); id != nil {
					a.define("person:"+t.word(id), name, t, it, id)
				}
			}
			continue
		}
		if kind == "lanes" {
			for _, it := range first.val.itemsOf() {
				a.define("lane:"+t.word(it), name, t, it, it)
			}
			continue
		}
		if schema.KindNamed(a.kinds, kind) == nil || label == "" {
			continue
		}
		a.define(kind+":"+label, name, t, root, first.val)
		prefix := kind + ":" + label + "."
		if kind == "schema" {
			prefix = label + "."
		}
		if fields := root.get("fields"); fields != nil {
			for _, e := range fields.entries {
				a.defs[prefix+e.key] = definition{file: name, start: e.start, end: e.end, summary: t.word(e.val.get("summary")), tree: t, root: root}
			}
		}
		if kind == "playbook" {
			a.indexUses(label, t, root)
			a.indexSteps(label, name, t, root)
		}
	}
}

func (n *node) itemsOf() []*node {
	if n == nil {
		return nil
	}
	return n.items
}

func (a *analysis) define(key, file string, t *tree, root, at *node) {
	start, end := at.inner(t.src)
	summary := t.word(root.get("summary"))
	if summary == "" {
		summary = t.word(root.get("title"))
	}
	a.defs[key] = definition{file: file, start: start, end: end, summary: summary, tree: t, root: root}
}

// stepKey is under which a playbook's step is defined.
func stepKey(playbook, id string) string { return "step:" + playbook + "/" + id }

// indexSteps compiles the steps of a playbook, as far as they are right.
func (a *analysis) indexSteps(label, name string, t *tree, root *node) {
	b := &book{fields: map[string]map[string]rules.Type{}}
	a.books[label] = b
	for _, s := range stepsOf(t, root, schema.KindNamed(a.kinds, "playbook")) {
		if s.id != "" {
			b.ids = append(b.ids, s.id)
			a.define(stepKey(label, s.id), name, t, root, s.idNode)
		}
	}
	for _, doc := range parse(name, t.src) {
		if doc.Get("playbook").Text() != label || doc.Get("steps") == nil {
			continue
		}
		var unread diag.List // they are among the project's findings
		p := steps.Compile(doc.Get("steps"), a.project.Rules, nil, &unread)
		for _, s := range p.Steps {
			b.fields[s.ID] = s.Fields()
		}
	}
}

// users are the playbooks that use a template, by name.
func (a *analysis) users(template string) []string {
	a.index()
	out := slices.Sorted(slices.Values(a.uses[template]))
	return slices.Compact(out)
}

// indexUses notes the templates that a playbook names.
func (a *analysis) indexUses(label string, t *tree, root *node) {
	every(root, schema.KindNamed(a.kinds, "playbook").Map, func(_ *node, _ *schema.Map, e *entry, k *schema.Key) {
		if k != nil && k.Names == "template" {
			a.uses[t.word(e.val)] = append(a.uses[t.word(e.val)], label)
		}
	})
}
