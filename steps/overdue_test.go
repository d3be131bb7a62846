package steps_test

import (
	"testing"
	"time"

	"holdfast/steps"
)

// Waits that were begun before the agenda watched open tasks end at the due time
// first, and go on as they did.
func TestAnOlderWaitForATaskStillTellsThatItIsLate(t *testing.T) {
	t.Parallel()
	p, found := findings(t, "- {id: call, task: Call, due: 2d, expires: 9d, overdue: {escalate_to: owner.manager}}\n- {id: close, end: told}\n")
	if found != "" {
		t.Fatal(found)
	}
	next := func(st steps.State, now time.Time) (steps.State, []steps.Happened) {
		t.Helper()
		st, _, lines, err := steps.Next(p, st, steps.Input{Now: now, Zone: time.UTC})
		if err != nil {
			t.Fatal(err)
		}
		return st, lines
	}
	st, lines := next(resting("call", "task", days(2)), days(2))
	if len(lines) != 1 || lines[0].Kind != "overdue" || st.Wait == nil || !st.Wait.Until.Equal(days(9)) {
		t.Fatalf("at its due time: %+v, %+v", lines, st.Wait)
	}
	if st, lines = next(st, days(9)); !st.Over || len(lines) != 1 || lines[0].Outcome != "expired" {
		t.Errorf("at its expiry: over %v, %+v", st.Over, lines)
	}
	now := resting("call", "task", days(9))
	now.Wait.Tries = 1
	if st, lines = next(now, days(2)); len(lines) != 0 || !st.Wait.Until.Equal(days(9)) {
		t.Errorf("one of today says at its due time: %+v", lines)
	}
}
