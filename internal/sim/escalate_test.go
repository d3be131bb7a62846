package sim_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// While an executive speaks to the account, no mail crosses the talk.
func TestAnEscalationHoldsTheMailBack(t *testing.T) {
	t.Parallel()
	run, got := simulate(t, acme(t, "talks"))
	want := `3 Feb 09:00 enroll
3 Feb 09:00 both arms begun
3 Feb 09:00 top escalate begun
3 Feb 09:00 top_hold hold held
3 Feb 09:00 top_brief task sam opened
3 Feb 09:00 settle wait
4 Feb 09:00 top_brief task sam done
4 Feb 09:00 top_engage task lea opened
4 Feb 09:00 hello shift dana
6 Feb 09:00 top_engage task lea done
6 Feb 09:00 top_follow_up task sam opened
10 Feb 09:00 top_follow_up task sam done
10 Feb 09:00 top_learn task sam opened
10 Feb 09:00 top_release hold released
10 Feb 09:00 hello shift dana
10 Feb 09:57 hello email dana sent
10 Feb 09:57 outcome engaged
`
	if diff := cmp.Diff(want, got); diff != "" || !run.Ended {
		t.Errorf("ended %v, doing %q, timeline (-want +got):\n%s", run.Ended, run.Doing, diff)
	}
}
