package steps_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/steps"
)

var began = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) // a Monday

func days(n int) time.Time { return began.AddDate(0, 0, n) }

// resting is a state that came to rest at a step when it began.
func resting(at, kind string, until time.Time) steps.State {
	return steps.State{V: 1, At: at, Started: began, Wait: &steps.Wait{Path: at, Kind: kind, Since: began, Until: until}}
}

func inLoop(at, path, kind string, pass int, until time.Time) steps.State {
	st := resting(at, kind, until)
	st.Wait.Path = path
	st.Loops = []steps.Loop{{Step: "watch", Pass: pass, From: began.AddDate(0, 0, -7*pass), Ran: pass}}
	return st
}

const (
	first   = "- {id: hello, email: hi}\n- {id: settle, wait: 4bd}\n- {id: again, email: hi}\n- {id: close, end: told}\n"
	looped  = "- id: watch\n  every: 1w\n  times: 26\n  steps:\n    - {id: look, email: hi}\n    - {id: rest, wait: 2d}\n- {id: close, end: told}\n"
	tasked  = "- {id: call, task: Call, form: {seats: {type: int}}}\n- {id: close, end: told}\n"
	listens = "- {id: hear, wait_for: {any: [email.replied], timeout: 7d}}\n- {id: close, end: told}\n"
)

