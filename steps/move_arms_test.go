package steps_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/steps"
)

const sided = `- id: both
  parallel:
    arms:
      - id: mail
        steps: [{id: settle, wait: 4bd}, {id: again, email: hi}]
      - id: people
        steps: [{id: call, task: Call}]
- {id: close, end: told}
`

const itemed = `- id: gaps
  each: '["sso", "audit"]'
  as: topic
  steps: [{id: pause, wait: 4bd}, {id: tell, slack: owner, text: x}]
- {id: close, end: told}
`

func wait(path, kind string, day int) *steps.Wait {
	return &steps.Wait{Path: path, Kind: kind, Since: began, Until: days(day)}
}

// Each counter of a parallel and of an each lands by the same rules; one that
// cannot move holds all of them.
func TestArmsMoveTogether(t *testing.T) {
	t.Parallel()
	two := steps.State{V: 1, At: "both", Started: began, Wait: wait("both", "arms", 4), Arms: []steps.Arm{
		{Key: "mail", At: "settle", Wait: wait("settle", "time", 4)}, {Key: "people", At: "call", Wait: wait("call", "task", 14)},
	}}
	one := two
	one.Arms = []steps.Arm{two.Arms[0], {Key: "people"}}
	items := steps.State{V: 1, At: "gaps", Started: began, Wait: wait("gaps", "arms", 4), Arms: []steps.Arm{
		{Key: "sso", At: "pause", Wait: wait("gaps[sso]/pause", "time", 4)}, {Key: "audit"},
	}}
	for _, c := range []struct {
		name, old, to string
		st            steps.State
		want          string
	}{
		{"they stay, and each wait counts anew", sided, strings.Replace(sided, "4bd", "5bd", 1), two,
			"stays both; mail at settle until 9 Mar 09:00; people at call until 16 Mar 09:00; it waits 5 business days instead of 4 business days, counted from when the wait began"},
		{"a step that is gone gives way inside its arm", sided, strings.Replace(sided, "{id: settle, wait: 4bd}, ", "", 1), two,
			"lands both; mail at again; people at call until 16 Mar 09:00; step settle is gone: it goes on at again"},
		{"an arm at its end is over", sided, strings.Replace(sided, "{id: settle, wait: 4bd}, {id: again, email: hi}", "{id: other, email: hi}", 1), two,
			"lands both; mail over; people at call until 16 Mar 09:00; step settle is gone, and nothing comes after it"},
		{"a task in one arm blocks them all", sided, strings.Replace(sided, "{id: call, task: Call}", "{id: ring, wait: 1d}", 1), two,
			`blocked both task_open; mail at settle until 6 Mar 09:00; people at call until 16 Mar 09:00; a task is open at step "call", which the new version does not have`},
		{"an arm that is gone blocks", sided, strings.Replace(sided, "id: mail", "id: post", 1), one,
			`blocked both loop_gone; mail at settle until 6 Mar 09:00; people over; it is in arm mail of "both", which the new version does not have`},
		{"unless it is over", sided, strings.Replace(sided, "id: people", "id: humans", 1), one,
			"stays both; mail at settle until 6 Mar 09:00; people over"},
		{"a parallel that is gone blocks", sided, "- {id: settle, wait: 4bd}\n", two,
			`blocked both loop_gone; mail at settle until 6 Mar 09:00; people at call until 16 Mar 09:00; it is in the middle of parallel "both", which the new version does not have`},
		{"a step that left its arm blocks", sided, "- {id: settle, wait: 4bd}\n" + strings.Replace(sided, "{id: settle, wait: 4bd}, ", "", 1), one,
			`blocked both loop_other; mail at settle until 6 Mar 09:00; people over; step "settle" is inside arm mail of both, and inside none in the new version; what it repeats would be lost, or come twice`},
		{"a step that went to another arm blocks", sided, strings.NewReplacer("{id: settle, wait: 4bd}, ", "", "{id: call, task: Call}", "{id: call, task: Call}, {id: settle, wait: 4bd}").Replace(sided), one,
			`blocked both loop_other; mail at settle until 6 Mar 09:00; people over; step "settle" is inside arm mail of both, and inside arm people of both in the new version; what it repeats would be lost, or come twice`},
		{"items keep their paths under another name", itemed, strings.Replace(itemed, "id: pause,", "id: rest, was: pause,", 1), items,
			"stays gaps; sso at rest until 6 Mar 09:00; audit over; pause is called rest now"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, old := compiled(t, c.old)
			_, to := compiled(t, c.to)
			m := steps.Move(old, to, c.st, steps.Moving{})
			out := []string{strings.TrimRight(string(m.Fate)+" "+m.To+" "+m.Code, " ")}
			for _, arm := range m.State.Arms {
				words := arm.Key + " at " + arm.At
				if arm.At == "" {
					words = arm.Key + " over"
				}
				if arm.Wait != nil && arm.At != "" {
					words += " until " + arm.Wait.Until.Format("2 Jan 15:04")
				}
				out = append(out, words)
			}
			if d := cmp.Diff(c.want, strings.Join(append(out, m.Notes...), "; ")); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}
