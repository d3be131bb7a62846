package intake_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/intake"
	"holdfast/internal/store"
)

const mergeBook = `playbook: save
trigger: {when: account.arr > 1000 && account.status == "active"}
exit:
  - {on: Churned, outcome: lost}
`

// becomes says that an account was another all along.
func (w *world) becomes(old, into string) holdfast.Message {
	w.n++
	return holdfast.Message{ID: fmt.Sprintf("m%03d", w.n), Source: "test", Kind: holdfast.Alias, Account: into, At: w.clock.Now(), Props: map[string]any{"previous": old}}
}

// isNow says so of a contact.
func (w *world) isNow(old, into string) holdfast.Message {
	m := w.becomes(old, "")
	m.Contact = into
	return m
}

func (w *world) merge(ms ...holdfast.Message) {
	w.t.Helper()
	if res := w.takeAll(intake.Live, ms); len(res.Problems) > 0 {
		w.t.Fatal(res.Problems)
	}
}

func (w *world) account(id string) (a store.Account) {
	w.t.Helper()
	w.view(func(tx store.Tx) (err error) {
		a, err = tx.Account(id)
		return err
	})
	return a
}

func (w *world) runs(account string) (es []store.Enrollment) {
	w.t.Helper()
	w.view(func(tx store.Tx) (err error) {
		es, err = tx.EnrollmentsOf(account, false)
		return err
	})
	return es
}

// exits are the outcomes that the account's enrollments are told to end with, by
// start; "-" goes on.
func (w *world) exits(account string) (outs []string) {
	w.t.Helper()
	runs := w.runs(account)
	w.view(func(tx store.Tx) error {
		for _, e := range runs {
			sig, err := tx.ExitOf(e.ID)
			if errors.Is(err, store.ErrNotFound) {
				sig.Outcome, err = "-", nil
			}
			if err != nil {
				return err
			}
			outs = append(outs, sig.Outcome)
		}
		return nil
	})
	return outs
}

func TestFieldsOfBothKeepTheNewerTimeAndMetricsAdd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.live(`acme = {"name":"Acme","arr":500} @-2h`, `bolt = {"name":"Bolt","seats":7} @-1h`, `acme = {"status":"active"}`,
		`acme Login {"count":2}`, `bolt Login {"count":3}`, `acme/dana : {"email":"d@acme.example"}`,
		`acme Subscription Started {"subscription_id":"s1","seats":4,"renews":"2026-09-01"}`)
	w.merge(w.becomes("acme", "bolt"))
	a := w.account("bolt")
	got := fmt.Sprintln(a.Known, a.Fields["name"].Value, a.Fields["arr"].Value, a.Fields["status"].Value, a.Fields["seats"].Value)
	check(t, got, "true Bolt 500 active 4") // seats are derived from what was acme's subscription
	w.view(func(tx store.Tx) error {
		bs, err := tx.Buckets("bolt", "logins", "", "9999")
		if len(bs) != 1 || bs[0].Sum != 5 || bs[0].Count != 2 {
			t.Errorf("logins are %+v", bs)
		}
		if _, gone := tx.Account("acme"); !errors.Is(gone, store.ErrNotFound) {
			t.Errorf("acme is still there: %v", gone)
		}
		return err
	})
	// What still comes under the old name reaches the survivor, and a contact of it too.
	w.live(`acme = {"name":"Acme & Bolt"}`, `acme/dana Login {"count":1}`, `acme Subscription Ended {"subscription_id":"s1"}`)
	a = w.account("bolt")
	check(t, fmt.Sprint(a.Fields["name"].Value, a.Fields["seats"].Value), "Acme & Bolt0")
	w.view(func(tx store.Tx) error {
		c, err := tx.Contact("dana")
		if c.Account != "bolt" {
			t.Errorf("dana is at %q", c.Account)
		}
		if known, provisional, _ := tx.CountAccounts(); known != 1 || provisional != 0 {
			t.Errorf("%d known and %d provisional accounts", known, provisional)
		}
		return err
	})
}

