package rules_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/source"
	"holdfast/rules"
)

func TestDocumentsThatAreWrongAreExplained(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, doc, want string }{
		{"a type that does not exist", "schema: account\nfields:\n  arr: {type: mony}",
			`r.yaml:3:15: error: type of field arr cannot be "mony" [unknown-choice] | did you mean "money"?`},
		{"a field twice with two types", "schema: account\nfields: {a: string}\n---\nschema: account\nfields: {a: int}",
			`r.yaml:5:10: error: field "a" is string already, not int [conflicting-type] | declare it as string`},
		{"an enum of numbers", "schema: account\nfields:\n  a: {type: int, enum: [x]}",
			`r.yaml:3:24: error: only a string can have an enum; a is int [wrong-type] | remove enum:`},
		{"an event of ours", "event: email.replied",
			`r.yaml:1:8: error: dotted events are made by holdfast alone; "email.replied" cannot be declared [reserved-event] | write the name without a dot, such as Feature Used`},
		{"an expression over several lines", "segment: big\nwhen: |\n  account.name == \"x\" &&\n    account.nam == \"é\"",
			`r.yaml:4:5: error: unknown field "account.nam" [unknown-field] | did you mean "account.name"?`},
		{"a name twice", "segment: big\nwhen: 1 > 2\n---\nsegment: big\nwhen: 1 > 2",
			`r.yaml:4:10: error: there is another segment "big" [duplicate-name] | rename one of them`},
		{"a name that CEL cannot read", "segment: big-ones\nwhen: 1 > 2",
			`r.yaml:1:10: error: "big-ones" cannot be the name of a segment [bad-name] | use letters, digits and _`},
		{"rules in a circle", "segment: a\nwhen: segment.b\n---\nsegment: b\nwhen: segment.a",
			`r.yaml:5:7: error: segment a reaches itself [rule-cycle] | break the circle`},
		{"a mapping of an unknown event", "event: Sign Up\n---\nmapping: m\non: Sing Up\nset: {name: x}",
			`r.yaml:4:5: error: event "Sing Up" is not declared [unknown-event] | did you mean "Sign Up"?`},
		{"a mapping that reads the account", "event: E\n---\nmapping: m\non: E\nset: {name: {cel: account.name}}",
			`r.yaml:5:19: error: a mapping sees the event alone, not account [out-of-scope] | use event. and its fields, so that late and repeated events end in the same state`},
		{"a mapping that reads the clock", "event: E\n---\nmapping: m\non: E\nwhen: now > event.at\nset: {name: x}",
			`r.yaml:5:7: error: a mapping sees the event alone, not now [out-of-scope] | use event. and its fields, so that late and repeated events end in the same state`},
		{"a literal of another type", "schema: account\nfields: {seats: int}\n---\nevent: E\n---\nmapping: m\non: E\nset: {seats: many}",
			`r.yaml:8:14: error: seats: found "many", expected a whole number [type-mismatch]`},
		{"an expression without cel", "schema: account\nfields: {seats: int}\n---\nevent: E\nfields: {n: int}\n---\nmapping: m\non: E\nset: {seats: event.n}",
			`r.yaml:9:14: error: seats: found "event.n", expected a whole number [type-mismatch] | write {cel: event.n}`},
		{"a mapping to a field that is not there", "event: E\n---\nmapping: m\non: E\nset: {nam: x}",
			`r.yaml:5:7: error: unknown field "nam" [unknown-field] | did you mean "name"?`},
		{"two events of which one has the field", "event: A\nfields: {n: int}\n---\nevent: B\n---\nmetric: m\non: [A, B]\nsum: event.n",
			`r.yaml:8:6: error: event "B" has no n of the same type [unknown-field] | write one for each event`},
		{"a metric that sums text", "event: E\nfields: {n: string}\n---\nmetric: m\non: E\nsum: event.n",
			`r.yaml:6:6: error: a metric cannot sum a string [type-mismatch] | sum a number or an amount of money`},
		{"a metric by the hour", "event: E\n---\nmetric: m\ncount: E\nwindow: 12h",
			`r.yaml:5:9: error: a metric is kept by day; its window must be days or weeks [bad-window] | write days or weeks, such as 30d`},
		{"bands out of order", "score: s\nbands: [{a: {below: 50}}, {b: {below: 40}}, {c: {}}]\nsignals: {x: {weight: 1, value: 1}}",
			`r.yaml:2:39: error: band "b" ends at or before the one above it [bad-bands] | order the bands, lowest first`},
		{"a last band with a limit", "score: s\nbands: [{a: {below: 50}}]\nsignals: {x: {weight: 1, value: 1}}",
			`r.yaml:2:21: error: the last band must be open, or a score may have none [bad-bands] | write a: {}`},
		{"a decision with a gap", "decision: d\nrows:\n  - {when: account.name == 'x', then: {a: x}}",
			`r.yaml:1:11: warning: nothing is said for any other account.name [decision-gap] | add a row for it, or - else: {…}`},
		{"rows that disagree", "decision: d\nrows:\n  - {when: account.name == 'x', then: {a: x}}\n  - {else: {a: 5}}",
			`r.yaml:4:16: error: a is a whole number here and a string in a row before [type-mismatch] | give every row the same type`},
		{"a row with less", "decision: d\nrows:\n  - {when: account.name == 'x', then: {a: x, b: y}}\n  - {else: {a: z}}",
			`r.yaml:4:5: error: this row says nothing of b [decision-outputs] | add b:`},
		{"a row after else", "decision: d\nrows:\n  - {else: {a: x}}\n  - {when: account.name == 'x', then: {a: y}}",
			`r.yaml:4:5: error: no account comes to a row after else [unreachable-row] | put the else row last`},
		{"a decision that must be asked with something", "decision: d\ninputs: {discount: percent}\nrows:\n  - {when: discount > 5, then: {a: x}}\n  - {else: {a: y}}\n---\nsegment: s\nwhen: decide.d.a == \"x\"",
			`r.yaml:8:7: error: decision "d" is asked with discount, which an expression cannot give [open-input] | give the input a value: {type: …, cel: …}`},
		{"derived from what it is not", "object: sub\nof: account\nkey: id\nderive: {account.name: account.owner}",
			`r.yaml:4:24: error: a derived field sees the objects of the account alone, not account [out-of-scope] | use one of now, subs`},
		{"a calendar that ends first", "calendar: c\nclosed: [{from: 2026-12-24, to: 2026-12-20}]",
			`r.yaml:2:33: error: the closure ends before it begins [wrong-type] | write the later day here`},
		{"a season of one year", "calendar: c\nseasons: [{name: Sale, from: 2026-11-15, to: 12-31}]",
			`r.yaml:2:30: error: "2026-11-15" is no day of the year [wrong-type] | write month and day, such as 11-15; the year is every year`},
		{"a file outside of the project", "calendar: c\nics: ../retail.ics",
			`r.yaml:2:6: error: "../retail.ics" is no .ics file inside the project [bad-path] | write such as calendars/retail.ics, from the project's directory`},
		{"a file that is not there", "calendar: c\nics: retail.ics",
			`r.yaml:2:6: error: there is no file retail.ics in the project [unknown-file] | put the file there; a link that leads out of the project is not followed`},
		{"a calendar that is not there", "segment: s\nwhen: date(\"2026-01-01\").add_business_days(2, \"retial\") > date(\"2026-01-01\")\n---\ncalendar: retail\nlast: 3bd\nof: month",
			`r.yaml:2:47: error: unknown calendar "retial" [unknown-calendar] | did you mean "retail"?`},
		{"lanes that are none", "lanes: save", `r.yaml:1:1: error: lanes must be a list of names [wrong-type] | write lanes: [save, renewal, win-back, nurture], the strongest first`},
		{"a lane twice", "lanes: [save, save]", `r.yaml:1:15: error: lane "save" is there already [duplicate-name] | leave one of them`},
		{"two lists of lanes", "lanes: [save]\n---\nlanes: [nurture]", `r.yaml:3:1: error: there are other lanes, in r.yaml [duplicate-name] | keep one list`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, found := loadAll(t, tt.doc)
			var got []string
			for _, d := range found {
				got = append(got, oneLine(d))
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, "\n")); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestScoresWeighWhatIsKnown(t *testing.T) {
	t.Parallel()
	set := load(t, `
score: health
bands: [{red: {below: 50}}, {yellow: {below: 75}}, {green: {}}]
signals:
  answer: {weight: 30, value: account.nps * 10}
  seats:  {weight: 10, value: account.seats}
`)
	for _, tt := range []struct {
		account string
		want    rules.ScoreResult
	}{
		{`{nps: 20, seats: -3}`, rules.ScoreResult{Known: true, Value: 75, Band: "green", Signals: []rules.SignalResult{
			{Name: "answer", Weight: 30, Known: true, Value: 100}, {Name: "seats", Weight: 10, Known: true},
		}}},
		{`{nps: 4}`, rules.ScoreResult{Known: true, Value: 40, Band: "red", Signals: []rules.SignalResult{
			{Name: "answer", Weight: 30, Known: true, Value: 40}, {Name: "seats", Weight: 10, Unset: []string{"account.seats"}},
		}}},
		{`{}`, rules.ScoreResult{Signals: []rules.SignalResult{
			{Name: "answer", Weight: 30, Unset: []string{"account.nps"}}, {Name: "seats", Weight: 10, Unset: []string{"account.seats"}},
		}}},
	} {
		facts := &rules.Facts{Account: accountOf(t, set, tt.account)}
		got, err := set.Score("health", facts)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.account, diff)
		}
		e := compile(t, set, `score.health.band == "red"`, rules.Scope{}, rules.Bool)
		truth, unset, err := e.Bool(facts)
		if known := truth != rules.Unknown; known != tt.want.Known || err != nil {
			t.Errorf("%s: got %v of %v, %v; want known %v", tt.account, truth, unset, err, tt.want.Known)
		}
	}
}

