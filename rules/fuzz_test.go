package rules_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/internal/source"
	"holdfast/rules"
)

func FuzzCompile(f *testing.F) {
	b, err := os.ReadFile("testdata/findings.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "#") {
			f.Add(strings.TrimSuffix(line, "\n"))
		}
	}
	for _, fn := range rules.Functions {
		f.Add(fn.Example.Expr)
	}
	set := load(f, moreRules)
	facts := acme(f, set)
	f.Fuzz(func(t *testing.T, src string) {
		e, found := set.Compile(src, nil, rules.Scope{Event: "Feature Used"}, rules.Any)
		for _, d := range found {
			if d.Message == "" || d.Check == "" || d.Line < 1 || d.Col < 1 {
				t.Errorf("%q: a finding without place or words: %+v", src, d)
			}
			for _, theirs := range []string{"in container", "overload", "<input>", "IDENTIFIER"} {
				if strings.Contains(d.Message, theirs) && !strings.Contains(src, theirs) {
					t.Errorf("%q: the library's words: %s", src, d.Message)
				}
			}
		}
		if e == nil {
			if len(found) == 0 {
				t.Errorf("%q: neither compiled nor explained", src)
			}
			return
		}
		if _, _, err := e.Value(facts); err != nil && strings.Contains(err.Error(), "could not be evaluated") {
			t.Errorf("%q: %v", src, err)
		}
		e.Reads()
	})
}

func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob("library/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	f.Add(schema)
	f.Add(schema + "---\n" + moreRules + "---\n" + feed)
	f.Add("decision: d\ninputs: {a: {cel: decide.d.x}}\nrows: [{else: {x: {cel: a}}}]")
	f.Add("calendar: c\nlast: 10bd\nof: quarter\nclosed: [2026-01-01]")
	f.Fuzz(func(t *testing.T, text string) {
		docs, _ := source.Parse("f.yaml", []byte(text))
		set, found := rules.Load(docs)
		for _, d := range found {
			if d.Message == "" || d.Check == "" || d.Line < 1 || d.Col < 1 {
				t.Errorf("a finding without place or words: %+v", d)
			}
		}
		facts := &rules.Facts{Account: rules.Record{}}
		if _, _, err := set.Derive(facts); err != nil {
			t.Log(err)
		}
		for _, s := range set.Scores() {
			if _, err := set.Score(s, facts); err != nil {
				t.Log(err)
			}
		}
		for _, d := range set.Decisions() {
			if _, err := set.Decide(d, nil, facts); err != nil {
				t.Log(err)
			}
		}
	})
}
