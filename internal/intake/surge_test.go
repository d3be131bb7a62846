package intake_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/guards"
	"holdfast/internal/intake"
	"holdfast/internal/store"
)

func TestWhatADayMayBring(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ max, usual, accounts, want int }{
		{0, 0, 40, 20},      // a fresh playbook in a small company
		{0, 0, 5000, 100},   // and in a larger one: 2 %
		{0, 6, 5000, 30},    // five times the usual
		{0, 2, 5000, 20},    // never less than twenty
		{0, 50, 5000, 100},  // not beyond 2 %
		{0, 80, 5000, 160},  // unless twice the usual is more
		{200, 6, 5000, 200}, // the playbook says it
		{3, 0, 5000, 3},
	} {
		if got := intake.SurgeLimit(guards.Surge{Max: tc.max}, tc.usual, tc.accounts); got != tc.want {
			t.Errorf("max %d, usually %d of %d accounts: %d, want %d", tc.max, tc.usual, tc.accounts, got, tc.want)
		}
	}
	for want, days := range map[int][]int{0: {}, 6: {5, 0, 6, 0, 80}, 3: {3}} {
		if got := intake.Usual(days); got != want {
			t.Errorf("%v is usually %d, want %d", days, got, want)
		}
	}
}

const onLogin = "playbook: nudge\ntrigger: {id: login, on: Login}\n"

// people makes accounts a000 and on.
func (w *world) people(from, to int) {
	w.t.Helper()
	var texts []string
	for i := from; i < to; i++ {
		texts = append(texts, fmt.Sprintf("a%03d = {\"name\": \"A\"}", i))
	}
	w.live(texts...)
}

func (w *world) login(from, to int) {
	w.t.Helper()
	var texts []string
	for i := from; i < to; i++ {
		texts = append(texts, fmt.Sprintf("a%03d Login {\"count\": 1}", i))
	}
	w.live(texts...)
}

func (w *world) enrolled() (n int) {
	w.t.Helper()
	w.view(func(tx store.Tx) error {
		es, err := tx.ListEnrollments(store.EnrollmentFilter{Limit: 100_000})
		n = len(es)
		return err
	})
	return n
}

func (w *world) heldTriggers() (said []string) {
	w.t.Helper()
	held, err := intake.HeldTriggers(context.Background(), w.Store)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, h := range held {
		said = append(said, fmt.Sprintf("%s %s %v %d %s", h.Playbook, h.Trigger, h.Paused, h.Waiting, h.Why))
	}
	return said
}

func (w *world) alarms() (all []intake.Alarm) {
	w.t.Helper()
	w.view(func(tx store.Tx) error {
		dues, err := tx.DueBefore(w.clock.Now(), 0, intake.AlarmKind)
		for _, d := range dues {
			var a intake.Alarm
			err = errors.Join(err, json.Unmarshal(d.Data, &a))
			all = append(all, a)
		}
		return err
	})
	return all
}

func TestASurgePausesItsTriggerAndLosesNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onLogin, "playbook: other\ntrigger: {id: churn, on: Churned}\n")
	w.people(0, 120)
	for day := range 6 { // six a day is usual
		w.login(day*6, day*6+6)
		w.run(24 * time.Hour)
	}
	w.login(36, 99)
	if n := w.enrolled(); n != 56 { // five times six is beyond 2 %, twice six is less than twenty
		t.Errorf("%d entered, want 36 and 20", n)
	}
	if got, want := fmt.Sprint(w.heldTriggers()), "[nudge login true 43 nudge enrolled 21 today, usually 6: 20 is the most]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if all := w.alarms(); len(all) != 1 || !strings.Contains(all[0].Title, "usually 6") || !strings.Contains(all[0].Brief, "holdfast triggers resume nudge login") {
		t.Errorf("alarms: %+v", all)
	}
	if n := strings.Count(w.story(), "wait nudge a"); n != 43 {
		t.Errorf("%d lines say that an account waits, want 43", n)
	}
	w.run(48 * time.Hour)
	w.login(99, 101) // it stays paused until somebody has looked
	w.live("a099 Churned")
	if n := w.enrolled(); n != 57 {
		t.Errorf("%d entered after two days, want one more by the other playbook", n)
	}
	if got := fmt.Sprint(w.heldTriggers()); !strings.Contains(got, "true 45") {
		t.Errorf("got %s, want 45 that wait", got)
	}
}

