package rules_test

import (
	"testing"

	"holdfast/rules"
)

func TestAtLeastCountsWhatHoldsAndIsUnknownOnlyWhenThatDecides(t *testing.T) {
	t.Parallel()
	set := load(t, "")
	e := compile(t, set, "at_least(2, account.seats < 10, account.nps < 3, account.arr < 5000)", rules.Scope{}, rules.Bool)
	for _, tt := range []struct {
		fields map[string]any
		want   rules.Truth
		unset  int
	}{
		{map[string]any{"seats": "5", "nps": "1", "arr": "1"}, rules.True, 0},
		{map[string]any{"seats": "5", "nps": "9", "arr": "9000"}, rules.False, 0},
		{map[string]any{"seats": "5", "nps": "1"}, rules.True, 0},   // whatever arr is
		{map[string]any{"seats": "50", "nps": "9"}, rules.False, 0}, // whatever arr is
		{map[string]any{"seats": "5", "nps": "9"}, rules.Unknown, 1},
		{map[string]any{"seats": "5"}, rules.Unknown, 2},
		{map[string]any{"seats": "50"}, rules.Unknown, 2},
		{map[string]any{}, rules.Unknown, 3},
	} {
		got, unset, err := e.Bool(&rules.Facts{Account: record(t, set, "account", tt.fields)})
		if err != nil || got != tt.want || len(unset) != tt.unset {
			t.Errorf("%v: got %v for want of %v, error %v; want %v for want of %d", tt.fields, got, unset, err, tt.want, tt.unset)
		}
	}
	if reads := e.Reads().Account; len(reads) != 3 {
		t.Errorf("it reads %v", reads)
	}
}
