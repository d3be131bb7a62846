package rules_test

import (
	"fmt"
	"strings"
	"testing"

	"holdfast/internal/source"
	"holdfast/rules"
)

// One mistake, written in every style that YAML has for a text: the finding is
// where an editor shows the misspelt name.
func TestAMistakeHasItsPlaceInEveryStyleOfYAML(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, src, want string }{
		{"plain", "when: account.arr > 5 && account.ar < 9\n", "1:26-36"},
		{"plain, behind a comment line", "# why\nwhen: account.arr > 5 && account.ar < 9 # because\n", "2:26-36"},
		{"plain over lines", "when: account.arr > 5\n  && account.ar < 9\n", "2:6-16"},
		{"plain over an empty line", "when: account.arr > 5\n\n   && account.ar < 9\n", "3:7-17"},
		{"on the next line", "when:\n    account.arr > 5 && account.ar < 9\n", "2:24-34"},
		{"single quotes", "when: 'account.plan == \"it''s\" && account.ar < 9'\n", "1:35-45"},
		{"single quotes over lines", "when: 'account.arr > 5\n\n  && account.ar < 9'\n", "3:6-16"},
		{"double quotes", `when: "account.plan == \"pro\" && account.ar < 9"` + "\n", "1:35-45"},
		{"double quotes with escapes", `when: "account.plan == \"\u00e9\x41\t\" && account.ar < 9"` + "\n", "1:44-54"},
		{"double quotes, the name behind an escape", `when: "account.arr > 5 &&\taccount.ar < 9"` + "\n", "1:28-38"},
		{"double quotes, an escape in the name", `when: "account.arr > 5 && account.\u0061r < 9"` + "\n", "1:27-42"},
		{"double quotes over lines", "when: \"account.arr > 5 \\\n   && account.ar < 9\"\n", "2:7-17"},
		{"double quotes, folded", "when: \"account.arr > 5\n   && account.ar < 9\"\n", "2:7-17"},
		{"literal", "when: |\n  account.arr > 5\n  && account.ar < 9\n", "3:6-16"},
		{"literal, indented deeper", "when: |-\n      account.arr > 5\n        && account.ar < 9\n", "3:12-22"},
		{"literal with an indicator", "when: |2\n    account.arr > 5\n  && account.ar < 9\n", "3:6-16"},
		{"literal, kept ends", "when: |+\n\n  account.arr > 5 &&\n  account.ar < 9\n\n", "4:3-13"},
		{"folded", "when: >\n  account.arr > 5\n  && account.ar < 9\n", "3:6-16"},
		{"folded, stripped", "when: >-\n    account.arr > 5 &&\n    account.ar < 9\n", "3:5-15"},
		{"folded with deeper lines", "when: >\n  account.arr > 5\n\n     && account.ar < 9\n\n", "4:9-19"},
		{"unicode before it", "when: account.plan == \"漢字 é😀\" && account.ar < 9\n", "1:34-44"},
		{"unicode in a block", "when: |\n  account.plan == \"漢字\"\n  && account.plan != \"😀\" && account.ar < 9\n", "3:29-39"},
		{"decomposed unicode", "when: account.plan == \"e\u0301\" && account.ar < 9\n", "1:31-41"},
		{"in a flow map", "{when: account.arr > 5 && account.ar < 9, then: x}\n", "1:27-37"},
		{"in a flow map over lines", "{when: account.arr > 5\n  && account.ar < 9, then: x}\n", "2:6-16"},
		{"quoted in a flow map", "{then: x, when: 'account.arr > 5 && account.ar < 9'}\n", "1:37-47"},
		{"through an anchor", "when: &c account.arr > 5 && account.ar < 9\n", "1:29-39"},
		{"through an alias", "is: &c account.arr > 5 && account.ar < 9\nwhen: *c\n", "1:27-37"},
		{"with a tag", "when: !!str account.arr > 5 && account.ar < 9\n", "1:32-42"},
		{"carriage returns", "is: x\r\nwhen: |\r\n  account.arr > 5\r\n  && account.ar < 9\r\n", "4:6-16"},
		{"a tab between", "when: account.arr > 5\t&&\taccount.ar < 9\n", "1:26-36"},
		{"a byte order mark", "\ufeffwhen: account.arr > 5 && account.ar < 9\n", "1:26-36"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			docs, found := source.Parse("p.yaml", []byte(tt.src))
			if len(found) > 0 {
				t.Fatal(found)
			}
			n := docs[0].Get("when")
			_, ds := load(t, moreRules).Compile(n.Text(), n.Spans(), rules.Scope{}, rules.Bool)
			if len(ds) != 1 {
				t.Fatalf("got %v", ds)
			}
			if got := fmt.Sprintf("%d:%d-%d", ds[0].Line, ds[0].Col, ds[0].End); got != tt.want || ds[0].Check != "unknown-field" {
				t.Errorf("got %s %s, want %s in\n%s", got, ds[0].Message, tt.want, tt.src)
			}
		})
	}
}