func TestWhatASurgeHeldIsLetInOrDropped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onLogin)
	w.people(0, 120)
	w.login(0, 63)
	w.login(50, 52) // again, while they wait
	ctx := store.As(context.Background(), "os:mira")
	if _, err := intake.AdmitWaiting(ctx, w.Store, "nudge", "logn", time.Hour, w.clock.Now()); err == nil || !strings.Contains(err.Error(), "nudge logn") {
		t.Errorf("a trigger that is not there: %v", err)
	}
	answered, err := intake.AdmitWaiting(ctx, w.Store, "nudge", "", 24*time.Hour, w.clock.Now())
	if err != nil || fmt.Sprint(answered) != "[{login 45}]" {
		t.Fatalf("%v, %v", answered, err)
	}
	w.run(12 * time.Hour)
	if n := w.enrolled(); n < 30 || n > 55 {
		t.Errorf("%d entered after half a day, want about half of what waited", n)
	}
	w.run(13 * time.Hour)
	if n := w.enrolled(); n != 63 {
		t.Errorf("%d entered, want each of 63 once", n)
	}
	if said := w.story(); !strings.Contains(said, "login: Login, on 2026-03-02; let in by a person") || strings.Count(said, "already_active") != 2 {
		t.Errorf("the story is\n%s", said)
	}
	w.login(63, 110) // twenty were usual yesterday: what was let in is not counted
	if n := w.enrolled(); n != 63+40 {
		t.Errorf("%d entered, want 40 more", n)
	}
	if answered, err = intake.DropWaiting(ctx, w.Store, "nudge", "login", "Mira", w.clock.Now()); err != nil || answered[0].Entries != 7 {
		t.Errorf("dropped %v, %v", answered, err)
	}
	w.login(110, 120) // the forty before them have been looked at
	w.run(48 * time.Hour)
	if n := w.enrolled(); n != 113 || len(w.heldTriggers()) != 0 {
		t.Errorf("%d entered, %v; want ten more and nothing that waits", n, w.heldTriggers())
	}
	if n := strings.Count(w.story(), "surge: dropped by Mira (Login)"); n != 7 {
		t.Errorf("%d lines of what was dropped", n)
	}
	want := `os:mira trigger.resume nudge/login {"waiting":45}` + "\n" + `os:mira trigger.drop nudge/login {"by":"Mira","waiting":7}`
	if got := w.audits(); got != want {
		t.Errorf("the audit log has\n%s\nwant\n%s", got, want)
	}
}

// TestASilentFeedIsASurge: the condition comes true by the clock, for everybody in
// one scan; when the feed is back before somebody answers, it is true no more.
func TestASilentFeedIsASurge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.people(0, 60)
	for i := range 60 {
		w.live(fmt.Sprintf("a%03d Login {\"count\": 9}", i))
	}
	w.republish(onQuiet)
	w.run(20 * 24 * time.Hour)
	if n := w.enrolled(); n != 20 || !strings.Contains(fmt.Sprint(w.heldTriggers()), "true 40") {
		t.Fatalf("%d entered, %v", n, w.heldTriggers())
	}
	for i := 0; i < 60; i += 2 {
		w.live(fmt.Sprintf("a%03d Login {\"count\": 9}", i))
	}
	if _, err := intake.AdmitWaiting(context.Background(), w.Store, "quiet", "quiet", 0, w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	w.run(time.Hour)
	if n, back := w.enrolled(), strings.Count(w.story(), "its condition is no longer true"); n+back != 60 || back < 10 {
		t.Errorf("%d entered, %d are well again", n, back)
	}
}

func TestWhatIsNoSurge(t *testing.T) {
	t.Parallel()
	for name, book := range map[string]string{
		"switched off":         strings.Replace(onLogin, "\n", "\nguardrails: {surge: off}\n", 1),
		"as many as it allows": strings.Replace(onLogin, "\n", "\nguardrails: {surge: {max: 60}}\n", 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, book)
			w.people(0, 60)
			w.login(0, 60)
			if n := w.enrolled(); n != 60 {
				t.Errorf("%d entered", n)
			}
		})
	}
	t.Run("a date", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, onRenewal)
		for i := range 60 {
			w.live(fmt.Sprintf("a%03d = {\"status\": \"active\", \"renewal_date\": \"2026-06-10\"}", i))
		}
		if w.run(30 * 24 * time.Hour); w.enrolled() != 60 {
			t.Errorf("%d entered", w.enrolled())
		}
	})
	t.Run("those of whom it is true already", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		for i := range 60 {
			w.live(fmt.Sprintf("a%03d = {\"status\": \"churned\"}", i))
		}
		w.republish("playbook: back\ntrigger: {id: left, when: account.status == \"churned\", existing: enroll}")
		if w.enrolled() != 60 {
			t.Errorf("%d entered", w.enrolled())
		}
	})
	t.Run("what a person starts", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, onLogin)
		w.people(0, 60)
		for i := range 60 {
			if err := w.Assume(context.Background(), "nudge", "login", fmt.Sprintf("a%03d", i)); err != nil {
				t.Fatal(err)
			}
		}
		if w.enrolled() != 60 {
			t.Errorf("%d entered", w.enrolled())
		}
	})
}

// TestAWaitingEntryOfAPlaybookThatIsGoneSaysSo: nothing is lost in silence.
func TestAWaitingEntryOfAPlaybookThatIsGoneSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onLogin)
	w.people(0, 30)
	w.login(0, 30)
	w.republish("playbook: nudge\ntrigger: {id: renamed, on: Login}\n")
	if _, err := intake.AdmitWaiting(context.Background(), w.Store, "nudge", "", 0, w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	w.run(time.Hour)
	if n := strings.Count(w.story(), "surge: the playbook no longer has trigger login (Login)"); n != 10 {
		t.Errorf("%d lines; want ten", n)
	}
	var missing *holdfast.Error
	if _, err := intake.DropWaiting(context.Background(), w.Store, "nudge", "", "Mira", w.clock.Now()); !errors.As(err, &missing) || missing.Code != holdfast.NotFound {
		t.Errorf("nothing waits any more, and dropping it says %v", err)
	}
}
