package intake_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/intake"
	"holdfast/internal/store"
)

// onGone is absence of the feed of Login: nothing for five days.
const onGone = "playbook: gone\ntrigger: {id: gone, when: quiet_days(metric.logins) >= 5}\n"

// days has each of some accounts log in on each day from the clock's on, at 8:00,
// weekends left out when week is five days, and ends at 9:00 of the day after.
func (w *world) days(n, week int, accounts ...int) {
	w.t.Helper()
	for range n {
		day := int(w.clock.Now().Weekday()+6) % 7
		w.run(23 * time.Hour)
		if day = (day + 1) % 7; day < week {
			for _, i := range accounts {
				w.login(i, i+1)
			}
		}
		w.run(time.Hour)
	}
}

func upTo(n int) (all []int) {
	for i := range n {
		all = append(all, i)
	}
	return all
}

func (w *world) active() string {
	w.t.Helper()
	var ids []string
	w.view(func(tx store.Tx) error {
		es, err := tx.ListEnrollments(store.EnrollmentFilter{})
		for _, e := range es {
			ids = append(ids, e.Account)
		}
		return err
	})
	return strings.Join(ids, " ")
}

func TestAFeedThatIsSilentStartsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onGone)
	w.people(0, 6)
	w.days(21, 7, upTo(6)...)
	w.days(4, 7, upTo(5)...) // a005 alone goes quiet
	if got := w.active(); got != "" {
		t.Fatalf("%s entered, too early", got)
	}
	w.days(2, 7, upTo(5)...)
	if got := w.active(); got != "a005" {
		t.Fatalf("%q entered; want the one that is quiet while others are not", got)
	}
	w.days(3, 7, 0, 1) // three are quiet for three days
	w.days(2, 7)       // and the feed dies for two
	if got := w.active(); got != "a005" {
		t.Errorf("%s entered while nothing came from anybody", got)
	}
	held := fmt.Sprint(w.heldTriggers())
	if !strings.Contains(held, "gone gone true 3 nothing of event \"Login\" has come from anybody since 2026-04-01 09:00 UTC") {
		t.Errorf("held: %s", held)
	}
	all := w.alarms()
	if len(all) != 1 || all[0].Playbook != "gone" || !strings.Contains(all[0].Title, `"Login"`) || !strings.Contains(all[0].Brief, "holdfast triggers resume gone gone") {
		t.Errorf("alarms: %+v", all)
	}
	if data, _ := json.Marshal(all); strings.Contains(string(data), "a00") {
		t.Errorf("the alarm names a customer: %s", data)
	}
	if n := strings.Count(w.story(), "suspended: silence: nothing of event"); n != 3 {
		t.Errorf("%d lines say that an account waits, want 3:\n%s", n, w.story())
	}

	w.login(0, 2) // it is back, and so are two of those who wait
	w.login(2, 4)
	w.run(59 * time.Minute)
	if got := w.active(); got != "a005" {
		t.Errorf("%s entered before the feed had spoken for an hour", got)
	}
	w.days(1, 7, 0, 1, 2, 3)
	w.run(time.Hour)
	if got := w.active(); got != "a005 a004" && got != "a004 a005" {
		t.Errorf("%s entered, want a004, which is still quiet", got)
	}
	said := w.story()
	if n := strings.Count(said, "silence: its condition is no longer true"); n != 2 {
		t.Errorf("%d lines of those who are well again:\n%s", n, said)
	}
	if !strings.Contains(said, "the feed that was silent is back") || len(w.heldTriggers()) != 0 {
		t.Errorf("it does not go on: %v\n%s", w.heldTriggers(), said)
	}
	w.days(6, 7, 0, 1, 2) // it works as before
	if got := w.active(); !strings.Contains(got, "a003") {
		t.Errorf("%s entered, want a003 too", got)
	}
	if n := len(w.alarms()); n != 1 {
		t.Errorf("%d alarms", n)
	}
}

func TestAWeekendIsNoSilence(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "playbook: gone\ntrigger: {id: gone, when: quiet_days(metric.logins) >= 3}\n")
	w.people(0, 6)
	w.days(25, 5, upTo(6)...) // until Friday
	w.days(1, 5, upTo(6)...)
	if got := w.clock.Now().Weekday(); got != time.Saturday {
		t.Fatal(got)
	}
	w.run(2*24*time.Hour - 2*time.Hour) // Monday, 7:00: everybody was last seen three days ago
	if n := len(strings.Fields(w.active())); n != 6 || len(w.heldTriggers()) != 0 {
		t.Errorf("%d entered, held %v: three days are three days, and the weekend is no silence", n, w.heldTriggers())
	}
}