// The forms that CEL itself cannot have, or has wrongly: an author who writes one
// is told the right one, and the right one compiles.
func TestEachWrongFormNamesTheRightOne(t *testing.T) {
	t.Parallel()
	set := load(t, moreRules)
	for _, tt := range []struct{ wrong, want, hint, right string }{
		{"account.churned_at + months(11) > date('2026-01-01')", "months", "add_months(11)", "account.churned_at.add_months(11) > date('2026-01-01')"},
		{"decide.motion(account) == 'personal'", "decide.motion", "decide.motion.kind", "decide.motion.kind == 'personal'"},
		{"score.health(account) < 50", "score.health", "score.health.value", "score.health.value < 50.0"},
		{"has(account.renewal_dat)", `unknown field "account.renewal_dat"`, "account.renewal_date", "has(account.renewal_date)"},
		{"has(account)", "has() takes a field", "has(account.renewal_date)", "has(account.arr)"},
		{"account.arr >= '50000'", "compares money with", "50000", "account.arr >= 50000"},
		{"account.arr >= 50,000", `unexpected ","`, "50000", "account.arr >= 50000.50"},
		{"account.discount >= 5%", "percent sign", "percent(5)", "account.discount >= percent(5)"},
		{"account.discount >= 5 % && account.arr > 5", "percent sign", "percent(5)", "account.discount >= 5"},
		{"trend(metric.logins) < 0.7", "trend", "trend(metric.name, window, if_zero)", "trend(metric.logins, days(30), 1.0) < 0.7"},
		{"account.seats / account.nps > 2", "loses its fraction", "ratio(a, b, if_zero)", "ratio(account.seats, account.nps, 0.0) > 2.0"},
		{"subscriptions.first().active", "first", "first(", "subscriptions.first(3).exists(s, s.active)"},
		{"subscriptions[0].active", "index", "first(1)", "subscriptions.first(1).all(s, s.active)"},
		{"account.renewal_date + 30 > date('2026-01-01')", "+ does not work with a date and a number", "days(30)", "account.renewal_date.add_days(30) > date('2026-01-01')"},
	} {
		t.Run(tt.wrong, func(t *testing.T) {
			t.Parallel()
			_, found := set.Compile(tt.wrong, nil, rules.Scope{}, rules.Bool)
			if len(found) != 1 || !strings.Contains(found[0].Message, tt.want) || !strings.Contains(found[0].Hint, tt.hint) {
				for _, d := range found {
					t.Errorf("%s (%s)", d, d.Hint)
				}
				t.Errorf("want one that says %q with the hint %q", tt.want, tt.hint)
			}
			e, found := set.Compile(tt.right, nil, rules.Scope{}, rules.Bool)
			if e == nil || len(found) > 0 {
				t.Errorf("%s does not compile: %v", tt.right, found)
			}
		})
	}
}
