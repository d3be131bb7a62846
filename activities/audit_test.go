package activities_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/activities"
	"holdfast/internal/calendar"
	"holdfast/internal/store"
	"holdfast/internal/store/memory"
)

// withRails is a playbook of one mail with these guardrails.
func withRails(name, rails string) string {
	return strings.Replace(book(name, "steps:\n  - {id: mail, email: hello, to: [contacts.champion]}\n  - {id: rest, wait: 90d}\n"), "send_window: always, avoid: [], caps: []", rails, 1)
}

// TestEachGuardHoldsInTheTransactionThatClaims asks nothing of guards alone: a
// project, an account, and what the ledger and the timeline say after a walk.
func TestEachGuardHoldsInTheTransactionThatClaims(t *testing.T) {
	t.Parallel()
	free := withRails("nudge", "send_window: always, avoid: [], caps: []")
	suppress := func(s store.Suppression) func(*world) {
		return func(w *world) { w.update(func(tx store.Tx) error { return tx.Suppress(s) }) }
	}
	at := func(when string) func(*world) {
		return func(w *world) {
			moment, err := time.Parse(time.RFC3339, when)
			if err != nil {
				w.t.Fatal(err)
			}
			w.clock.Move(moment)
		}
	}
	closed := func(w *world) {
		project := w.config.Project
		w.config.Project = func() activities.Project {
			p := project()
			p.Closed = []calendar.Closed{{Name: "our blackout", From: monday, To: monday.AddDate(0, 0, 2)}}
			return p
		}
		w.wire()
	}
	for _, tc := range []struct {
		name, book string
		given      func(*world)
		edit       func(*store.Enrollment)
		ledger     string // of the mail
		line       string // and why it waits
		until      string
	}{
		{name: "nothing in the way", book: free, ledger: "mail email dana sent"},
		{name: "a bounced address", book: free, given: suppress(store.Suppression{Address: "dana@acme.test", Kind: "bounced"}), ledger: "mail email dana skipped bounced"},
		{name: "a spam report", book: free, given: suppress(store.Suppression{Contact: "dana", Kind: "complained"}), ledger: "mail email dana skipped complained"},
		{name: "an opt-out", book: free, given: suppress(store.Suppression{Contact: "dana", Kind: "opted_out"}), ledger: "mail email dana skipped opted_out"},
		{name: "resting", book: free, ledger: "mail email dana skipped resting", given: func(w *world) {
			w.update(func(tx store.Tx) error {
				return tx.PutRest(store.Rest{Account: "acme", Scope: "account", Reason: "declined"})
			})
		}},
		{name: "held out", book: free, edit: func(e *store.Enrollment) { e.Arm = "holdout" }, ledger: "mail email dana skipped holdout"},
		{name: "held", book: free, line: "shift mail held", until: "2026-03-04T15:00:00Z", given: func(w *world) {
			_, err := activities.HoldAccount(w.t.Context(), w.store, "acme", "Mira", "talks", func(now time.Time) time.Time { return now.Add(48 * time.Hour) }, w.clock.Now())
			if err != nil {
				w.t.Fatal(err)
			}
		}},
		{name: "stopped", book: free, line: "wait mail parked stopped", given: func(w *world) {
			if err := activities.StopPlaybook(w.t.Context(), w.store, "nudge", "max"); err != nil {
				w.t.Fatal(err)
			}
		}},
		{name: "the contact's evening", book: withRails("nudge", `send_window: {days: mon-fri, hours: "09:00-17:00", timezone: contact}, avoid: [], caps: []`),
			given: func(w *world) { // four in the afternoon in UTC is after hours in Kathmandu
				w.update(func(tx store.Tx) error {
					return tx.PutContact(store.Contact{ID: "dana", Account: "acme", Fields: fields("email", "dana@acme.test", "first_name", "Dana", "role", "champion", "timezone", "Asia/Kathmandu")})
				})
			}, line: "shift mail send_window", until: "2026-03-03T03:15:00Z"},
		{name: "a public holiday", book: withRails("nudge", "send_window: always, avoid: [public_holidays], caps: []"), line: "shift mail public_holiday", until: "2026-05-26T04:00:00Z",
			given: func(w *world) {
				w.update(func(tx store.Tx) error {
					return tx.PutAccount(store.Account{ID: "acme", Known: true, Fields: fields("name", "Acme", "owner", "olga", "country", "US", "timezone", "America/New_York")})
				})
				at("2026-05-25T15:00:00Z")(w)
			}},
		{name: "a blackout of the project", book: withRails("nudge", "send_window: always, avoid: [public_holidays], caps: []"), given: closed, line: "shift mail public_holiday", until: "2026-03-05T05:00:00Z"},
		{name: "quarter end", book: withRails("nudge", "send_window: always, avoid: [quarter_end], caps: []"), given: at("2026-03-20T15:00:00Z"), line: "shift mail quarter_end", until: "2026-04-01T04:00:00Z"},
		{name: "a review that is pending", book: strings.Replace(free, "to: [contacts.champion]", "to: [contacts.champion], review: {by: owner}", 1), line: "review mail asked"},
		{name: "a shadow", book: strings.Replace(free, "class:", "mode: shadow\nclass:", 1), ledger: "mail email dana skipped shadow"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorldIn(t, memory.New(), tc.book)
			if tc.given != nil {
				tc.given(w)
			}
			edit := []func(*store.Enrollment){}
			if tc.edit != nil {
				edit = append(edit, tc.edit)
			}
			r := w.start("nudge", "1", edit...)
			p := r.rest()
			want := []string{}
			if tc.ledger != "" {
				want = []string{tc.ledger}
			}
			mails := []string{}
			for _, row := range r.ledger() {
				if strings.Contains(row, " email ") {
					mails = append(mails, row)
				}
			}
			if diff := cmp.Diff(want, mails); diff != "" {
				t.Errorf("ledger: %s\n%v", diff, r.timeline())
			}
			if sent := strings.HasSuffix(tc.ledger, " sent"); sent != (len(w.email.sent) == 1) {
				t.Errorf("%d e-mails", len(w.email.sent))
			}
			if tc.line != "" && !strings.Contains(strings.Join(r.timeline(), "\n"), tc.line) {
				t.Errorf("the timeline is %v, want %q", r.timeline(), tc.line)
			}
			if got := p.Until.Format(time.RFC3339); tc.until != "" && got != tc.until {
				t.Errorf("until %s, want %s", got, tc.until)
			}
		})
	}
}

