package intake_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/intake"
	"holdfast/internal/store"
	"holdfast/playbooks"
)

const onTicket = `playbook: calm
trigger: {id: ticket, on: Ticket Opened, when: event.priority == "high"}`

const onQuiet = `playbook: quiet
trigger: {id: quiet, when: metric.logins < 5}`

const onRenewal = `playbook: renewal
trigger: {id: ninety, at: account.renewal_date, before: 90d, when: account.status == "active"}`

const onChurn = `playbook: back
trigger: {id: left, when: account.status == "churned"}`

func TestAnEventStartsWhatWaitsForIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onTicket)
	w.live(`acme = {"status": "active"}`, `acme Ticket Opened {"priority": "low"}`, `acme Ticket Opened {"priority": "high"}`)
	check(t, w.story(), `03-02T09:00 enroll calm acme ticket: Ticket Opened and event.priority == "high"`)
	if w.pokes != 1 {
		t.Errorf("relay poked %d times; want once after the commit", w.pokes)
	}
}

func TestTheSameMessageTwiceEntersOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onTicket)
	w.live(`acme = {}`)
	m := w.msg(`acme Ticket Opened {"priority": "high"}`)
	res := w.takeAll(intake.Live, []holdfast.Message{m, m})
	again := w.takeAll(intake.Live, []holdfast.Message{m})
	if res.Fresh != 1 || res.Repeated != 1 || again.Repeated != 1 || res.Enrolled+again.Enrolled != 1 {
		t.Errorf("first %+v, again %+v; want one entry and two repeats", res, again)
	}
}

func TestAnAccountNobodyIdentifiedStartsNothingUntilItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onTicket, onChurn)
	w.live(`acme Churned`, `acme Ticket Opened {"priority": "high"}`)
	check(t, w.story(), "")
	w.live(`acme = {"name": "Acme"}`)
	check(t, w.story(), `03-02T09:00 enroll back acme left: account.status == "churned" became true`)
}

func TestOnlyBecomingTrueStarts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onChurn)
	w.live(`acme = {"status": "churned"}`, `acme = {"name": "Acme"}`, `acme = {"status": "churned", "name": "A"}`)
	w.clock.Move(start.Add(time.Hour))
	w.live(`acme = {"status": "active"}`)
	w.clock.Move(start.Add(2 * time.Hour))
	w.endAll()
	w.live(`acme = {"status": "churned"}`)
	check(t, w.story(), `
03-02T09:00 enroll back acme left: account.status == "churned" became true
03-02T11:00 enroll back acme left: account.status == "churned" became true`)
}

func TestConditionMustHoldForItsTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strings.Replace(onChurn, `"churned"}`, `"churned", for: 3d}`, 1))
	w.live(`acme = {"status": "churned"}`, `bolt = {"status": "churned"}`)
	w.run(48 * time.Hour)
	w.live(`acme = {"status": "active"}`)
	w.run(4 * time.Hour)
	w.live(`acme = {"status": "churned"}`)
	w.run(60 * time.Hour)
	check(t, w.story(), `03-05T09:00 enroll back bolt left: account.status == "churned" held for 3d`)
	w.run(60 * time.Hour)
	check(t, w.story(), `
03-05T09:00 enroll back bolt left: account.status == "churned" held for 3d
03-07T13:00 enroll back acme left: account.status == "churned" held for 3d`)
}

func TestAnAccountThatGoesSilentStartsThoughNoEventArrives(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onQuiet)
	w.live(`acme Login {"count": 9}`, `acme = {}`, `bolt Login {"count": 9}`, `bolt = {}`)
	w.run(10 * 24 * time.Hour)
	w.live(`bolt Login {"count": 9}`)
	check(t, w.story(), "")
	w.run(8 * 24 * time.Hour)
	if got := w.story(); !strings.Contains(got, "enroll quiet acme") || strings.Contains(got, "bolt") {
		t.Errorf("got:\n%s\nwant acme alone to start by the scan", got)
	}
	before := w.story()
	w.run(5 * 24 * time.Hour)
	check(t, w.story(), before)
}

func TestDatesFollowTheField(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onRenewal)
	w.live(`acme = {"status": "active", "renewal_date": "2026-06-10"}`, // 90 days before: 12 March
		`bolt = {"status": "active", "renewal_date": "2026-06-11"}`,
		`cord = {"status": "active", "renewal_date": "2026-03-20"}`) // gone by when first seen
	w.run(5 * 24 * time.Hour)
	w.live(`acme = {"renewal_date": "2026-07-10"}`)
	w.run(10 * 24 * time.Hour)
	check(t, w.story(), `03-13T00:00 enroll renewal bolt ninety: 90d before account.renewal_date (2026-06-11)`)
	w.live(`acme = {"name": "Acme"}`, `bolt = {"name": "Bolt"}`)
	w.run(30 * 24 * time.Hour)
	check(t, w.story(), `
03-13T00:00 enroll renewal bolt ninety: 90d before account.renewal_date (2026-06-11)
04-11T00:00 enroll renewal acme ninety: 90d before account.renewal_date (2026-07-10)`)
}

func TestADateLooksAtTheFactsOnItsDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onRenewal)
	w.live(`acme = {"status": "active", "renewal_date": "2026-06-10"}`)
	w.run(24 * time.Hour)
	w.live(`acme Churned`)
	w.run(30 * 24 * time.Hour)
	check(t, w.story(), "")
}

func TestADateGoneByStartsOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strings.Replace(onRenewal, "before: 90d", "before: 90d, if_past: start", 1))
	w.live(`acme = {"status": "active", "renewal_date": "2026-03-20"}`)
	check(t, w.story(), `03-02T09:00 enroll renewal acme ninety: 90d before account.renewal_date (2026-03-20), gone by when first seen`)
}

func TestADateThatFellDueWhileWeWereDownStillStarts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onRenewal)
	w.live(`acme = {"status": "active", "renewal_date": "2026-06-10"}`)
	w.clock.Move(start.AddDate(0, 0, 12)) // nobody fired the agenda
	w.live(`acme = {"renewal_date": "2026-06-10", "name": "Acme"}`)
	w.run(time.Hour)
	if got := w.story(); !strings.Contains(got, "enroll renewal acme") {
		t.Errorf("got %q; the date was lost", got)
	}
}

func TestADerivedDateGoesOnToTheNextYearByItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onRenewal)
	w.live(`acme = {"status": "active"}`,
		`acme Subscription Started {"subscription_id": "s1", "renews": "2024-06-10"}`,
		`acme Subscription Started {"subscription_id": "s2", "renews": "2024-12-24"}`)
	for range 4 {
		w.run(100 * 24 * time.Hour)
		w.endAll()
	}
	check(t, w.story(), `
03-12T00:00 enroll renewal acme ninety: 90d before account.renewal_date (2026-06-10)
09-25T00:00 enroll renewal acme ninety: 90d before account.renewal_date (2026-12-24)
03-12T00:00 enroll renewal acme ninety: 90d before account.renewal_date (2027-06-10)`)
}

func TestHistoryLeavesDerivedDatesOnTheAgenda(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onRenewal)
	w.take(intake.History, `acme = {"status": "active"}`, `acme Subscription Started {"subscription_id": "s1", "renews": "2024-03-10"}`)
	w.run(400 * 24 * time.Hour)
	check(t, w.story(), `12-10T00:00 enroll renewal acme ninety: 90d before account.renewal_date (2027-03-10)`)
}

func TestPublishAndImportStartNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.take(intake.History, `acme = {"status": "churned", "renewal_date": "2026-03-20"}`, `acme Ticket Opened {"priority": "high"}`)
	w.publish(map[string]*playbooks.Playbook{}, onChurn, onQuiet, onRenewal, onTicket)
	w.take(intake.History, `bolt = {"status": "churned"}`, `bolt Ticket Opened {"priority": "high"}`)
	w.live(`bolt = {"name": "Bolt"}`, `acme = {"name": "Acme"}`, `acme Login {"count": 1}`)
	w.run(5 * 24 * time.Hour)
	check(t, w.story(), "")
}

func TestPublishEnrollsExistingOnesWhenAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.live(`acme = {"status": "churned"}`, `bolt = {"status": "active"}`)
	w.publish(map[string]*playbooks.Playbook{}, strings.Replace(onChurn, `"churned"}`, `"churned", existing: enroll}`, 1))
	check(t, w.story(), `03-02T09:00 enroll back acme left: account.status == "churned" became true`)
}

func TestANewVersionKeepsWhatItOnlyCarriesAlong(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onChurn)
	w.live(`acme = {"status": "active"}`)
	w.publish(map[string]*playbooks.Playbook{}, onChurn+"\ntitle: Another title")
	w.live(`acme Churned`)
	if got := w.story(); !strings.Contains(got, "enroll back acme") {
		t.Errorf("got %q; want an entry by the new version", got)
	}
}

func TestLateMessagesChangeStateAndStartNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onTicket, onChurn)
	w.live(`acme = {}`, `bolt = {}`)
	res := w.take(intake.Live, `acme Ticket Opened {"priority": "high"} @-25h`, `acme Churned @-25h`, `bolt Churned @-23h`)
	if res.Late != 2 {
		t.Errorf("%d late; want 2", res.Late)
	}
	w.live(`acme = {"name": "Acme"}`)
	check(t, w.story(), `03-02T09:00 enroll back bolt left: account.status == "churned" became true`)
	if !strings.Contains(w.state(), `"status":{"v":"churned"`) {
		t.Error("the late message did not change the state")
	}
}

func TestRulesOfEntry(t *testing.T) {
	t.Parallel()
	ticket := `acme Ticket Opened {"priority": "high"}`
	for _, c := range []struct{ name, enroll, want string }{
		{"one at a time", "{}", "enroll already_active"},
		{"not within", "{not_within: 6mo}", "enroll end not_within +200d enroll"},
		{"at most", "{at_most: 2}", "enroll end enroll end at_most"},
		{"once for the trigger", "{once_per: [trigger]}", "enroll end none"},
		{"rest of the playbook", "{}", "enroll end rest resting lift enroll"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, onTicket+"\nenroll: "+c.enroll)
			w.live(`acme = {"status": "active"}`)
			for word := range strings.FieldsSeq(c.want) {
				w.clock.Move(w.clock.Now().Add(time.Minute))
				before := w.story()
				switch word {
				case "end":
					w.endAll()
					continue
				case "+200d":
					w.clock.Move(w.clock.Now().AddDate(0, 0, 200))
					continue
				case "lift":
					w.live(`acme = {"changed": true}`)
					continue
				case "rest":
					w.update(func(tx store.Tx) error {
						return tx.PutRest(store.Rest{Account: "acme", Scope: "playbook:calm", Until: start.AddDate(1, 0, 0), Reason: "declined", Unless: "account.changed"})
					})
					continue
				}
				w.live(ticket)
				said := strings.TrimPrefix(w.story(), before)
				if word == "none" && said != "" || word != "none" && !strings.Contains(said, word) {
					t.Errorf("got %q; want %s", said, word)
				}
			}
		})
	}
}

func TestNobodyForgesOurEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "playbook: after\ntrigger: {on: task.completed}")
	w.live(`acme = {}`)
	m := w.msg(`acme task.completed`)
	m.Source = "segment"
	res := w.takeAll(intake.Live, []holdfast.Message{m, w.msg(`acme = {"name": "Acme"}`)})
	if res.Rejected != 1 || res.Fresh != 1 || !strings.Contains(res.Problems[0].Reason, "Holdfast's own") {
		t.Errorf("got %+v; want the forged one refused and its neighbour taken", res)
	}
	check(t, w.story(), "")
}

func TestABadMessageSpoilsNoneBesideIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onTicket)
	ms := []holdfast.Message{w.msg(`acme = {"status": "active", "arr": "much"}`), w.msg(`acme = {"status": "gone"}`), w.msg(`acme = {"status": "active"}`), w.msg(`acme Login @48h`), w.msg(`acme Login`), w.msg(`/who :`)}
	ms[4].ID = ""
	res := w.takeAll(intake.Live, ms)
	if res.Fresh != 1 || res.Rejected != 5 {
		t.Fatalf("got %+v; want one taken and five refused", res)
	}
	for i, want := range []string{"arr", "gone", "after now", "no message id", "nobody called"} {
		if got := res.Problems[i].Reason; !strings.Contains(got, want) {
			t.Errorf("reason %d: %q; want it to name %q", i, got, want)
		}
	}
}

func TestAnEmittedEventCommitsWithItsCaller(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "playbook: after\ntrigger: {on: task.completed}")
	w.live(`acme = {}`)
	stop := errors.New("stop")
	m := w.msg(`acme task.completed {"by": "ana"}`)
	err := w.Store.Update(context.Background(), func(tx store.Tx) error {
		if err := w.Emit(tx, m); err != nil {
			return err
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	check(t, w.story(), "")
	w.update(func(tx store.Tx) error { return w.Emit(tx, m) })
	check(t, w.story(), `03-02T09:00 enroll after acme event: task.completed`)
}

func (w *world) update(fn func(tx store.Tx) error) {
	w.t.Helper()
	if err := w.Store.Update(context.Background(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// endAll ends every active enrollment, as the workflow would.
func (w *world) endAll() {
	w.t.Helper()
	w.update(func(tx store.Tx) error {
		es, err := tx.ListEnrollments(store.EnrollmentFilter{Status: "active", Limit: 100_000})
		if err != nil {
			return err
		}
		for _, e := range es {
			e.Status, e.Outcome, e.EndedAt = "ended", "done", w.clock.Now()
			if err := tx.PutEnrollment(e); err != nil {
				return err
			}
		}
		return nil
	})
}
