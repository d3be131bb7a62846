package backtest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/guards"
	"holdfast/playbooks"
	"holdfast/triggers"
)

func TestADayThatWouldHavePausedTheTriggerIsNamed(t *testing.T) {
	t.Parallel()
	r := &Report{Accounts: 5000}
	add := func(trigger string, day, n int) {
		for range n {
			r.Entries = append(r.Entries, Entry{Trigger: trigger, At: on(day)})
		}
	}
	for day := range 5 {
		add("fell", day, 6)
	}
	add("fell", 5, 63)
	add("due", 5, 300)
	add("fell", 6, 40)
	book := &playbooks.Playbook{Triggers: []triggers.Trigger{{ID: "fell", Kind: triggers.Condition}, {ID: "due", Kind: triggers.Date}}}
	r.surges(book)
	want := []string{
		"surge: trigger fell enrolls 63 on 2026-01-06, usually 6: it would be paused after 30 and a person asked; here they are counted as let in",
		"surge: trigger fell enrolls 40 on 2026-01-07, usually 6: it would be paused after 30 and a person asked; here they are counted as let in",
	}
	if diff := cmp.Diff(want, r.Warnings); diff != "" {
		t.Error(diff)
	}
	r.Warnings, book.Rails.Surge = nil, guards.Surge{Off: true}
	if r.surges(book); len(r.Warnings) != 0 {
		t.Errorf("switched off: %q", r.Warnings)
	}
	book.Rails.Surge, r.Entries = guards.Surge{}, nil
	add("fell", 1, 150)
	want = []string{"surge: trigger fell enrolls 150 on 2026-01-02, with no usual day yet: it would be paused after 100 and a person asked; here they are counted as let in"}
	if r.surges(book); !cmp.Equal(want, r.Warnings) {
		t.Error(cmp.Diff(want, r.Warnings))
	}
}
