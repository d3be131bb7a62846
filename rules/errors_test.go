package rules_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/rules"
)

// moreRules is what findings speak of beside schema.
const moreRules = `
score: health
bands: [{red: {below: 50}}, {green: {}}]
signals:
  answer: {weight: 1, value: account.nps * 10}
---
decision: motion
rows:
  - {when: account.arr > 5, then: {kind: personal, n: 1}}
  - {else: {kind: none, n: 2}}
---
segment: big
when: account.arr >= 50000
`

func TestFindingsAreInOurWordsAtTheRightPlace(t *testing.T) {
	t.Parallel()
	set := load(t, moreRules)
	sc := rules.Scope{Steps: map[string]map[string]rules.Type{"call": {"interest": rules.String}}}
	const file = "testdata/findings.txt"
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "  ") { // what the line before it gives
			continue
		}
		got.WriteString(line)
		src := strings.TrimSuffix(line, "\n")
		if src == "" || strings.HasPrefix(src, "#") {
			continue
		}
		_, found := set.Compile(src, nil, sc, rules.Bool)
		for _, d := range found {
			fmt.Fprintf(&got, "  %d-%d %s: %s [%s]\n", d.Col, d.End, d.Severity, d.Message, d.Check)
			if d.Hint != "" {
				fmt.Fprintf(&got, "    %s\n", d.Hint)
			}
		}
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(file, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(b), got.String()); diff != "" {
		t.Errorf("findings differ (-want +got):\n%s", diff)
	}
	for _, theirs := range []string{"in container", "overload", "undeclared", "dyn", "google.protobuf", "IDENTIFIER", "list("} {
		if strings.Contains(got.String(), theirs) {
			t.Errorf("a finding has the library's word %q", theirs)
		}
	}
}
