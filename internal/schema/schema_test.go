package schema_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"holdfast/internal/project"
	"holdfast/internal/schema"
	"holdfast/internal/source"
	"holdfast/playbooks"
	"holdfast/rules"
	"holdfast/steps"
	"holdfast/triggers"
)

// validator compiles the schema, or one of its definitions ("#/definitions/step").
func validator(t *testing.T, at string) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(schema.JSON()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(schema.File, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(schema.File + at)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func parsed(t *testing.T, name, text string) []*source.Node {
	t.Helper()
	docs, found := source.Parse(name, []byte(text))
	if len(found) > 0 || len(docs) == 0 {
		t.Fatalf("%s does not parse: %v", name, found)
	}
	return docs
}

func TestEveryShippedDocumentIsValid(t *testing.T) {
	t.Parallel()
	s := validator(t, "")
	files := 0
	for _, dir := range []string{"playbooks/library", "rules/library", "examples", "internal/cli/scaffold"} {
		root := filepath.Join("..", "..", filepath.FromSlash(dir))
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".yaml" {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			files++
			for _, doc := range parsed(t, path, string(text)) {
				if err := s.Validate(doc.JSON()); err != nil {
					t.Errorf("%s:%d: %v", path, doc.Span().Line, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 15 {
		t.Errorf("only %d files were looked at", files)
	}
}

func TestEveryExampleOfTheReferenceIsValid(t *testing.T) {
	t.Parallel()
	step := validator(t, "#/definitions/step")
	for _, v := range steps.All {
		for _, doc := range parsed(t, v.Doc.Name, v.Doc.Example) {
			if err := step.Validate(doc.JSON()); err != nil {
				t.Errorf("the example of %s: %v", v.Doc.Name, err)
			}
		}
	}
	trigger := validator(t, "#/definitions/trigger")
	for _, k := range triggers.All {
		for _, doc := range parsed(t, k.Doc.Name, k.Doc.Example) {
			if err := trigger.Validate(doc.Get("trigger").JSON()); err != nil {
				t.Errorf("the example of %s: %v", k.Doc.Name, err)
			}
		}
	}
	whole := validator(t, "")
	for _, k := range schema.Kinds() {
		if k.Open {
			continue
		}
		for _, doc := range parsed(t, k.Name, k.Example) {
			if err := whole.Validate(doc.JSON()); err != nil {
				t.Errorf("the example of %s: %v", k.Name, err)
			}
		}
	}
}

func TestMistakesAreRefused(t *testing.T) {
	t.Parallel()
	s := validator(t, "")
	const book = "playbook: p\ntrigger: {on: Login}\nsteps:\n  - {id: a, wait: 4bd}\n"
	if err := s.Validate(parsed(t, "p", book)[0].JSON()); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ text, says string }{
		"an unknown key":              {strings.Replace(book, "playbook: p", "playbook: p\nowners: x", 1), "'owners' not allowed"},
		"a step without a verb":       {strings.Replace(book, "wait: 4bd", "waits: 4bd", 1), "/steps/0"},
		"a key of another verb":       {strings.Replace(book, "wait: 4bd", "wait: 4bd, to: contact", 1), "'to' not allowed"},
		"a step without an id":        {strings.Replace(book, "id: a, ", "", 1), "missing property 'id'"},
		"a length of time in words":   {strings.Replace(book, "4bd", "four days", 1), "/steps/0/wait"},
		"a word that is no choice":    {book + "class: marketing\n", "/class"},
		"a playbook without steps":    {"playbook: p\ntrigger: {on: Login}\n", "missing property 'steps'"},
		"an empty list of steps":      {"playbook: p\ntrigger: {on: Login}\nsteps: []\n", "minItems"},
		"a trigger of no kind":        {strings.Replace(book, "on: Login", "cron: daily", 1), "/trigger"},
		"a trigger of two kinds":      {strings.Replace(book, "on: Login", "on: Login, at: account.renewal_date", 1), "'at' not allowed"},
		"a nested step, by its place": {strings.Replace(book, "wait: 4bd", "every: 1w, times: 2, steps: [{id: b, waits: 1d}]", 1), "/steps/0/steps/0"},
		"a cap without a number":      {book + "guardrails: {caps: [{what: email, in: 2d}]}\n", "missing property 'max'"},
		"a field of no type":          {"schema: account\nfields: {arr: dollars}\n", "/fields/arr"},
		"a signal without weight":     {"score: s\nsignals: {a: {value: \"1.0\"}}\n", "missing property 'weight'"},
		"a document of no kind":       {"playbok: p\n", ""},
	} {
		err := s.Validate(parsed(t, name, c.text)[0].JSON())
		if err == nil {
			t.Errorf("%s is taken for valid", name)
			continue
		}
		if !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want it to say %q", name, err, c.says)
		}
	}
}

func TestEveryKindOfDocumentHasItsKeys(t *testing.T) {
	t.Parallel()
	open := map[string]bool{"cast": true} // read by what plays it
	for _, k := range schema.Kinds() {
		if k.Open && !open[k.Name] {
			t.Errorf("%s has no KindDoc: add it to rules.Docs, project.Docs or where it is read", k.Name)
		}
		for _, key := range k.Keys {
			if key.Summary == "" {
				t.Errorf("%s of %s has no summary", key.Name, k.Name)
			}
		}
	}
}

func TestTheDocsOfRulesAndSettingsAreReadWithoutAFinding(t *testing.T) {
	t.Parallel()
	for _, d := range rules.Docs {
		if _, found := rules.Load(parsed(t, d.Name, d.Example)); len(found) > 0 {
			t.Errorf("the example of %s: %v", d.Name, found)
		}
	}
	dir := t.TempDir()
	for i, d := range project.Docs {
		name := []string{"holdfast.yaml", "team.yaml", "sources.yaml"}[i]
		if err := os.WriteFile(filepath.Join(dir, name), []byte(d.Example), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	book := playbooks.Doc.Example + "---\nmetric: logins\ncount: Feature Used\n"
	if err := os.WriteFile(filepath.Join(dir, "p.yaml"), []byte(book), 0o600); err != nil {
		t.Fatal(err)
	}
	_, found, err := project.Load(dir)
	if err != nil || len(found) > 0 {
		t.Errorf("got %v, %v", found, err)
	}
}
