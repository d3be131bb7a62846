package activities_test

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/activities"
	"holdfast/internal/store"
)

const railed = head + `
lane: win-back
guardrails:
  send_window: {days: mon-thu, hours: "09:00-16:30", timezone: contact}
  caps: [{max: 1, what: email, in: 5d, per: contact}]
` + `
steps:
  - {id: opening, email: hello, to: [contact, contacts.champion, contacts.user], from: owner}
  - {id: pause, wait: 30d}
`

func TestOneOfFiftyPassesACapOfOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, railed)
	runs := make([]*run, 50)
	for i := range runs {
		runs[i] = w.enroll(strconv.Itoa(i))
	}
	var wg sync.WaitGroup
	for _, r := range runs {
		step := r.step()
		wg.Go(func() {
			p, err := w.a.Advance(t.Context(), step)
			if err != nil {
				t.Error(err)
			}
			r.last = p
		})
	}
	wg.Wait()
	kinds := map[string]int{}
	for _, r := range runs {
		kinds[r.last.State.Wait.Kind]++
	}
	if len(w.email.sent) != 1 || kinds["shift"] != 49 {
		t.Errorf("%d e-mails, waits %v; want 1 and 49 shifts", len(w.email.sent), kinds)
	}
}

func TestAFullCapShiftsToWhenItFrees(t *testing.T) {
	t.Parallel()
	w := newWorld(t, railed)
	w.enroll("1").rest()
	r := w.enroll("2")
	p := r.rest()
	// Monday ten o'clock and five days is Saturday; the window opens on Monday.
	want := time.Date(2026, 3, 9, 13, 0, 0, 0, time.UTC) // nine in New York, in summer time by then
	if !p.Until.Equal(want) {
		t.Errorf("shifted to %s, want %s", p.Until, want)
	}
	r.sleep()
	if diff := cmp.Diff([]string{"shift opening cap", "email opening sent", "wait pause"}, r.timeline()); diff != "" {
		t.Error(diff)
	}
	if len(w.email.sent) != 2 {
		t.Errorf("%d e-mails, want 2", len(w.email.sent))
	}
}

func TestACapOnContactsCountsEachContact(t *testing.T) {
	t.Parallel()
	w := newWorld(t, railed)
	w.enroll("1").rest()
	w.update(func(tx store.Tx) error {
		return tx.PutContact(store.Contact{ID: "uma", Account: "acme", Fields: fields("email", "uma@acme.test", "first_name", "Uma")})
	})
	r := w.enroll("2", func(e *store.Enrollment) { e.Contact = "uma" })
	r.rest()
	if diff := cmp.Diff([]string{"opening email uma sent"}, r.ledger()); diff != "" {
		t.Error(diff)
	}
}

func TestNothingIsClaimedAfterAnExitIsCommitted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, railed)
	r := w.enroll("1")
	step := r.step()
	w.update(func(tx store.Tx) error {
		return tx.Signal(store.Signal{
			Enrollment: r.id, Kind: "exit", Outcome: "declined", Reason: "contact.opted_out", At: monday,
			Data: []byte(`{"for": "12mo", "unless": "account.material_change"}`),
		})
	})
	p, err := w.a.Advance(t.Context(), step) // the workflow does not know of the exit yet
	if err != nil {
		t.Fatal(err)
	}
	if !p.Over || p.State.Outcome != "declined" || len(w.email.sent) != 0 || len(r.ledger()) != 0 {
		t.Errorf("over %v as %q, %d e-mails, ledger %v", p.Over, p.State.Outcome, len(w.email.sent), r.ledger())
	}
	if diff := cmp.Diff([]string{"exit declined"}, r.timeline()); diff != "" {
		t.Error(diff)
	}
	w.update(func(tx store.Tx) error {
		rests, err := tx.Rests("acme", monday)
		want := []store.Rest{{
			Account: "acme", Scope: "lane:win-back", Until: time.Date(2027, 3, 2, 15, 0, 0, 0, time.UTC),
			Reason: "declined", Unless: "account.material_change", Enrollment: r.id,
		}}
		if diff := cmp.Diff(want, rests); diff != "" {
			t.Error(diff)
		}
		lines, readErr := tx.LinesOf(r.id)
		why := "contact.opted_out; rests until 2 Mar 2027 unless account.material_change"
		if len(lines) != 1 || lines[0].Reason != why {
			t.Errorf("%+v, want the reason %q", lines, why)
		}
		return errors.Join(err, readErr)
	})
	if len(w.emitted) != 1 || w.emitted[0].Event != holdfast.EventEnrollmentEnded || w.emitted[0].Props["outcome"] != "declined" {
		t.Errorf("emitted %+v", w.emitted)
	}
}

