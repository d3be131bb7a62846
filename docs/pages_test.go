package docs_test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"holdfast/internal/diag"
	"holdfast/internal/playtest"
	"holdfast/internal/project"
	"holdfast/internal/source"
	"holdfast/playbooks"
	library "holdfast/playbooks/library"
	"holdfast/rules"
	"holdfast/steps"
)

// Pages whose blocks other tests hold: a check's bad case has findings, and a
// function's example stands on fields of its own.
var heldElsewhere = []string{"reference/checks/", "reference/functions/"}

// TestEveryBlockIsRight lints the yaml of each page, and compiles its cel, in a
// project with the shipped rules. The rules of a page hold for all of it; a block
// may be whole documents, a list of steps, one step, or keys of a playbook or of
// the settings. A file that is another program's has a title that begins with a dot.
func TestEveryBlockIsRight(t *testing.T) {
	t.Parallel()
	blocks := 0
	for _, name := range pages(t) {
		if slices.ContainsFunc(heldElsewhere, func(dir string) bool { return strings.HasPrefix(name, dir) }) {
			continue
		}
		p := read(t, name)
		blocks += len(p.blocks)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, b := range p.blocks {
				p.lint(t, b)
			}
		})
	}
	if blocks < 60 {
		t.Errorf("only %d blocks were looked at", blocks)
	}
}

// TestABlockThatIsWrongIsFound shows that the test above can fail.
func TestABlockThatIsWrongIsFound(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"```yaml\nplaybook: p\ntrigger: {when: account.arrr > 5}\nsteps: [{id: a, wait: 1d}]\n```\n",
		"```yaml\n- {id: a, wait: 4}\n```\n",
		"```yaml\nplaybook: p\ntrigger: {when: account.arr > 5}\nsteps: [{id: a, email: hello, to: [contacts.champion]}]\n```\n",
		"```yaml\ntest: t\nplaybook: save\ngiven: {now: 2026-05-04, account: {id: a, statuss: active}}\nexpect: []\n```\n",
		"```yaml\nholdout: many\n```\n",
		"```yaml\nchannels: {email: pigeon}\n```\n",
		"```yaml\nplayboook: p\n```\n",
		"```yaml\nmetric: m\ncounts: login\n```\n",
		"```cel\naccount.arrr > 5\n```\n",
	} {
		p := parse("page.md", text)
		if len(p.blocks) != 1 || len(p.mistakes(p.blocks[0])) == 0 {
			t.Errorf("nothing is found in\n%s", text)
		}
	}
}

