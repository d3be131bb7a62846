package sim_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Arms, items, a write and a child, through the real activities and the ledger.
func TestArmsItemsAndAChildGoTheirWay(t *testing.T) {
	t.Parallel()
	c := acme(t, "fast-fix")
	c.Known = append(c.Known, events(t, earlier(c), `{"type":"track","event":"Issue Reported","groupId":"acme","messageId":"a","timestamp":"2026-02-02T09:00:00Z","properties":{"issue_id":"i-1","title":"Export"}}
{"type":"track","event":"Issue Reported","groupId":"acme","messageId":"b","timestamp":"2026-02-02T10:00:00Z","properties":{"issue_id":"i-2","title":"Import"}}
`)...)
	c.Events = events(t, c, `{"type":"track","event":"task.completed","groupId":"acme","messageId":"1","timestamp":"2026-02-04T08:00:00Z","properties":{"step":"top3[i-2]/fix"}}
{"type":"track","event":"meeting.booked","groupId":"acme","userId":"dana","messageId":"2","timestamp":"2026-02-05T08:00:00Z"}
`)
	run, got := simulate(t, c)
	want := `3 Feb 09:00 enroll
3 Feb 09:00 both arms begun
3 Feb 09:00 top3 arms begun
3 Feb 09:00 top3[i-1]/fix task sam opened
3 Feb 09:00 top3[i-2]/fix task sam opened
3 Feb 09:00 hello email dana sent
3 Feb 09:00 answer wait
4 Feb 09:00 top3[i-2]/fix task sam done
4 Feb 09:00 top3[i-2]/tell slack sam sent
5 Feb 09:00 answer heard heard
5 Feb 09:00 top3[i-1]/fix task sam done
5 Feb 09:00 top3[i-1]/tell slack sam sent
5 Feb 09:00 mark set done
5 Feb 09:00 see branch taken
5 Feb 09:00 enroll
5 Feb 09:00 sub run opened
5 Feb 09:00 sub wait
5 Feb 09:00 hello email dana sent
5 Feb 09:00 settle wait
7 Feb 09:00 call shift sam
9 Feb 09:00 call task sam opened
10 Feb 09:00 call task sam done
10 Feb 09:00 outcome declined
10 Feb 09:00 outcome fixed
`
	if diff := cmp.Diff(want, got); diff != "" || !run.Ended {
		t.Errorf("ended %v, doing %q, timeline (-want +got):\n%s", run.Ended, run.Doing, diff)
	}
}
