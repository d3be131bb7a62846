package intake_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"holdfast/internal/intake"
	"holdfast/internal/store"
	"holdfast/playbooks"
)

// republish makes one book the head, beside the versions that run.
func (w *world) republish(text string) {
	w.t.Helper()
	old := w.ByDigest
	versions := map[string]*playbooks.Playbook{}
	w.ByDigest = func(d string) (*playbooks.Playbook, error) {
		if p := versions[d]; p != nil {
			return p, nil
		}
		return old(d)
	}
	w.publish(versions, text)
}

// arms are the accounts of an arm in a playbook.
func (w *world) arms(arm string) map[string]bool {
	in := map[string]bool{}
	w.view(func(tx store.Tx) error {
		es, err := tx.ListEnrollments(store.EnrollmentFilter{})
		for _, e := range es {
			if e.Arm == arm {
				in[e.Account] = true
			}
		}
		return err
	})
	return in
}

func (w *world) logins(n int) {
	var texts []string
	for i := range n {
		texts = append(texts, fmt.Sprintf("a%03d = {\"name\": \"A\"}", i), fmt.Sprintf("a%03d Login {\"count\": 1}", i))
	}
	w.live(texts...)
}

const held = "playbook: nudge\ntrigger: {on: Login}\nguardrails: {surge: off}\nholdout: %s\ngoal: {on: Churned, outcome: churned, within: 30d}\n"

func TestAGreaterHoldoutOnlyAdds(t *testing.T) {
	t.Parallel()
	var before map[string]bool
	for _, share := range []string{"10%", "25%", "60%"} {
		w := newWorld(t, fmt.Sprintf(held, share))
		w.Options.Salt = "pepper"
		w.logins(400)
		now := w.arms(intake.HeldOut)
		for id := range before {
			if !now[id] {
				t.Errorf("%s is treated at %s, and was held out before", id, share)
			}
		}
		before = now
		if n, want := len(now), map[string]int{"10%": 40, "25%": 100, "60%": 240}[share]; n < want-25 || n > want+25 {
			t.Errorf("%d of 400 are held out at %s", n, share)
		}
	}
}

func TestAnArmIsKeptFromTheFirstEntry(t *testing.T) {
	t.Parallel()
	w := newWorld(t, fmt.Sprintf(held, "20%"))
	w.logins(100)
	first, treated := w.arms(intake.HeldOut), w.arms(intake.Treated)
	if len(first) == 0 || len(treated) == 0 {
		t.Fatalf("%d held out, %d treated; the test sees too little", len(first), len(treated))
	}
	w.republish(fmt.Sprintf(held, "80%"))
	w.clock.Move(start.AddDate(0, 0, 60))
	for id := range treated { // treated ones are active still: end them
		w.end(id)
	}
	w.logins(100)
	for id := range w.arms(intake.HeldOut) {
		if !first[id] {
			t.Errorf("%s was treated at its first entry and is held out now", id)
		}
	}
}

