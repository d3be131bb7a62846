package activities_test

import (
	"strings"
	"testing"
	"time"
)

func TestATaskReachesItsOwnerInTheirWorkingHours(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oneCall)
	w.clock.Move(time.Date(2026, 3, 6, 23, 30, 0, 0, time.UTC)) // Friday night where Olga is
	r := w.enroll("1")
	p := r.rest()
	if want := time.Date(2026, 3, 9, 9, 0, 0, 0, time.UTC); !p.Until.Equal(want) || len(w.slack.sent) != 0 {
		t.Fatalf("rests until %s with %d cards, want Monday %s and none", p.Until, len(w.slack.sent), want)
	}
	w.clock.Move(p.Until)
	r.rest()
	if len(w.slack.sent) != 1 {
		t.Errorf("%d cards on Monday, want 1", len(w.slack.sent))
	}
}

func TestATransactionalTaskDoesNotWaitForTheMorning(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strings.Replace(oneCall, "class: outreach", "class: transactional", 1))
	w.clock.Move(time.Date(2026, 3, 6, 23, 30, 0, 0, time.UTC))
	w.enroll("1").rest()
	if len(w.slack.sent) != 1 {
		t.Errorf("%d cards, want 1 at once", len(w.slack.sent))
	}
}