// Each rule by which an enrollment that is moved lands, one by one.
func TestWhereAMovedEnrollmentLands(t *testing.T) {
	t.Parallel()
	atSettle := resting("settle", "time", days(4))
	for _, c := range []struct {
		name, old, to string
		st            steps.State
		close         bool
		want          string // fate, step, code; then when it wakes; then the notes
	}{
		{
			name: "a step that is still there keeps it", old: first, to: first, st: atSettle,
			want: "stays settle; 6 Mar 09:00",
		},
		{
			name: "one that has not begun begins in the new version", old: first, to: "- {id: other, wait: 1d}\n", st: steps.State{V: 1},
			want: "begins ",
		},
		{
			name: "a longer wait counts the time that has passed", old: first, to: strings.Replace(first, "4bd", "6bd", 1), st: atSettle,
			want: "stays settle; 10 Mar 09:00; it waits 6 business days instead of 4 business days, counted from when the wait began",
		},
		{
			name: "a wait that is over already ends at once", old: first, to: strings.Replace(first, "4bd", "1h", 1), st: atSettle,
			want: "stays settle; 2 Mar 10:00; it waits 1 hour instead of 4 business days, counted from when the wait began",
		},
		{
			name: "a span that became a date is evaluated", old: first, to: strings.Replace(first, "wait: 4bd", "wait: {until: account.renewal_date}", 1), st: atSettle,
			want: "stays settle; a row; it waits until account.renewal_date instead of 4 business days",
		},
		{
			name: "another date is evaluated", old: "- {id: settle, wait: {until: account.renewal_date}}\n", to: "- {id: settle, wait: {until: account.renewal_date.add_days(-7)}}\n", st: atSettle,
			want: "stays settle; a row; it waits until account.renewal_date.add_days(-7) instead of account.renewal_date",
		},
		{
			name: "the same date is kept", old: "- {id: settle, wait: {until: account.renewal_date}}\n", to: "- {id: new, wait: 1d}\n- {id: settle, wait: {until:  account.renewal_date}}\n", st: atSettle,
			want: "stays settle; 6 Mar 09:00",
		},
		{
			name: "a renamed step is found, under the path that it began with", old: first, to: strings.Replace(first, "id: settle,", "id: pause, was: settle,", 1), st: atSettle,
			want: "stays pause; 6 Mar 09:00; settle is called pause now",
		},
		{
			name: "a step that is gone gives way to the next", old: first, to: "- {id: hello, email: hi}\n- {id: again, email: hi}\n- {id: close, end: told}\n", st: atSettle,
			want: "lands again; -; step settle is gone: it goes on at again",
		},
		{
			name: "what stands in its place is before the next", old: first, to: "- {id: hello, email: hi}\n- {id: news, email: hi}\n- {id: again, email: hi}\n", st: atSettle,
			want: "lands again; -; step settle is gone: it goes on at again",
		},
		{
			name: "where nothing of the rest survives it goes on behind the last that does", old: first, to: "- {id: hello, email: hi}\n- {id: pause, wait: 2d}\n", st: atSettle,
			want: "lands pause; -; step settle is gone: it goes on at pause",
		},
		{
			name: "where nothing comes after it the enrollment ends", old: first, to: "- {id: hello, email: hi}\n", st: atSettle,
			want: "ends ; -; step settle is gone, and nothing comes after it",
		},
		{
			name: "a block that is gone gives way to what follows it",
			old:  "- id: fork\n  branch: [{else: true, steps: [{id: settle, wait: 4bd}]}]\n- {id: close, end: told}\n", to: "- {id: close, end: told}\n", st: atSettle,
			want: "lands close; -; step settle is gone: it goes on at close",
		},
		{
			name: "the last of a branch that stays goes on behind it, with what is new there",
			old:  "- id: fork\n  branch: [{else: true, steps: [{id: settle, wait: 4bd}]}]\n- {id: close, end: told}\n",
			to:   "- id: fork\n  branch: [{else: true, steps: [{id: other, wait: 4bd}]}]\n- {id: news, email: hi}\n- {id: close, end: told}\n", st: atSettle,
			want: "lands news; -; step settle is gone: it goes on at news",
		},
		{
			name: "a step that left its branch stays", old: "- id: fork\n  branch: [{else: true, steps: [{id: settle, wait: 4bd}]}]\n", to: first, st: atSettle,
			want: "stays settle; 6 Mar 09:00",
		},
		{
			name: "an open task keeps its days", old: tasked, to: strings.Replace(tasked, "task: Call", "task: Call, due: 9bd", 1), st: resting("call", "task", days(14)),
			want: "stays call; 16 Mar 09:00; the open task keeps the days on which it is due and expires",
		},
		{
			name: "an open task whose step is gone blocks", old: tasked, to: "- {id: close, end: told}\n", st: resting("call", "task", days(14)),
			want: `blocked call task_open; 16 Mar 09:00; a task is open at step "call", which the new version does not have`,
		},
		{
			name: "unless it is to be closed", old: tasked, to: "- {id: close, end: told}\n", st: resting("call", "task", days(14)), close: true,
			want: "lands close; -; what people have open at call is closed; step call is gone: it goes on at close",
		},
		{
			name: "a message whose fate is unknown blocks when its step is gone", old: first, to: "- {id: settle, wait: 4bd}\n", st: resting("hello", "unknown", days(0)), close: true,
			want: `blocked hello touch_unknown; 2 Mar 09:00; whether the message of step "hello" arrived is not known yet, and the new version has no such step`,
		},
		{
			name: "and waits on when it is there", old: first, to: strings.Replace(first, "id: hello,", "id: greeting, was: hello,", 1), st: resting("hello", "unknown", days(1)),
			want: "stays greeting; 3 Mar 09:00; hello is called greeting now",
		},
		{
			name: "a touch that a guard held asks the new guards at once", old: first, to: first, st: resting("again", "shift", days(3)),
			want: "stays again; a row",
		},
		{
			name: "one that is tried again waits on", old: first, to: first, st: resting("again", "retry", days(1)),
			want: "stays again; 3 Mar 09:00",
		},
		{
			name: "a touch that never went can be taken away", old: first, to: "- {id: hello, email: hi}\n- {id: close, end: told}\n", st: resting("again", "retry", days(1)),
			want: "lands close; -; step again is gone: it goes on at close",
		},
		{
			name: "another timeout counts from when the wait began", old: listens, to: strings.Replace(listens, "7d", "2w", 1), st: resting("hear", "event", days(7)),
			want: "stays hear; 16 Mar 09:00; it listens for 2 weeks instead of 7 days, counted from when the wait began",
		},
		{
			name: "other events are listened for anew", old: listens, to: strings.Replace(listens, "[email.replied]", "[email.replied, meeting.booked]", 1), st: resting("hear", "event", days(7)),
			want: "stays hear; 9 Mar 09:00; it listens for email.replied or meeting.booked instead of email.replied; listens at hear for email.replied meeting.booked since 2 Mar 09:00",
		},
		{
			name: "a step that does another thing begins anew", old: listens, to: "- {id: hear, wait: 3d}\n- {id: close, end: told}\n", st: resting("hear", "event", days(7)),
			want: "lands hear; -; hear was wait_for and is wait now: it begins there anew",
		},
		{
			name: "not while people have it open", old: tasked, to: "- {id: call, wait: 3d}\n- {id: close, end: told}\n", st: resting("call", "task", days(14)),
			want: `blocked call task_open; 16 Mar 09:00; a task is open at step "call", which the new version does not have`,
		},
		{
			name: "a loop in the middle of a pass stays in it", old: looped, to: strings.Replace(looped, "wait: 2d", "wait: 3d", 1), st: inLoop("rest", "watch[3]/rest", "time", 3, days(2)),
			want: "stays rest; 5 Mar 09:00; it waits 3 days instead of 2 days, counted from when the wait began; watch pass 3",
		},
		{
			name: "a renamed loop keeps its passes", old: looped, to: strings.Replace(looped, "id: watch", "id: guard\n  was: watch", 1), st: inLoop("rest", "watch[3]/rest", "time", 3, days(2)),
			want: "stays rest; 4 Mar 09:00; guard pass 3",
		},
		{
			name: "the last step of a pass that is gone waits for the next pass", old: looped, to: strings.Replace(looped, "    - {id: rest, wait: 2d}\n", "", 1), st: inLoop("rest", "watch[3]/rest", "time", 3, days(2)),
			want: "lands watch; -; step rest is gone: it goes on with the next pass of watch; watch pass 3",
		},
		{
			name: "a loop that is gone blocks", old: looped, to: "- {id: look, email: hi}\n- {id: rest, wait: 2d}\n", st: inLoop("rest", "watch[3]/rest", "time", 3, days(2)),
			want: `blocked rest loop_gone; 4 Mar 09:00; it is in pass 3 of "watch", which the new version does not have; watch pass 3`,
		},
		{
			name: "a step that left its loop blocks", old: looped, to: "- id: watch\n  every: 1w\n  times: 26\n  steps: [{id: look, email: hi}]\n- {id: rest, wait: 2d}\n", st: inLoop("rest", "watch[3]/rest", "time", 3, days(2)),
			want: `blocked rest loop_other; 4 Mar 09:00; step "rest" is inside watch, and inside none in the new version; what it repeats would be lost, or come twice; watch pass 3`,
		},
		{
			name: "a step that went into a loop blocks", old: "- {id: rest, wait: 2d}\n", to: looped, st: resting("rest", "time", days(2)),
			want: `blocked rest loop_other; 4 Mar 09:00; step "rest" is inside none, and inside watch in the new version; what it repeats would be lost, or come twice`,
		},
		{
			name: "a step that its own version does not have blocks", old: first, to: first, st: resting("lost", "time", days(2)),
			want: `blocked lost no_step; 4 Mar 09:00; its version has no step "lost"`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, old := compiled(t, c.old)
			_, to := compiled(t, c.to)
			before := c.st
			got := steps.Move(old, to, c.st, steps.Moving{CloseTasks: c.close})
			if d := cmp.Diff(c.want, inWords(got)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if d := cmp.Diff(before, c.st); d != "" {
				t.Errorf("it changed what it was given:\n%s", d)
			}
			if got.State.Wait != nil && got.State.Wait.Path != c.st.Wait.Path {
				t.Errorf("it waits at path %s, want the %s that it began with", got.State.Wait.Path, c.st.Wait.Path)
			}
		})
	}
}

