package project

import (
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"holdfast/internal/diag"
	"holdfast/internal/mail"
	"holdfast/internal/source"
	"holdfast/playbooks"
	"holdfast/rules"
)

// What a project may be, so that a wrong directory is an answer and not a wait.
const (
	maxFile  = 4 << 20
	maxFiles = 5000
)

type loader struct {
	p     *Project
	own   fs.FS
	lib   shippedFiles
	only  string // the one file whose playbooks are compiled
	diags diag.List
	files map[string]string    // templates by path
	known map[string]diag.Span // playbooks by name

	onlyTests              string // the one file whose tests are kept
	count                  int
	settings, team         *source.Node
	ruleDocs, playbookDocs []*source.Node
	sourceDocs             []*source.Node
	libraryRules           bool
	compiled               []compiled                // the playbooks that run, in file order
	parsed                 map[string][]mail.Variant // templates by name
	accountNames           []string                  // of declared fields
	contactNames           []string
}

// compiled is a playbook and the document it was.
type compiled struct {
	doc  *source.Node
	book *playbooks.Playbook
	may  shows // what its texts may name
}

func (ld *loader) load() {
	ld.walk(".", false)
	ld.walk("rules", true)
	ld.walk("playbooks", true)
	ld.walk("sources", true)
	if ld.onlyTests != "" {
		ld.tests(ld.onlyTests)
	}
	ld.takeSettings()
	ld.takeTeam()
	if ld.libraryRules {
		ld.shippedRules()
	}
	ld.templates(ld.lib.playbooks)
	ld.templates(ld.own)
	ld.p.Templates = playbooks.Bundle{Files: ld.files}.FS()

	var found []diag.Diagnostic
	ld.p.Rules, found = rules.LoadFiles(ld.ruleDocs, ld.calendarFiles())
	ld.diags.Add(found...)
	ld.accountNames = append(names(ld.p.Rules.AccountFields()), "id")
	ld.contactNames = append(names(ld.p.Rules.ContactFields()), "id")
	ld.sources()
	ld.shippedPlaybooks()
	for _, doc := range ld.playbookDocs {
		ld.playbook(doc)
	}
	ld.lanes()
	ld.runs()
	ld.endpoints()
	ld.checkAll()
	slices.SortFunc(ld.p.Playbooks, func(a, b *playbooks.Playbook) int { return strings.Compare(a.Name, b.Name) })
	if ld.only != "" {
		ld.p.Tests = slices.DeleteFunc(ld.p.Tests, func(doc *source.Node) bool {
			return doc.Key("test") != nil && ld.p.Playbook(Tested(doc)) == nil
		})
	}
}

// tests keeps the documents of a file of tests, which have a reader of their own.
// What is wrong in it is kept apart too: it keeps no playbook from running.
func (ld *loader) tests(name string) {
	before := len(ld.diags.All)
	shown := filepath.Join(ld.p.Dir, filepath.FromSlash(name))
	if text, ok := ld.read(ld.own, name, shown); ok {
		docs, found := source.Parse(shown, []byte(text))
		ld.diags.Add(found...)
		ld.p.Tests = append(ld.p.Tests, docs...)
	}
	ld.p.TestFindings = append(ld.p.TestFindings, ld.diags.All[before:]...)
	ld.diags.All = ld.diags.All[:before]
}

// walk reads the YAML files of a directory, and below it when deep. A directory
// with a holdfast.yaml of its own is another project.
func (ld *loader) walk(dir string, deep bool) {
	entries, err := fs.ReadDir(ld.own, dir)
	if err != nil {
		return // it need not be there
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		switch {
		case strings.HasPrefix(e.Name(), "."):
		case e.IsDir():
			if _, err := fs.Stat(ld.own, path.Join(name, settingsFile)); deep && err != nil {
				ld.walk(name, true)
			}
		case isTest(e.Name()):
			if ld.onlyTests == "" {
				ld.tests(name)
			}
		case path.Ext(e.Name()) == ".yaml":
			ld.documents(ld.own, name, filepath.Join(ld.p.Dir, filepath.FromSlash(name)), name)
		case path.Ext(e.Name()) == ".yml":
			at := diag.Span{File: filepath.Join(ld.p.Dir, filepath.FromSlash(name)), Line: 1, Col: 1}
			ld.diags.Warnf(at, "ignored-file", "rename it to end in .yaml", "this file is not read")
		}
	}
}

// read is the text of a file, remembered for carets under the name shown.
func (ld *loader) read(fsys fs.FS, name, shown string) (string, bool) {
	at := diag.Span{File: shown, Line: 1, Col: 1}
	if ld.count++; ld.count > maxFiles {
		if ld.count == maxFiles+1 {
			ld.diags.Errorf(at, "too-large", "point at the project's own directory", "the project has more than %d files", maxFiles)
		}
		return "", false
	}
	info, err := fs.Stat(fsys, name)
	switch {
	case err != nil:
		ld.diags.Errorf(at, "unreadable-file", "put the file itself here, and let it be readable", "cannot be read, or is a link that leads out of the project")
		return "", false
	case info.IsDir():
		return "", false
	case info.Size() > maxFile:
		ld.diags.Errorf(at, "too-large", "split it into several files", "the file has %d bytes; %d is the most", info.Size(), maxFile)
		return "", false
	}
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		ld.diags.Errorf(at, "unreadable-file", "check its permissions", "cannot be read")
		return "", false
	}
	ld.p.Sources[shown] = string(text)
	ld.p.Files[ld.kept(fsys, name)] = string(text)
	return string(text), true
}

// documents reads one file and sorts its documents by kind.
func (ld *loader) documents(fsys fs.FS, name, shown, own string) {
	text, ok := ld.read(fsys, name, shown)
	if !ok {
		return
	}
	docs, found := source.Parse(shown, []byte(text))
	ld.diags.Add(found...)
	for _, doc := range docs {
		ld.sort(doc, own)
	}
}