func pages(t *testing.T) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, _ fs.DirEntry, err error) error {
		if err == nil && path.Ext(name) == ".md" {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return append(names, "../README.md")
}

// pageText is a page, cut into what is to be looked at.
type pageText struct {
	name   string
	blocks []block
	rules  map[string]string // documents of the page by their first line
	books  map[string]string
	team   string
}

type block struct {
	line              int
	kind, title, text string
}

var fence = regexp.MustCompile("(?ms)^```(yaml|cel)(?: title=(\\S+))?\n(.*?)^```$")

func read(t *testing.T, name string) pageText {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return parse(name, string(text))
}

func parse(name, text string) pageText {
	p := pageText{name: name, rules: map[string]string{}, books: map[string]string{}}
	for _, m := range fence.FindAllStringSubmatchIndex(text, -1) {
		b := block{line: 1 + strings.Count(text[:m[0]], "\n"), kind: text[m[2]:m[3]], text: text[m[6]:m[7]]}
		if m[4] >= 0 {
			b.title = text[m[4]:m[5]]
		}
		p.blocks = append(p.blocks, b)
		for _, doc := range b.documents() {
			switch kind := first(doc); {
			case kind == "playbook":
				p.books[head(doc)] = doc
			case kind == "team":
				p.team = doc
			case slices.Contains(rules.Kinds, kind):
				p.rules[head(doc)] = doc
			}
		}
	}
	return p
}

// documents of a block: their texts.
func (b block) documents() []string {
	if b.kind != "yaml" || strings.HasPrefix(b.title, ".") {
		return nil
	}
	return strings.Split("\n"+b.text, "\n---\n")
}

var firstKey = regexp.MustCompile(`(?m)^([a-z_]+):.*$`)

// first key of a document, and head, the line that it stands in.
func first(doc string) string {
	if m := firstKey.FindStringSubmatch(doc); m != nil {
		return m[1]
	}
	return ""
}

func head(doc string) string {
	line, _, _ := strings.Cut(firstKey.FindString(doc), " #")
	return strings.TrimSpace(line)
}

var testName = regexp.MustCompile(`(?m)([\w-]+\.test\.yaml)`)

// testFile is where a block of tests stands, as its title or its comment says: a
// test that names no playbook is about the one of that name.
func (b block) testFile() string {
	if name := testName.FindString(b.title + "\n" + b.text); name != "" {
		return "playbooks/" + name
	}
	return "playbooks/page.test.yaml"
}

func (p pageText) lint(t *testing.T, b block) {
	t.Helper()
	for _, m := range p.mistakes(b) {
		t.Errorf("%s:%d: %s", p.name, b.line, m)
	}
}

// mistakes in a block: what does not compile, and in a whole playbook also what
// lint warns of.
func (p pageText) mistakes(b block) []string {
	files := fstest.MapFS{}
	put := func(name, text string) { files[name] = &fstest.MapFile{Data: []byte(text)} }
	settings, wrong, whole := settingsOf(p), []string(nil), false
	ruleDocs, books, tests := clone(p.rules), clone(p.books), []string(nil)
	team := p.team
	if team == "" {
		team = "team: [{id: sam, role: csm, manager: kim}, {id: kim, role: manager}, {id: lee, role: director}]\n"
	}
	for i, doc := range b.documents() {
		switch kind := kindOf(doc); kind {
		case "other":
			wrong = append(wrong, fmt.Sprintf("document %d is of no kind: %q", i+1, first(doc)))
		case "project":
			settings = doc
		case "team":
			team = doc
		case "settings":
			settings = without(settings, first(doc)) + doc
		case "playbook":
			books[head(doc)], whole = doc, true
		case "test", "given":
			tests = append(tests, doc)
		case "steps", "step":
			if kind == "step" {
				doc = "- " + strings.ReplaceAll(strings.TrimSpace(doc), "\n", "\n  ")
			}
			books["fragment"] = stub("steps") + "steps:\n" + doc
		case "part":
			books["fragment"] = stub(first(doc)) + doc
		default:
			ruleDocs[head(doc)] = doc
		}
	}
	put("holdfast.yaml", settings)
	put("team.yaml", team)
	put("rules/page.yaml", join(ruleDocs))
	put("playbooks/page.yaml", join(books))
	if len(tests) > 0 {
		put(b.testFile(), strings.Join(tests, "\n---\n"))
	}
	for _, m := range named.FindAllStringSubmatch(b.text+join(books)+join(ruleDocs), -1) {
		switch m[1] {
		case "email", "brief":
			put("templates/"+m[2]+".md", "---\nsubject: Hello\n---\nHello\n")
		case "ics":
			put(m[2], "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n")
		}
	}
	loaded, found := project.LoadFS("", &files) // a pointer can be compared
	if len(tests) > 0 {
		_, more := playtest.Read(loaded)
		found = append(found, more...)
	}
	for _, d := range found {
		if d.Severity == diag.Error || whole && d.File == "playbooks/page.yaml" {
			wrong = append(wrong, fmt.Sprintf("%s (%s)", d, d.Hint))
		}
	}
	if b.kind == "cel" && loaded.Rules != nil {
		_, found := loaded.Rules.Compile(strings.TrimSpace(b.text), []diag.Span{{File: "cel", Line: 1, Col: 1}}, rules.Scope{}, rules.Any)
		for _, d := range found {
			wrong = append(wrong, d.String())
		}
	}
	return wrong
}

// named are the things outside a playbook that its steps name.
var named = regexp.MustCompile(`\b(email|brief|ics): ([\w/.-]+)`)

// kindOf a document: one of project.Kinds, steps, step, part (keys of a
// playbook), settings (keys of holdfast.yaml), or other.
func kindOf(doc string) string {
	key := first(doc)
	docs, _ := source.Parse("block", []byte(doc))
	switch {
	case len(docs) == 1 && docs[0].Kind() == source.List:
		return "steps"
	case slices.Contains(append(project.Kinds(), "given"), key):
		return key
	case key == "id" || len(docs) == 1 && docs[0].Get("id") != nil && slices.ContainsFunc(steps.Names(), func(v string) bool { return docs[0].Get(v) != nil }):
		return "step"
	case slices.Contains(source.Keys(playbooks.Doc.Keys, ""), key):
		return "part"
	case slices.Contains(source.Keys(project.Docs[0].Keys, ""), key):
		return "settings"
	}
	return "other"
}

// stub is a playbook without the key.
func stub(key string) string {
	return "playbook: fragment\n" + without("trigger: {when: account.arr > 5}\nsteps: [{id: only, wait: 1d}]\n", key)
}

// without leaves out the line of a key.
func without(text, key string) string {
	return regexp.MustCompile(`(?m)^`+key+`:.*\n`).ReplaceAllString(text, "")
}

// settingsOf the project that a page speaks about: the shipped playbooks are
// there, but those that it writes itself, and the endpoints that it calls.
func settingsOf(p pageText) string {
	var shipped []string
	files, _ := fs.Glob(library.Files, "*.yaml")
	for _, file := range files {
		name := strings.TrimSuffix(file, ".yaml")
		if name != "holdfast" && !strings.HasSuffix(name, ".test") && p.books["playbook: "+name] == "" {
			shipped = append(shipped, name)
		}
	}
	return "project: page\nrules: library\nlibrary: [" + strings.Join(shipped, ", ") + "]\nwebhooks: {crm: https://crm.example.com/hooks}\n"
}

func clone(m map[string]string) map[string]string {
	c := map[string]string{}
	maps.Copy(c, m)
	return c
}

func join(docs map[string]string) string {
	var texts []string
	for _, doc := range docs {
		texts = append(texts, strings.TrimSpace(doc)+"\n")
	}
	slices.Sort(texts)
	return strings.Join(texts, "---\n")
}