// inWords is a Moved on one line.
func inWords(m steps.Moved) string {
	out := []string{strings.TrimRight(string(m.Fate)+" "+m.To+" "+m.Code, " ")}
	if m.To == "" {
		out[0] += " "
	}
	switch wait := m.State.Wait; {
	case m.Fate == steps.Begins:
	case wait == nil:
		out = append(out, "-")
	case wait.Until.IsZero():
		out = append(out, "a row")
	default:
		out = append(out, wait.Until.Format("2 Jan 15:04"))
	}
	out = append(out, m.Notes...)
	for _, l := range m.Listen {
		out = append(out, "listens at "+l.Path+" for "+strings.Join(l.Events, " ")+" since "+l.Since.Format("2 Jan 15:04"))
	}
	for _, l := range m.State.Loops {
		out = append(out, l.Step+" pass "+string(rune('0'+l.Pass)))
	}
	return strings.Join(out, "; ")
}

// A loop whose interval changes goes on from the pass that was due last: none
// comes twice, and none is made up for.
func TestAChangedIntervalCountsFromTheLastPass(t *testing.T) {
	t.Parallel()
	_, old := compiled(t, looped)
	_, to := compiled(t, strings.Replace(looped, "every: 1w", "every: 2d", 1))
	st := inLoop("watch", "watch", "time", 3, days(7)) // between pass 3, due when it began, and pass 4
	m := steps.Move(old, to, st, steps.Moving{})
	next, cmd, _, err := steps.Next(to, m.State, steps.Input{Now: began.Add(time.Hour)})
	if err != nil || cmd.Kind != steps.Rest || !next.Wait.Until.Equal(days(2)) || next.Loops[0].Pass != 3 {
		t.Errorf("after the move it %ss until %v in %+v (%v); want pass 4 two days after pass 3", cmd.Kind, next.Wait, next.Loops, err)
	}
	_, cmd, _, err = steps.Next(to, next, steps.Input{Now: days(2)})
	if err != nil || cmd.Path != "watch[4]/look" {
		t.Errorf("then it does %s %s (%v), want watch[4]/look", cmd.Kind, cmd.Path, err)
	}
}

