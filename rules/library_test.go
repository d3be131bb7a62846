package rules_test

import (
	"os"
	"path/filepath"
	"testing"

	"holdfast/internal/source"
	"holdfast/rules"
)

// library loads the rules that are shipped.
func library(t testing.TB) *rules.Set {
	t.Helper()
	files, err := filepath.Glob("library/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no shipped rules: %v", err)
	}
	var docs []*source.Node
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		ds, found := source.Parse(f, b)
		for _, d := range found {
			t.Errorf("%s", d)
		}
		docs = append(docs, ds...)
	}
	set, found := rules.Load(docs)
	for _, d := range found {
		t.Errorf("%s (%s)", d, d.Hint)
	}
	return set
}

func TestTheShippedRulesHaveNoFindings(t *testing.T) {
	t.Parallel()
	set := library(t)
	if got := set.Scores(); len(got) == 0 {
		t.Error("got no score, want those of the library")
	}
	for _, score := range set.Scores() {
		if set.Doc("score:"+score) == nil {
			t.Errorf("score %s has no document", score)
		}
	}
}