// end ends the account's enrollments as their workflow would.
func (w *world) end(account string) {
	w.t.Helper()
	err := w.Store.Update(context.Background(), func(tx store.Tx) error {
		es, err := tx.EnrollmentsOf(account, true)
		for _, e := range es {
			e.Status, e.Outcome, e.EndedAt = "ended", "done", w.clock.Now()
			if err := tx.PutEnrollment(e); err != nil {
				return err
			}
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestAHeldOutAccountIsWatchedAndNotTouched(t *testing.T) {
	t.Parallel()
	w := newWorld(t, fmt.Sprintf(held, "90%"))
	w.Options.Salt = "pepper"
	w.live(`acme = {"name": "Acme"}`, `acme Login {"count": 1}`)
	w.clock.Move(start.AddDate(0, 0, 20))
	w.live("acme Churned")
	check(t, w.story(), `
03-02T09:00 enroll nudge acme holdout: event: Login; held out with 90%: nothing is sent, and its goal is watched for 30d
03-22T09:00 goal nudge acme churned: Churned`)
	w.view(func(tx store.Tx) error {
		es, err := tx.ListEnrollments(store.EnrollmentFilter{})
		if len(es) != 1 || es[0].Status != "ended" || es[0].Outcome != "holdout" || es[0].GoalAt.IsZero() || es[0].Woken != 0 {
			t.Errorf("%+v", es)
		}
		n, errN := tx.Unsettled()
		if n != 0 || w.pokes != 0 {
			t.Errorf("%d rows for the relay, %d pokes; want nothing started", n, w.pokes)
		}
		if errN != nil {
			return errN
		}
		return err
	})
}

func TestWhoeverAsksWhatWouldHappenIsTreated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, fmt.Sprintf(held, "90%")+"rollout: 0.01%\n")
	for i := range 20 {
		id := fmt.Sprint("a", i)
		w.live(id + ` = {"name": "A"}`)
		if err := w.Assume(context.Background(), "nudge", "event", id); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(w.arms(intake.Treated)); n != 20 {
		t.Errorf("%d of 20 assumed starts are treated", n)
	}
}

func TestARolloutLetsAShareIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "playbook: nudge\ntrigger: {on: Login}\nguardrails: {surge: off}\nrollout: 25%\n")
	w.logins(200)
	if n := len(w.arms(intake.Treated)); n < 25 || n > 75 {
		t.Errorf("%d of 200 entered", n)
	}
	if said := w.story(); strings.Count(said, "skip nudge")+strings.Count(said, "enroll nudge") != 200 ||
		!strings.Contains(said, "rollout: not among the first 25% (Login)") {
		t.Errorf("the story is\n%.300s", said)
	}
}

func TestTheSaltIsDrawnOnce(t *testing.T) {
	t.Parallel()
	salt := func() string {
		w := newWorld(t, fmt.Sprintf(held, "10%"))
		w.live(`acme = {"name": "Acme"}`, `acme Login {"count": 1}`)
		var first, again string
		w.view(func(tx store.Tx) (err error) {
			first, err = tx.MetaGet("salt")
			return err
		})
		w.live(`bolt = {"name": "Bolt"}`, `bolt Login {"count": 1}`)
		w.view(func(tx store.Tx) (err error) {
			again, err = tx.MetaGet("salt")
			return err
		})
		if first == "" || first != again {
			t.Errorf("the salt is %q, then %q", first, again)
		}
		return first
	}
	if one, other := salt(), salt(); one == other {
		t.Error("two stores have one salt")
	}
}

const (
	saveBook = "playbook: rescue\nlane: save\ntrigger: {id: sos, on: Ticket Opened}\n"
	winBook  = "playbook: return\nlane: win-back\nwhen_preempted: exit\ntrigger: {id: in, on: Login}\n"
)

func TestAStrongerLaneEndsWhatWouldNotWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t, saveBook, winBook, "playbook: remind\nlane: renewal\ntrigger: {id: in, on: Login}\n")
	w.live(`acme = {"name": "Acme"}`, `acme Login {"count": 1}`, "acme Ticket Opened")
	check(t, w.story(), `
03-02T09:00 enroll return acme in: Login
03-02T09:00 enroll remind acme in: Login
03-02T09:00 enroll rescue acme sos: Ticket Opened
signal exit return preempted playbook remind in lane renewal began`)
}

func TestWhatWouldNotWaitDoesNotEnter(t *testing.T) {
	t.Parallel()
	w := newWorld(t, saveBook, winBook)
	w.live(`acme = {"name": "Acme"}`, "acme Ticket Opened", `acme Login {"count": 1}`)
	w.end("acme")
	w.live(`acme Login {"count": 1}`)
	check(t, w.story(), `
03-02T09:00 enroll rescue acme sos: Ticket Opened
03-02T09:00 skip return acme lane: save is active, by playbook rescue (Login)
03-02T09:00 enroll return acme in: Login`)
}

func TestARestOfTheAccountBindsEveryPlaybook(t *testing.T) {
	t.Parallel()
	w := newWorld(t, winBook)
	w.live(`acme = {"name": "Acme"}`)
	err := w.Store.Update(context.Background(), func(tx store.Tx) error {
		return tx.PutRest(store.Rest{Account: "acme", Scope: "account", Until: start.AddDate(0, 1, 0), Reason: "declined"})
	})
	if err != nil {
		t.Fatal(err)
	}
	w.live(`acme Login {"count": 1}`)
	check(t, w.story(), `03-02T09:00 skip return acme resting: until 2026-04-02 after declined (Login)`)
}

func TestOtherLanesWakeWhatWaitsForOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, winBook)
	w.live(`acme = {"name": "Acme"}`, `acme Login {"count": 1}`)
	ctx := context.Background()
	err := w.Store.Update(ctx, func(tx store.Tx) error {
		es, err := tx.EnrollmentsOf("acme", true)
		if err != nil {
			return err
		}
		es[0].State = []byte(`{"v":1,"at":"m","wait":{"path":"m","kind":"park","reason":"lane","since":"2026-03-02T09:00:00Z"}}`)
		if err := tx.PutEnrollment(es[0]); err != nil {
			return err
		}
		return tx.MetaSet("lanes", "renewal win-back save") // as they were published before
	})
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Move(start.Add(time.Hour))
	for range 2 { // the second changes nothing
		if _, err := w.Publish(ctx, nil); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Count(w.story(), "signal retry return"); got != 1 {
		t.Errorf("it was asked about %d times, want once", got)
	}
}