func TestOneSwitchStopsAllSending(t *testing.T) {
	t.Parallel()
	w := newWorld(t, everything)
	if err := activities.StopAll(t.Context(), w.store, "max"); err != nil {
		t.Fatal(err)
	}
	r := w.enroll("1")
	p := r.rest()
	if len(w.email.sent) != 0 || p.State.Wait == nil || p.State.Wait.Kind != "park" || !p.Until.IsZero() {
		t.Errorf("%d e-mails, waits for %+v until %s", len(w.email.sent), p.State.Wait, p.Until)
	}
	if err := activities.ResumeAll(t.Context(), w.store, monday); err != nil {
		t.Fatal(err)
	}
	if r.rest(); len(w.email.sent) != 1 {
		t.Errorf("%d e-mails after it went on, want 1", len(w.email.sent))
	}
}

func TestAnExitAfterADeathLeavesNoTouchHalfSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oneMail)
	r := w.enroll("1")
	step := r.step()
	w.config.Store = &crashing{Store: w.store, n: 2} // between the send and its record
	w.wire()
	if !survive(t, func() { r.advanceTo(step) }) {
		t.Fatal("did not crash")
	}
	w.config.Store = w.store
	w.wire()
	w.update(func(tx store.Tx) error {
		return tx.Signal(store.Signal{Enrollment: r.id, Kind: "exit", Outcome: "responded", At: monday})
	})
	r.advanceTo(step)
	if diff := cmp.Diff([]string{"opening email dana unknown process_died"}, r.ledger()); diff != "" || !r.last.Over {
		t.Errorf("over %v: %s", r.last.Over, diff)
	}
}

func TestAnExitDuringASendLetsItFinish(t *testing.T) {
	t.Parallel()
	w := newWorld(t, railed)
	r := w.enroll("1")
	w.email.fail = func(holdfast.Outbound) error {
		w.update(func(tx store.Tx) error {
			return tx.Signal(store.Signal{Enrollment: r.id, Kind: "exit", Outcome: "responded", At: monday})
		})
		return nil
	}
	if p := r.advance(); !p.Over || p.State.Outcome != "responded" {
		t.Errorf("over %v as %q", p.Over, p.State.Outcome)
	}
	if diff := cmp.Diff([]string{"opening email dana sent sent_before_exit"}, r.ledger()); diff != "" {
		t.Error(diff)
	}
}

func TestARestingLaneIsLeftAloneUnlessSomethingChanged(t *testing.T) {
	t.Parallel()
	for changed, want := range map[bool]string{
		false: "opening email dana skipped resting",
		true:  "opening email dana sent",
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, railed)
			r := w.enroll("1")
			w.update(func(tx store.Tx) error {
				a, err := tx.Account("acme")
				if err != nil {
					return err
				}
				a.Fields["material_change"] = store.Field{Value: changed, At: monday}
				if err := tx.PutAccount(a); err != nil {
					return err
				}
				return tx.PutRest(store.Rest{Account: "acme", Scope: "lane:win-back", Reason: "declined", Unless: "account.material_change"})
			})
			r.rest()
			if diff := cmp.Diff([]string{want}, r.ledger()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestASuppressedPersonFallsThroughToTheNext(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		no     []store.Suppression
		ledger string
	}{
		{"nobody said no", nil, "opening email dana sent"},
		{"the champion bounced", []store.Suppression{{Contact: "dana", Kind: "bounced"}}, "opening email uma sent"},
		{"the champion's address opted out", []store.Suppression{{Address: "dana@acme.test", Kind: "opted_out"}}, "opening email uma sent"},
		{"all said no", []store.Suppression{{Contact: "dana", Kind: "opted_out"}, {Contact: "uma", Kind: "bounced"}}, "opening email dana skipped opted_out"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, railed)
			w.update(func(tx store.Tx) error {
				for _, s := range tc.no {
					if err := tx.Suppress(s); err != nil {
						return err
					}
				}
				if err := tx.PutContact(store.Contact{ID: "ann", Account: "acme", Fields: fields("role", "champion", "first_name", "No address")}); err != nil {
					return err
				}
				return tx.PutContact(store.Contact{ID: "uma", Account: "acme", Fields: fields("email", "uma@acme.test", "role", "user", "first_name", "Uma")})
			})
			r := w.enroll("1")
			r.rest()
			if diff := cmp.Diff([]string{tc.ledger}, r.ledger()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestATouchStaysWithWhomItWasTriedOn: a person who is suppressed after a lost
// attempt does not pass the message on to the next.
func TestATouchStaysWithWhomItWasTriedOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, railed)
	r := w.enroll("1")
	step := r.step()
	w.email.fail = func(holdfast.Outbound) error {
		w.email.mu.Unlock()
		defer w.email.mu.Lock()
		panic(crash{"in the channel"})
	}
	survive(t, func() { r.advanceTo(step) })
	w.email.fail = nil
	w.update(func(tx store.Tx) error {
		if err := tx.Suppress(store.Suppression{Contact: "dana", Kind: "bounced"}); err != nil {
			return err
		}
		return tx.PutContact(store.Contact{ID: "uma", Account: "acme", Fields: fields("email", "uma@acme.test", "role", "user", "first_name", "Uma")})
	})
	r.advanceTo(step)
	if len(w.email.sent) != 0 || r.ledger()[0] != "opening email dana unknown process_died" {
		t.Errorf("%d e-mails, ledger %v", len(w.email.sent), r.ledger())
	}
}

func TestHoldoutAccountsAreLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, everything)
	r := w.enroll("1", func(e *store.Enrollment) { e.Arm = "holdout" })
	for p := r.rest(); !p.Over; p = r.sleep() {
	}
	if n := len(w.email.sent) + len(w.slack.sent) + len(r.tasks()); n != 0 {
		t.Errorf("%d touches and tasks, want none", n)
	}
	for _, h := range r.ledger() {
		if !strings.HasSuffix(h, " skipped holdout") {
			t.Errorf("ledger %q, want skipped", h)
		}
	}
}