// TestTwoPlaybooksDoNotBothPassACapOfOne: fifty claims at once, of two playbooks,
// for one contact or for two people of one account.
func TestTwoPlaybooksDoNotBothPassACapOfOne(t *testing.T) {
	t.Parallel()
	for name, open := range stores {
		for _, per := range []string{"contact", "account"} {
			t.Run(name+" per "+per, func(t *testing.T) {
				t.Parallel()
				rails := "send_window: always, avoid: [], caps: [{max: 1, what: email, in: 5d, per: " + per + "}]"
				w := newWorldIn(t, open(t), withRails("nudge", rails))
				w.publish(strings.Replace(withRails("win-back", rails), "[contacts.champion]", map[string]string{"contact": "[contacts.champion]", "account": "[contacts.user]"}[per], 1))
				w.update(func(tx store.Tx) error {
					return tx.PutContact(store.Contact{ID: "uma", Account: "acme", Fields: fields("email", "uma@acme.test", "role", "user", "first_name", "Uma")})
				})
				var wg sync.WaitGroup
				for i := range 50 {
					r := w.start([]string{"nudge", "win-back"}[i%2], fmt.Sprint(i))
					step := r.step()
					wg.Go(func() {
						if _, err := w.a.Advance(t.Context(), step); err != nil {
							t.Error(err)
						}
					})
				}
				wg.Wait()
				if len(w.email.sent) != 1 {
					t.Errorf("%d e-mails passed a cap of one", len(w.email.sent))
				}
			})
		}
	}
}

// TestACapBelongsToTheAddress: two contacts that share a mailbox are one reader.
func TestACapBelongsToTheAddress(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]int{"DANA@acme.test": 1, "uma@acme.test": 2} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			rails := "send_window: always, avoid: [], caps: [{max: 1, what: email, in: 5d, per: contact}]"
			w := newWorldIn(t, memory.New(), withRails("nudge", rails))
			w.publish(strings.Replace(withRails("win-back", rails), "[contacts.champion]", "[contacts.user]", 1))
			w.update(func(tx store.Tx) error {
				return tx.PutContact(store.Contact{ID: "uma", Account: "acme", Fields: fields("email", address, "role", "user", "first_name", "Uma")})
			})
			w.start("nudge", "1").rest()
			p := w.start("win-back", "1").rest()
			if len(w.email.sent) != want {
				t.Errorf("%d e-mails, want %d", len(w.email.sent), want)
			}
			if want == 1 && !p.Until.Equal(monday.AddDate(0, 0, 5)) {
				t.Errorf("until %s, want five days after the first", p.Until)
			}
		})
	}
}

// TestAStopOfAllBindsWithItsCommit: forty claims at once, one of which is being sent
// when somebody stops all. What was claimed by then is finished; nothing else goes.
func TestAStopOfAllBindsWithItsCommit(t *testing.T) {
	t.Parallel()
	w := newWorldIn(t, memory.New(), withRails("nudge", "send_window: always, avoid: [], caps: []"))
	claimed := -1
	n := 0
	w.email.fail = func(holdfast.Outbound) error {
		if n++; n != 10 {
			return nil
		}
		if err := activities.StopAll(t.Context(), w.store, "Mira"); err != nil {
			return err
		}
		w.update(func(tx store.Tx) error {
			all, err := tx.CountTouchesByState()
			claimed = all["email"][holdfast.Sending] + all["email"][holdfast.Sent]
			return err
		})
		return nil
	}
	var runs []*run
	var wg sync.WaitGroup
	for i := range 40 {
		id := fmt.Sprintf("c-%03d", i)
		w.customer(id)
		runs = append(runs, w.start("nudge", "1", func(e *store.Enrollment) { e.Account, e.ID = id, holdfast.EnrollmentID("nudge", id, "1") }))
	}
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
	if len(w.email.sent) != claimed || claimed < 10 {
		t.Errorf("%d e-mails went, %d were claimed when all was stopped", len(w.email.sent), claimed)
	}
	if err := activities.ResumeAll(t.Context(), w.store, monday); err != nil {
		t.Fatal(err)
	}
	for _, r := range runs {
		r.rest()
	}
	if len(w.email.sent) != 40 {
		t.Errorf("%d e-mails after it went on, want all 40 once", len(w.email.sent))
	}
}
