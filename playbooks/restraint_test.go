package playbooks_test

import (
	"strings"
	"testing"

	"holdfast/internal/source"
	"holdfast/playbooks"
)

const restrained = schema + `---
lanes: [save, renewal, win-back]
---
calendar: industry_season
seasons: [{name: Black Friday, from: 11-15, to: 12-31}]
when: segment.big
---
calendar: quarter_end
last: 5bd
of: quarter
`

func TestOutreachThatSendsByItselfHoldsOutATenth(t *testing.T) {
	t.Parallel()
	task := "\n  - {id: call, task: Call them}\n"
	for _, tt := range []struct {
		name, book string
		want       playbooks.Holdout
	}{
		{"outreach", book(), playbooks.Holdout{Name: "p", Share: 10_00}},
		{"with a task", book() + task, playbooks.Holdout{Name: "p"}},
		{"with a note to our own people", book() + "\n  - {id: note, slack: \"#saves\", text: look}\n", playbooks.Holdout{Name: "p"}},
		{"service", book("class: service"), playbooks.Holdout{Name: "p"}},
		{"a receipt", book("class: transactional"), playbooks.Holdout{Name: "p"}},
		{"a save", book("lane: save"), playbooks.Holdout{Name: "p"}},
		{"a renewal", book("lane: renewal"), playbooks.Holdout{Name: "p"}},
		{"a win-back", book("lane: win-back"), playbooks.Holdout{Name: "p", Share: 10_00}},
		{"off", book("holdout: off"), playbooks.Holdout{Name: "p"}},
		{"a share of its own", book("holdout: 2.5%"), playbooks.Holdout{Name: "p", Share: 2_50}},
		{"written for human work", book("lane: save", "holdout: 20%") + task, playbooks.Holdout{Name: "p", Share: 20_00}},
		{"a name shared with others", book("holdout: {share: 5%, name: q3}"), playbooks.Holdout{Name: "q3", Share: 5_00}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, found := compile(t, tt.book)
			if p == nil {
				t.Fatal(found)
			}
			if p.Holdout != tt.want {
				t.Errorf("got %+v, want %+v", p.Holdout, tt.want)
			}
		})
	}
}

func TestSharesReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	for s, want := range map[playbooks.Share]string{10_00: "10%", 2_50: "2.5%", 25: "0.25%", playbooks.Whole: "100%"} {
		if s.String() != want {
			t.Errorf("%d: got %s, want %s", s, s, want)
		}
	}
}

func TestADeclaredCalendarBelongsToTheVersion(t *testing.T) {
	t.Parallel()
	set := load(t, restrained)
	docs, found := source.Parse("p.yaml", []byte(book("guardrails: {avoid: [public_holidays, industry_season, quarter_end]}")))
	if len(found) > 0 {
		t.Fatal(found)
	}
	p, found := playbooks.Compile(docs[0], set, templates)
	if p == nil {
		t.Fatal(found)
	}
	// A declared quarter_end takes the place of the built-in one.
	if got := strings.Join(p.Rails.Avoid, " "); got != "public_holidays" {
		t.Errorf("built-in calendars: %s", got)
	}
	if len(p.Calendars) != 2 || p.Calendars[0].Name != "industry_season" || p.Calendars[1].Last != 5 {
		t.Errorf("declared calendars: %+v", p.Calendars)
	}
	for _, doc := range []string{"calendar:industry_season", "calendar:quarter_end", "segment:big"} {
		if p.Bundle.Docs[doc] == "" {
			t.Errorf("the version lacks %s", doc)
		}
	}
	// It opens where the calendars are gone and the lanes have changed.
	again, err := playbooks.Open(p.Bundle, load(t, schema))
	if err != nil {
		t.Fatal(err)
	}
	if len(again.Calendars) != 2 || again.Digest != p.Digest {
		t.Errorf("opened again: %+v", again.Calendars)
	}
}

func TestAnUnknownLaneIsNamedWhileLanesAreOrdered(t *testing.T) {
	t.Parallel()
	docs, found := source.Parse("p.yaml", []byte(book("lane: winback", "when_preempted: exit")))
	if len(found) > 0 {
		t.Fatal(found)
	}
	_, found = playbooks.Compile(docs[0], load(t, restrained), templates)
	var lines []string
	for _, d := range found {
		if d.Check == "unknown-lane" {
			lines = append(lines, d.Message+" / "+d.Hint)
		}
	}
	if got := strings.Join(lines, "\n"); got != `unknown lane "winback" / did you mean "win-back"?` {
		t.Errorf("got %s", got)
	}
	p, found := playbooks.Compile(docs[0], load(t, schema), templates)
	if p == nil {
		t.Fatal(found)
	}
	// A published version runs on when its lane has been taken off the list.
	again, err := playbooks.Open(p.Bundle, load(t, restrained))
	if err != nil || again.WhenPreempted != "exit" {
		t.Errorf("%v, %+v", err, again)
	}
}
