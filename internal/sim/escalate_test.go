package sim_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/sim"
	"holdfast/playbooks"
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

// While an executive speaks to the account the mails of its other playbooks wait,
// whatever they are of (S83); afterwards each follows its catch_up. Clocks go on.
func TestAnEscalationHoldsTheMailOfOtherPlaybooksBack(t *testing.T) {
	t.Parallel()
	c := acmeIn(t, "testdata/talks", "talk")
	c.Beside = []*playbooks.Playbook{c.Project.Playbook("later"), c.Project.Playbook("daily")}
	c.Natural = true
	c.Until = c.At.AddDate(0, 1, 0)
	c.Events = events(t, c, `{"type":"track","event":"Signed Up","groupId":"acme","messageId":"1","timestamp":"2026-02-03T09:00:00Z"}
{"type":"track","event":"Executive Asked For","groupId":"acme","messageId":"2","timestamp":"2026-02-05T08:00:00Z"}
`)
	run, err := sim.Simulate(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range run.Lines {
		if l.Path == "settle" || l.Path == "pause" || l.Kind == "enroll" {
			continue
		}
		reason, _, _ := strings.Cut(l.Reason, ": ")
		got = append(got, strings.Join(strings.Fields(l.At.In(run.Zone).Format("2 Jan 15:04 ")+l.Playbook+" "+l.Path+" "+l.Kind+" "+l.Outcome+" "+reason), " "))
	}
	want := []string{
		"5 Feb 09:00 talk top escalate begun executive_outreach",
		"5 Feb 09:00 talk top_hold hold held executive_outreach",
		"5 Feb 09:00 talk top_brief task opened",
		"6 Feb 09:00 talk top_brief task done",
		"6 Feb 09:00 talk top_engage task opened",
		"6 Feb 10:00 daily hello shift held",
		"6 Feb 10:00 later hello shift held",
		"10 Feb 09:00 talk top_engage task done",
		"10 Feb 09:00 talk top_follow_up task opened",
		"12 Feb 09:00 talk top_follow_up task done",
		"12 Feb 09:00 talk top_learn task opened",
		"12 Feb 09:00 talk top_release hold released",
		"12 Feb 09:00 talk outcome engaged",
		"12 Feb 09:00 daily hello skip skipped overdue", // catch_up: skip, and its day has passed
		"12 Feb 09:00 later hello shift overdue",        // catch_up: next_window, at a minute of its own
		"12 Feb 10:37 later hello email sent",
		"19 Feb 09:00 talk top_learn task done",
		"19 Feb 09:00 daily again email sent",
		"19 Feb 09:00 daily outcome told",
		"19 Feb 10:37 later again email sent",
		"19 Feb 10:37 later outcome told",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}
}