// TestASourceThatIsSilentTakesItsRareEventsAlong: Ticket Opened comes too seldom to
// know when it is silent; that its source is tells enough.
func TestASourceThatIsSilentTakesItsRareEventsAlong(t *testing.T) {
	t.Parallel()
	for name, dies := range map[string]bool{"it dies": true, "it goes on": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "playbook: calm\ntrigger: {id: calm, when: account.status == \"active\" && quiet_days(metric.tickets) >= 20}\n")
			w.people(0, 3)
			w.live(`a000 = {"status": "active"}`, `a001 Ticket Opened {"priority": "high"}`, `a000 Ticket Opened {"priority": "high"}`)
			if dies {
				w.days(18, 7, upTo(3)...)
				w.run(3 * 24 * time.Hour)
			} else {
				w.days(21, 7, upTo(3)...)
			}
			if got := w.active(); (got == "") != dies {
				t.Errorf("%q entered; held %v", got, w.heldTriggers())
			}
			if dies && !strings.Contains(fmt.Sprint(w.heldTriggers()), `nothing of source "test"`) {
				t.Errorf("held %v", w.heldTriggers())
			}
		})
	}
}

func TestAPersonAnswersForASilence(t *testing.T) {
	t.Parallel()
	silent := func(t *testing.T) *world {
		w := newWorld(t, onGone)
		w.people(0, 4)
		w.days(21, 7, upTo(4)...)
		w.days(3, 7, 0, 1)
		w.days(2, 7)
		if len(w.heldTriggers()) != 1 || w.active() != "" {
			t.Fatalf("held %v, %s entered", w.heldTriggers(), w.active())
		}
		return w
	}
	t.Run("it is real", func(t *testing.T) {
		t.Parallel()
		w := silent(t)
		if _, err := intake.AdmitWaiting(context.Background(), w.Store, "gone", "", 0, w.clock.Now()); err != nil {
			t.Fatal(err)
		}
		w.run(time.Hour)
		if got := w.active(); !strings.Contains(got, "a002") || !strings.Contains(got, "a003") {
			t.Errorf("%q entered", got)
		}
		w.run(5 * 24 * time.Hour) // the same silence is not asked about again
		if n := len(strings.Fields(w.active())); n != 4 || len(w.heldTriggers()) != 0 || len(w.alarms()) != 1 {
			t.Errorf("%d entered, held %v, %d alarms", n, w.heldTriggers(), len(w.alarms()))
		}
	})
	t.Run("forget them", func(t *testing.T) {
		t.Parallel()
		w := silent(t)
		if _, err := intake.DropWaiting(context.Background(), w.Store, "gone", "gone", "Mira", w.clock.Now()); err != nil {
			t.Fatal(err)
		}
		w.login(0, 1)
		w.run(48 * time.Hour)
		if n := strings.Count(w.story(), "silence: dropped by Mira"); n != 2 || strings.Contains(w.active(), "a002") {
			t.Errorf("%d lines of what was dropped; %q entered", n, w.active())
		}
	})
}

// TestManyWhoWaitForAFeedAllGoOn: more than one transaction takes.
func TestManyWhoWaitForAFeedAllGoOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strings.Replace(onGone, "\n", "\nguardrails: {surge: off}\n", 1))
	w.people(0, 999)
	w.days(16, 7, 0)
	var old []holdfast.Message
	for i := 1; i < 999; i++ {
		old = append(old, w.msg(fmt.Sprintf(`a%03d Login {"count": 1} @-72h`, i)))
	}
	w.takeAll(intake.History, old)
	w.run(3 * 24 * time.Hour)
	if got := fmt.Sprint(w.heldTriggers()); !strings.Contains(got, "true 998") {
		t.Fatal(got)
	}
	w.login(0, 1)
	w.days(1, 7, 0)
	w.run(2 * time.Hour)
	if n := len(strings.Fields(w.active())); n != 998 || len(w.heldTriggers()) != 0 {
		t.Errorf("%d entered, held %v", n, w.heldTriggers())
	}
}
