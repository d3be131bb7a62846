package rules_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/rules"
)

func TestEveryEventOfOursIsExplained(t *testing.T) {
	t.Parallel()
	set, found := rules.Load(nil)
	if len(found) > 0 {
		t.Fatal(found)
	}
	var told []string
	for _, e := range rules.OwnEvents {
		told = append(told, e.Name)
	}
	slices.Sort(told)
	if d := cmp.Diff(set.Events(), told); d != "" {
		t.Error(d)
	}
}