// accountOf is the record that a YAML map means.
func accountOf(t testing.TB, set *rules.Set, text string) rules.Record {
	t.Helper()
	docs, found := source.Parse("a.yaml", []byte(text))
	if len(found) > 0 {
		t.Fatal(found)
	}
	m, ok := docs[0].JSON().(map[string]any)
	if !ok {
		t.Fatalf("%s is no map", text)
	}
	return record(t, set, "account", m)
}

func TestTheFirstRowThatHoldsDecides(t *testing.T) {
	t.Parallel()
	set := load(t, `
decision: authority
inputs: {discount: percent, of: {cel: account.arr}}
rows:
  - {when: discount <= 5, then: {approver: csm, most: {cel: of * percent(5)}, days: 1}}
  - {when: discount <= percent(15) && of < 100000, then: {approver: manager, most: {cel: of * percent(15)}, days: 2.5}}
  - {else: {approver: vp, most: {cel: of}, days: 3}}
---
decision: tier
rows:
  - {when: account.churn.reason == "gap", then: {motion: none}}
  - {when: account.arr >= 50000, then: {motion: personal}}
  - {else: {motion: automated}}
`)
	facts := &rules.Facts{Account: accountOf(t, set, `{arr: 50000}`)}
	for discount, want := range map[float64]string{5: "csm 2500 1", 15: "manager 7500 2.5", 15.1: "vp 50000 3"} {
		got, err := set.Decide("authority", rules.Record{"discount": discount}, facts)
		if err != nil {
			t.Fatal(err)
		}
		line := textOf(got.Outputs, "approver", "most", "days")
		if line != want {
			t.Errorf("%v %%: got %s, want %s", discount, line, want)
		}
	}
	got, err := set.Decide("tier", nil, facts)
	want := rules.DecisionResult{Row: 2, Outputs: rules.Record{"motion": "personal"}, Unset: []string{"account.churn.reason"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("a row whose condition is unknown does not hold: %v (-want +got):\n%s", err, diff)
	}
	got, err = set.Decide("tier", nil, &rules.Facts{})
	if err != nil || !got.Else || got.Outputs["motion"] != "automated" {
		t.Errorf("an account of which nothing is known: got %+v, %v; want the else row", got, err)
	}
}

func textOf(r rules.Record, names ...string) string {
	var out []string
	for _, n := range names {
		v, _ := rules.Typed(rules.String, rules.Untyped(r[n]))
		s, _ := v.(string)
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func TestABundleBringsItsOwnRules(t *testing.T) {
	t.Parallel()
	live := load(t, "segment: big\nwhen: account.arr > 100\n---\nscore: s\nsignals: {x: {weight: 1, value: 5}}")
	docs, _ := source.Parse("old.yaml", []byte("segment: big\nwhen: account.arr > 5"))
	old, found := live.With(docs, nil)
	if len(found) > 0 {
		t.Fatal(found)
	}
	facts := &rules.Facts{Account: accountOf(t, live, "{arr: 50}")}
	for set, want := range map[*rules.Set]rules.Truth{live: rules.False, old: rules.True} {
		if got, _, err := compile(t, set, "segment.big", rules.Scope{}, rules.Bool).Bool(facts); got != want || err != nil {
			t.Errorf("got %v, %v; want %v", got, err, want)
		}
	}
	if got := old.Scores(); len(got) != 0 {
		t.Errorf("got scores %v, want those of the bundle alone", got)
	}
	if live.Doc("segment:big") == nil || old.Doc("segment:big") != docs[0] {
		t.Error("Doc does not find the segment's own document")
	}
}

func TestAProjectsOwnRuleTakesThePlaceOfAShippedOne(t *testing.T) {
	t.Parallel()
	shipped, _ := source.Parse("library.yaml", []byte(schema+"---\nsegment: big\nwhen: account.arr > 100"))
	own, _ := source.Parse("own.yaml", []byte("schema: account\nfields: {tier: string}\n---\nsegment: big\nwhen: account.tier == \"a\""))
	set, found := rules.Load(rules.Override(shipped, own))
	if len(found) > 0 {
		t.Fatal(found)
	}
	facts := &rules.Facts{Account: accountOf(t, set, "{arr: 50, tier: a}")}
	if got, _, err := compile(t, set, "segment.big", rules.Scope{}, rules.Bool).Bool(facts); got != rules.True || err != nil {
		t.Errorf("got %v, %v; want the project's own segment to hold", got, err)
	}
}
