package library_test

import (
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/internal/playtest"
	"holdfast/internal/project"
	library "holdfast/playbooks/library"
)

// Every shipped playbook does what its tests say, and its tests leave no step
// and no arm out. `holdfast test playbooks/library --cover` is the same.
func TestShippedPlaybooksKeepTheirTimelines(t *testing.T) {
	t.Parallel()
	p, found, err := project.Load(".")
	if err != nil || len(found) > 0 {
		t.Fatalf("load the library: %v, %v", err, found)
	}
	suite, found := playtest.Read(p)
	if len(found) > 0 {
		t.Fatalf("read the tests: %v", found)
	}
	var results []playtest.Result
	err = playtest.Play(t.Context(), suite.Tests, time.Now, func(r playtest.Result) error {
		results = append(results, r)
		if !r.OK() {
			t.Errorf("%s:%d: %s\n%s", r.Test.At.File, r.Test.At.Line, r.Test.Name, r.Diff(160, false))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range playtest.Cover(p.Playbooks, results) {
		for _, n := range c.Never {
			t.Errorf("%s:%d: no test runs %s %s", n.At.File, n.At.Line, n.Step, n.Arm)
		}
	}
}

func TestTheBinaryHoldsThePlaybooksAndNotTheirTests(t *testing.T) {
	t.Parallel()
	here, err := fs.Glob(os.DirFS("."), "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := slices.DeleteFunc(here, func(name string) bool { return strings.HasSuffix(name, ".test.yaml") })
	got, err := fs.Glob(library.Files, "*.yaml")
	if err != nil || !slices.Equal(want, got) {
		t.Errorf("embedded are %v (%v), want %v: name them in library.go", got, err, want)
	}
}