func TestATouchIsKnownUnderItsFormerPaths(t *testing.T) {
	t.Parallel()
	_, p := compiled(t, "- id: guard\n  was: watch\n  every: 1w\n  times: 9\n  steps:\n    - {id: note, was: look, email: hi}\n    - {id: plain, email: hi}\n")
	for path, want := range map[string][]string{
		"guard[12]/note":  {"guard[12]/look", "watch[12]/note", "watch[12]/look"},
		"guard[12]/plain": {"watch[12]/plain"},
		"nowhere":         {},
	} {
		if d := cmp.Diff(want, steps.FormerPaths(p, path)); d != "" {
			t.Errorf("%s (-want +got):\n%s", path, d)
		}
	}
}

func TestWhatLiesAhead(t *testing.T) {
	t.Parallel()
	_, p := compiled(t, "- {id: a, wait: 1d}\n"+strings.Replace(looped, "close", "b", 1)+"")
	for from, want := range map[string]string{
		"a": "a watch look rest b", "rest": "watch look rest b", "b": "b", "": "a watch look rest b",
	} {
		ahead := steps.Ahead(p, from)
		var got []string
		for _, s := range p.Steps {
			if ahead[s.ID] {
				got = append(got, s.ID)
			}
		}
		if d := cmp.Diff(want, strings.Join(got, " ")); d != "" {
			t.Errorf("from %q (-want +got):\n%s", from, d)
		}
	}
}