// kinds of documents besides those of rules. test, given and cast have readers of their own.
var kinds = append([]string{"project", "team", "source", "playbook", "test", "given", "cast"}, rules.Kinds...)

// Kinds are the first keys that a document may have.
func Kinds() []string { return slices.Clone(kinds) }

// sort takes a document by its kind, which is its first key.
func (ld *loader) sort(doc *source.Node, own string) {
	if doc.Kind() != source.Map || len(doc.Pairs()) == 0 {
		ld.diags.Errorf(doc.Span(), "unknown-kind", "begin it with its kind, such as playbook: name", "a document must be a map")
		return
	}
	key := doc.Pairs()[0].Key
	switch kind := key.Text(); {
	case kind == "project" && own == settingsFile && ld.settings == nil:
		ld.settings = doc
	case kind == "project":
		ld.diags.Errorf(key.Span(), "misplaced", "keep one, in "+settingsFile, "the project's settings stand in %s alone", settingsFile)
	case kind == "team" && ld.team == nil:
		ld.team = doc
	case kind == "team":
		ld.diags.Errorf(key.Span(), "misplaced", "keep one list", "there is another team, in %s", ld.team.File())
	case kind == "source":
		ld.sourceDocs = append(ld.sourceDocs, doc)
	case kind == "playbook":
		if ld.only == "" || own == ld.only {
			ld.playbookDocs = append(ld.playbookDocs, doc)
		}
	case kind == "test" || kind == "given":
		ld.diags.Errorf(key.Span(), "misplaced", "move it to a file that ends in "+testSuffix, "tests stand in *%s alone", testSuffix)
	case slices.Contains(rules.Kinds, kind):
		ld.ruleDocs = append(ld.ruleDocs, doc)
	case !slices.Contains(kinds, kind):
		hint := "begin it with one of " + strings.Join(kinds, ", ")
		if s := source.Suggest(kind, kinds); s != "" {
			hint = `did you mean "` + s + `"?`
		}
		ld.diags.Errorf(key.Span(), "unknown-kind", hint, "a document cannot begin with %q", kind)
	}
}

// shippedRules come first. A document of the project replaces the shipped one of
// its kind and name; a schema or an event adds to it.
func (ld *loader) shippedRules() {
	own := ld.ruleDocs
	ld.ruleDocs = nil
	names, err := fs.Glob(ld.lib.rules, "*.yaml")
	if err != nil {
		return // the pattern is right
	}
	for _, name := range names {
		ld.documents(ld.lib.rules, name, "library/rules/"+name, "")
	}
	replaced := map[string]bool{}
	for _, doc := range own {
		replaced[ruleName(doc)] = true
	}
	ld.ruleDocs = slices.DeleteFunc(ld.ruleDocs, func(doc *source.Node) bool { return ruleName(doc) != "" && replaced[ruleName(doc)] })
	ld.ruleDocs = append(ld.ruleDocs, own...)
}

// ruleName is the kind and name of a rule, "" for what adds up.
func ruleName(doc *source.Node) string {
	kind := doc.Pairs()[0]
	switch kind.Key.Text() {
	case "schema", "event":
		return ""
	case "lanes":
		return "lanes"
	}
	return kind.Key.Text() + ":" + kind.Value.Text()
}

func (ld *loader) shippedPlaybooks() {
	if ld.only != "" {
		return
	}
	for _, name := range ld.p.Settings.Library {
		ld.documents(ld.lib.playbooks, name+".yaml", "library/"+name+".yaml", "")
	}
}

// templates reads templates/ of fsys over what is there.
func (ld *loader) templates(fsys fs.FS) {
	walk := func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".md" {
			return nil //nolint:nilerr // what cannot be listed is not there
		}
		shown := "library/" + name
		if fsys == ld.own {
			shown = filepath.Join(ld.p.Dir, filepath.FromSlash(name))
		}
		if text, ok := ld.read(fsys, name, shown); ok {
			ld.files[name] = text
		}
		return nil
	}
	_ = fs.WalkDir(fsys, "templates", walk) // walk returns no error
}

// calendarFiles are the texts that the project's calendars name. What cannot be
// read is left out, and the calendar says so.
func (ld *loader) calendarFiles() map[string]rules.File {
	files := map[string]rules.File{}
	for _, n := range rules.CalendarFiles(ld.ruleDocs) {
		name := n.Text()
		if !fs.ValidPath(name) || path.Ext(name) != ".ics" {
			continue
		}
		if _, err := fs.Stat(ld.own, name); err != nil {
			continue
		}
		shown := filepath.Join(ld.p.Dir, filepath.FromSlash(name))
		if text, ok := ld.read(ld.own, name, shown); ok {
			files[name] = rules.File{Shown: shown, Text: text}
		}
	}
	return files
}

// playbook compiles one document.
func (ld *loader) playbook(doc *source.Node) {
	p, found := playbooks.Lint(doc, ld.p.Rules, ld.p.Templates)
	ld.diags.Add(found...)
	name := doc.Get("playbook")
	if first, taken := ld.known[name.Text()]; taken {
		ld.diags.Errorf(name.Span(), "duplicate-name", "rename it, or take the other away", "%s has a playbook %q too", first.File, name.Text())
		return
	}
	ld.known[name.Text()] = name.Span()
	may := ld.shownBy(doc, p)
	ld.lines(doc.Get("steps"), may)
	if p == nil {
		ld.p.Broken = append(ld.p.Broken, name.Text())
		return
	}
	ld.p.Playbooks = append(ld.p.Playbooks, p)
	ld.compiled = append(ld.compiled, compiled{doc, p, may})
}