func TestOfTwoRunsOfAPlaybookTheOlderGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mergeBook)
	w.live(`acme = {"arr":5000,"status":"active"}`)
	w.clock.Move(start.Add(time.Hour))
	w.live(`bolt = {"arr":9000,"status":"active"}`)
	older := w.runs("acme")[0].ID
	w.merge(w.becomes("acme", "bolt"))
	runs := w.runs("bolt")
	if len(runs) != 2 || runs[0].ID != older {
		t.Fatalf("runs are %+v", runs)
	}
	check(t, strings.Join(w.exits("bolt"), " "), "- merged")
	if runs[0].Woken < 2 {
		t.Error("the one that goes on was not woken")
	}
	// It hears its exit under either name, and nothing starts anew: what was true is.
	w.live(`acme Churned`)
	check(t, strings.Join(w.exits("bolt"), " "), "lost merged")
	if n := len(w.runs("bolt")); n != 2 {
		t.Errorf("%d runs", n)
	}
}

func TestAnEntryMadeByEitherIsMadeForBoth(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "playbook: hello\nenroll: {once_per: [trigger]}\ntrigger: {on: Login}\nexit: [{on: Churned, outcome: over}]\n",
		"playbook: renewal\ntrigger: {at: account.renewal_date, before: 30d, if_past: start}\n")
	w.live(`acme = {"arr":1}`, `bolt = {"arr":1}`, `acme Login {"count":1}`, `acme = {"renewal_date":"2026-03-20"}`)
	w.merge(w.becomes("acme", "bolt"))
	w.end("bolt")
	before := len(w.runs("bolt"))
	w.live(`bolt Login {"count":1}`, `acme Login {"count":1}`, `bolt = {"renewal_date":"2026-03-20"}`)
	w.run(60 * 24 * time.Hour)
	if after := len(w.runs("bolt")); before != 2 || after != 2 {
		t.Errorf("%d runs, then %d: %s", before, after, w.story())
	}
}

func TestADateAheadAndAConditionThatHoldsMoveWithTheAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "playbook: renewal\ntrigger: {at: account.renewal_date, before: 30d}\n",
		"playbook: rich\ntrigger: {when: account.arr > 1000, for: 10d}\n")
	w.live(`acme = {"arr":5000,"renewal_date":"2026-05-01"}`, `bolt = {"seats":1}`)
	w.clock.Move(start.Add(4 * 24 * time.Hour))
	w.merge(w.becomes("acme", "bolt"))
	w.run(7 * 24 * time.Hour) // ten days after acme's arr, not after the merge
	check(t, w.books("bolt"), "rich")
	w.run(40 * 24 * time.Hour)
	check(t, w.books("bolt"), "rich renewal")
	w.view(func(tx store.Tx) error {
		ds, err := tx.DueBefore(intake.Ever, 0, "date", "held")
		if len(ds) != 0 {
			t.Errorf("left on the agenda: %+v", ds)
		}
		return err
	})
}

// books are the playbooks that the account has entered, by start.
func (w *world) books(account string) string {
	var names []string
	for _, e := range w.runs(account) {
		names = append(names, e.Playbook)
	}
	return strings.Join(names, " ")
}

func TestMergesResolveChainsAndRefuseCircles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.live(`acme = {"arr":1}`, `bolt = {"seats":2}`, `cord = {"status":"active"}`)
	w.merge(w.becomes("acme", "bolt"), w.becomes("bolt", "cord"), w.becomes("acme", "cord"), w.becomes("acme", "bolt"))
	w.live(`acme = {"name":"All"}`)
	a := w.account("cord")
	check(t, fmt.Sprint(a.Fields["arr"].Value, a.Fields["seats"].Value, a.Fields["status"].Value, a.Fields["name"].Value), "12activeAll")
	for _, m := range []holdfast.Message{w.becomes("cord", "acme"), w.becomes("acme", "acme"), w.becomes("", "acme"), w.becomes("x\ny", "acme"), {ID: "x", Source: "test", Kind: "alias", At: start, Props: map[string]any{"previous": "q"}}} {
		res := w.takeAll(intake.Live, []holdfast.Message{m})
		if len(res.Problems) != 1 || res.Fresh != 0 {
			t.Errorf("alias of %v to %q: %+v", m.Props, m.Account, res)
		}
	}
	if res := w.takeAll(intake.Live, []holdfast.Message{w.becomes("cord", "acme")}); res.Problems[0].Reason != `"acme" has become "cord" already, and cannot take it in` {
		t.Error(res.Problems)
	}
}

func TestAnAliasMayComeBeforeAnythingElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mergeBook)
	w.merge(w.becomes("acme", "bolt"), w.isNow("dan", "dana"))
	w.live(`acme = {"arr":5000,"status":"active"}`, `acme/dan : {"email":"d@acme.example"}`)
	w.view(func(tx store.Tx) error {
		_, none := tx.Account("acme")
		_, nobody := tx.Contact("dan")
		c, err := tx.Contact("dana")
		if !errors.Is(none, store.ErrNotFound) || !errors.Is(nobody, store.ErrNotFound) || c.Account != "bolt" {
			t.Error(none, nobody, c)
		}
		return err
	})
	check(t, w.books("bolt"), "save")
}

func TestANoOfEitherContactIsTheSurvivors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "playbook: mail\ntrigger: {on: Login}\nexit: [{on: contact.opted_out, outcome: no}]\n")
	w.live(`acme = {"arr":1}`, `acme/dan : {"email":"dan@acme.example","role":"champion"} @-1h`, `acme/dana : {"email":"dana@acme.example"}`,
		`acme/dan Login {"count":1}`, `acme/dan contact.opted_out {"said":"unsubscribe"}`)
	w.merge(w.isNow("dan", "dana"))
	w.view(func(tx store.Tx) error {
		noes, err := tx.Suppressions("dana", "dana@acme.example")
		if len(noes) != 1 || noes[0].Kind != "opted_out" {
			t.Errorf("suppressions: %+v", noes)
		}
		due, errD := tx.DueBefore(w.clock.Now(), 0, intake.SuppressKind)
		if len(due) != 2 { // the provider is told of both addresses
			t.Errorf("told the provider %d times", len(due))
		}
		c, errC := tx.Contact("dana")
		if c.Fields["email"].Value != "dana@acme.example" || c.Fields["role"].Value != "champion" {
			t.Errorf("dana is %+v", c.Fields)
		}
		return errors.Join(err, errD, errC)
	})
	if got := w.runs("acme")[0].Contact; got != "dana" {
		t.Errorf("the enrollment is about %q", got)
	}
}

func TestADryMergeSaysWhatItWouldDoAndDoesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mergeBook)
	w.live(`acme = {"arr":5000,"status":"active"}`, `acme/dana : {"role":"champion"}`)
	w.clock.Move(start.Add(time.Hour))
	w.live(`bolt = {"arr":9000,"status":"active"}`)
	before := w.state() + w.story()
	m := w.becomes("acme", "bolt")
	would, err := w.Merge(context.Background(), m, true)
	if err != nil || would.Contacts != 1 || would.Enrollments != 1 || !slices.Equal(would.Ended, []string{"save"}) {
		t.Fatalf("would do %+v, %v", would, err)
	}
	check(t, w.state()+w.story(), before)
	did, err := w.Merge(context.Background(), m, false)
	if err != nil || did.Enrollments != 1 {
		t.Fatalf("did %+v, %v", did, err)
	}
	if again, err := w.Merge(context.Background(), w.becomes("acme", "bolt"), false); err != nil || !again.Already {
		t.Errorf("again %+v, %v", again, err)
	}
	if _, err := w.Merge(context.Background(), w.becomes("acmee", "bolt"), false); holdfast.CodeOf(err) != holdfast.NotFound {
		t.Errorf("a name that is not there: %v", err)
	}
}
