package sim_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/sim"
	"holdfast/internal/store"
)

func TestAYesComesFromTheLeastSeniorWhoMayGiveIt(t *testing.T) {
	t.Parallel()
	c := acme(t, "concession")
	c.Tasks = sim.Idle
	c.Events = events(t, c, `{"type":"track","event":"approval.granted","groupId":"acme","messageId":"1","timestamp":"2026-02-03T10:00:00Z","properties":{"step":"middle","by":"lea"}}
{"type":"track","event":"approval.denied","groupId":"acme","messageId":"2","timestamp":"2026-02-05T10:00:00Z","properties":{"step":"training","by":"ivo"}}
{"type":"track","event":"task.completed","groupId":"acme","messageId":"3","timestamp":"2026-02-06T09:00:00Z","properties":{"step":"said","answers":{"subject":"Edited","body":"In *my* words"}}}
`)
	run, got := simulate(t, c)
	want := `3 Feb 09:00 enroll
3 Feb 09:00 small approval sam approved
3 Feb 09:00 middle approval lea asked
3 Feb 11:00 middle approval lea approved
3 Feb 11:00 training approval lea asked
4 Feb 11:00 training overdue ivo late
4 Feb 11:00 training?late! task ivo opened
5 Feb 11:00 training approval ivo denied
5 Feb 11:00 nothing skip refused
5 Feb 11:00 said review sam asked
5 Feb 11:00 said wait
6 Feb 10:00 said task sam done
6 Feb 10:00 said review approved
6 Feb 10:00 said email dana sent
6 Feb 10:00 chase task sam opened
10 Feb 10:00 chase overdue lea late
10 Feb 10:00 chase?late! task lea opened
13 Feb 10:00 chase task expired
13 Feb 10:00 outcome told
`
	if diff := cmp.Diff(want, got); diff != "" || !run.Ended {
		t.Errorf("ended %v, doing %q, timeline (-want +got):\n%s", run.Ended, run.Doing, diff)
	}
	i := slices.IndexFunc(run.Mail, func(m store.Outmail) bool { return m.Channel == "email" })
	if i < 0 || run.Mail[i].Subject != "Edited" || !strings.Contains(run.Mail[i].HTML, "In <em>my</em> words") {
		t.Errorf("the mail is not what the reviewer wrote: %+v", run.Mail)
	}
}

func TestNobodyApprovesTheirOwnRequest(t *testing.T) {
	t.Parallel()
	for by, want := range map[string]string{
		"sam": "sam has asked for this, and cannot approve it",
		"max": `"max" is nobody of the team`,
	} {
		c := acme(t, "concession")
		c.Events = events(t, c, `{"type":"track","event":"approval.granted","groupId":"acme","messageId":"1","timestamp":"2026-02-03T10:00:00Z","properties":{"step":"middle","by":"`+by+`"}}
`)
		if _, err := sim.Simulate(t.Context(), c); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("by %s: got %v, want it to end in %s", by, err, want)
		}
	}
}