func TestAMissedDayIsSkippedWhenThePlaybookSaysSo(t *testing.T) {
	t.Parallel()
	for catchUp, want := range map[string]string{"skip": "last email dana skipped overdue", "next_window": "last email dana sent"} {
		t.Run(catchUp, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, head+"\nguardrails: {catch_up: "+catchUp+"}\nsteps: [{id: pause, wait: 3d}, {id: last, email: hello, to: [contacts.champion]}]\n")
			r := w.enroll("1")
			r.rest()
			w.clock.Move(monday.AddDate(0, 0, 4)) // a day late
			r.rest()
			if diff := cmp.Diff([]string{want}, r.ledger()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestNoPersonalDataReachesTemporal runs everything with people of telling names
// and looks at every byte of steps and progress.
func TestNoPersonalDataReachesTemporal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, everything)
	w.email.fail = func(m holdfast.Outbound) error {
		w.email.fail = nil
		return &holdfast.DeliveryError{Reason: "rate_limited", Refused: true, Err: addressError(m.To.Email)}
	}
	r := w.enroll("1")
	for p := r.rest(); !p.Over; p = r.sleep() {
	}
	r.step()
	text := strings.ToLower(w.temporal.String())
	if !strings.Contains(text, `"over":true`) {
		t.Fatal("the run did not end; the test sees too little")
	}
	for _, private := range []string{"dana", "doe", "acme", "olga", "max", "@", "hello", "called"} {
		if strings.Contains(text, private) {
			t.Errorf("%q is in what Temporal keeps: %s", private, text)
		}
	}
}

type addressError string

func (e addressError) Error() string { return "429 for " + string(e) }

func TestAMessageNamesItsPlaybookAndStepAndTheLedgerWhatTookIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, railed)
	w.email.says = "sandbox"
	r := w.enroll("1")
	r.rest()
	if diff := cmp.Diff([]string{"opening email dana sent sandbox"}, r.ledger()); diff != "" {
		t.Error(diff)
	}
	if m := w.email.sent[0]; m.Playbook != "nudge" || m.Step != "opening" {
		t.Errorf("sent for playbook %q, step %q", m.Playbook, m.Step)
	}
}

func TestAnAddressThatLeadsNowhereBounces(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]int{"bad_address": 1, "rejected": 0} {
		w := newWorld(t, railed)
		w.email.fail = func(holdfast.Outbound) error {
			return &holdfast.DeliveryError{Channel: "email", Reason: reason, Permanent: true, Err: errors.New("550")}
		}
		w.enroll("1").rest()
		n := 0
		for _, m := range w.emitted {
			if m.Event == holdfast.EventBounced && m.Contact == "dana" && m.Props["class"] == "hard" {
				n++
			}
		}
		if n != want {
			t.Errorf("%s: %d bounces told, want %d", reason, n, want)
		}
	}
}
