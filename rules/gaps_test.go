package rules_test

import (
	"fmt"
	"strings"
	"testing"

	"holdfast/rules"
)

func TestDecisionTablesSayWhatIsMissingAndWhatIsTwice(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, inputs, rows, want string }{
		{"closed", "{d: percent}", "d <= 5; else", ``},
		{"a gap between", "{d: percent}", "d <= percent(15); d > percent(20)", `decision-gap nothing is said for d above 15 % up to 20 %`},
		{"an open gap between", "{d: percent}", "d <= 15; d >= 20", `decision-gap nothing is said for d between 15 % and 20 %`},
		{"one point", "{d: percent}", "d < 15; d > 15", `decision-gap nothing is said for d of 15 %`},
		{"above all", "{d: percent}", "d >= 0 && d <= 15", `decision-gap nothing is said for d above 15 %`},
		{"nothing is below nothing", "{d: percent}", "d >= 0 && d <= 15; d > 15", ``},
		{"whole numbers have none between", "{n: int}", "n <= 5; n >= 6", ``},
		{"whole numbers", "{n: int}", "n < 5; n > 9", `decision-gap nothing is said for n from 5 to 9`},
		{"whole numbers around a fraction", "{n: int}", "n < 2.5; n > 2.5", ``},
		{"a whole number between fractions", "{n: int}", "n < 2.5; n > 3.2", `decision-gap nothing is said for n of 3`},
		{"fractions have some between", "{n: double}", "n <= 5; n >= 6", `decision-gap nothing is said for n between 5 and 6`},
		{"money", "{m: money}", "m < 1000; m >= 5000", `decision-gap nothing is said for m from 1000 to below 5000`},
		{"dates", "{d: date}", "d < date('2026-01-01'); d > date('2026-01-31')", `decision-gap nothing is said for d from 2026-01-01 to 2026-01-31`},
		{"an enum exhausted", "{s: {type: string, enum: [a, b, c]}}", "s == 'a'; s in ['b', 'c']", ``},
		{"an enum forgotten", "{s: {type: string, enum: [a, b, c]}}", "s == 'a'", `decision-gap nothing is said for s "b" or "c"`},
		{"all but one", "{s: {type: string, enum: [a, b, c]}}", "s != 'a'", `decision-gap nothing is said for s "a"`},
		{"text is open", "{s: string}", "s == 'a'; s == 'b'", `decision-gap nothing is said for any other s`},
		{"true and false", "{b: bool}", "b; !b", ``},
		{"only true", "{b: bool}", "b", `decision-gap nothing is said for b being false`},
		{"two inputs", "{d: percent, n: int}", "d <= 10; d > 10 && n >= 24", `decision-gap nothing is said for d above 10 % and n up to 23`},
		{"two inputs, whole", "{d: percent, b: bool}", "d <= 10 || b; d > 10 && !b", ``},
		{"too free to say", "{s: string}", "s.startsWith('a')", ``},
		{"too free in part", "{s: string, n: int}", "s.startsWith('a') && n > 5", ``},
		{"values that depend on each other", "{n: int}", "n > 5; n + 1 < 3", ``},
		{"behind a wider row", "{d: percent}", "d <= 15; d <= 5; else", `unreachable-row no account comes to this row: wherever it holds, a row above it holds too`},
		{"behind two rows", "{d: percent}", "d <= 15; d > 15 && d < 30; d > 10 && d < 20; else", "unreachable-row no account comes to this row: wherever it holds, a row above it holds too"},
		{"behind a row that may be unknown", "{d: percent, b: bool}", "d <= 15 || d > 15; b; else", ``},
		{"never true", "{d: percent}", "d > 15 && d < 5; else", `unreachable-row this is never true`},
		{"the same, too free to look into", "{s: string}", "s.startsWith('a'); s.startsWith('a'); else", `unreachable-row no account comes to this row: wherever it holds, a row above it holds too`},
		{"ranges that meet twice", "{d: percent}", "d >= 0 && d <= 15; d >= 15 && d <= 25; d > 25", `decision-overlap d of 15 % is in this row and in the one of line 4; the upper one wins`},
		{"ranges that cross", "{n: int}", "n > 5; n < 9", `decision-overlap n from 6 to 8 is in this row and in the one of line 4; the upper one wins`},
		{"narrower first is how tables are written", "{d: percent}", "d <= 5; d <= 15; else", ``},
		{"negative numbers", "{n: int}", "n < -5; n > -3", `decision-gap nothing is said for n from -5 to -3`},
		{"a choice", "{n: int, b: bool}", "b ? n > 5 : n > 9; else", ``},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			src := "decision: x\ninputs: " + tt.inputs + "\nrows:\n"
			for i, row := range strings.Split(tt.rows, "; ") {
				if row == "else" {
					src += "  - else: {r: last}\n"
					continue
				}
				src += fmt.Sprintf("  - {when: %q, then: {r: r%d}}\n", row, i)
			}
			_, found := loadAll(t, src)
			var got []string
			for _, d := range found {
				got = append(got, d.Check+" "+d.Message)
			}
			if strings.Join(got, "\n") != tt.want {
				t.Errorf("got  %s\nwant %s\n%s", strings.Join(got, "\n"), tt.want, src)
			}
		})
	}
}

func TestConditionsAreComparedWithoutFacts(t *testing.T) {
	t.Parallel()
	set := load(t, moreRules)
	compile := func(src string) *rules.Expr {
		e, found := set.Compile(src, nil, rules.Scope{}, rules.Bool)
		if e == nil {
			t.Fatal(src, found)
		}
		return e
	}
	for _, tt := range []struct {
		src            string
		never, always  bool
		earlier        string // implies src, or is ""
		dead, coverall bool
	}{
		{src: "false", never: true},
		{src: "true", always: true, coverall: true},
		{src: "account.arr > 5 && account.arr < 3", never: true},
		{src: "account.arr > 5 || account.arr <= 5"}, // unset is neither
		{src: "!has(account.arr) || account.arr > 5 || account.arr <= 5", always: true, coverall: true},
		{src: `account.status == "churned" && account.status == "active"`, never: true},
		{src: "account.arr >= 50000", earlier: "account.arr >= 10000", dead: true},
		{src: "account.arr >= 10000", earlier: "account.arr >= 50000"},
		{src: "segment.big", earlier: "segment.big", dead: true},
		{src: "segment.big && account.arr > 5", earlier: "segment.big", dead: true},
		{src: "account.name.startsWith('a') && segment.big", earlier: "segment.big", dead: true},
		{src: "segment.big", earlier: "account.name.startsWith('a')"},
		{src: "days_until(account.renewal_date) < 30", earlier: "days_until(account.renewal_date) < 60", dead: true},
	} {
		e := compile(tt.src)
		if e.Never() != tt.never || e.Always() != tt.always || rules.Covered([]*rules.Expr{e}) != tt.coverall {
			t.Errorf("%s: never %v, always %v", tt.src, e.Never(), e.Always())
		}
		if tt.earlier != "" && e.Implied([]*rules.Expr{compile(tt.earlier)}) != tt.dead {
			t.Errorf("%s behind %s: implied is not %v", tt.src, tt.earlier, tt.dead)
		}
	}
}
