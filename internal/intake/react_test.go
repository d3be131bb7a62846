package intake_test

import (
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/internal/intake"
	"holdfast/internal/store"
	"holdfast/steps"
)

const saves = `playbook: save
trigger: {id: ticket, on: Ticket Opened}
goal: {when: account.status == "active", outcome: saved, within: 90d}
exit:
  - {on: Churned, outcome: lost, rest: {for: 6mo, unless: account.changed}}
  - {on: email.replied, when: account.arr > 1000, outcome: answered}
  - {when: account.seats < 1, outcome: empty}`

// listening enrolls acme in saves and opens its wait_for.
func listening(t *testing.T, traits string, events ...string) *world {
	t.Helper()
	w := newWorld(t, saves)
	w.live(`acme = `+traits, `acme Ticket Opened`)
	w.update(func(tx store.Tx) error {
		es, err := tx.EnrollmentsOf("acme", true)
		if err != nil {
			return err
		}
		return tx.PutListener(store.Listener{Enrollment: es[0].ID, Path: "answer", Account: "acme", Events: events, OpenedAt: w.clock.Now()})
	})
	w.clock.Move(start.Add(time.Hour))
	return w
}

func signals(w *world) string {
	var kept []string
	for line := range strings.Lines(w.story()) {
		if !strings.Contains(line, " enroll ") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

func TestOnOneEventAnExitBeatsAWaitFor(t *testing.T) {
	t.Parallel()
	w := listening(t, `{"status": "trial", "arr": 5000}`, "email.replied")
	w.live(`acme/dana email.replied`, `acme/dana email.replied`)
	check(t, signals(w), `signal exit save answered email.replied and account.arr > 1000`)
}

func TestAWaitForHearsWhatIsNoExit(t *testing.T) {
	t.Parallel()
	w := listening(t, `{"status": "trial", "arr": 500}`, "email.replied")
	w.live(`acme/dana Login`, `acme/dana email.replied`)
	check(t, signals(w), `signal heard save answer email.replied`)
}

// A source may send what no rule declares: that is kept, and nothing has failed.
func TestAnEventThatNobodyDeclaredIsNoFailure(t *testing.T) {
	t.Parallel()
	w := listening(t, `{"status": "trial"}`, "page")
	var logged strings.Builder
	w.Log = slog.New(slog.NewTextHandler(&logged, nil))
	w.live(`acme page {"name": "Pricing"}`)
	check(t, signals(w), `signal heard save answer page`)
	if logged.Len() > 0 {
		t.Errorf("logged %s", &logged)
	}
}

func TestAWaitForIgnoresWhatHappenedBeforeTheLastTouch(t *testing.T) {
	t.Parallel()
	w := listening(t, `{"status": "trial", "arr": 500}`, "Login")
	w.update(func(tx store.Tx) error {
		es, err := tx.EnrollmentsOf("acme", true)
		if err != nil {
			return err
		}
		es[0].State, _ = json.Marshal(steps.State{V: 1, Touched: w.clock.Now()})
		return tx.PutEnrollment(es[0])
	})
	w.live(`acme Login @-30m`)
	check(t, signals(w), "")
	w.live(`acme Login`)
	check(t, signals(w), `signal heard save answer Login`)
}

func TestTheFirstExitCounts(t *testing.T) {
	t.Parallel()
	w := listening(t, `{"status": "trial"}`)
	w.live(`acme Churned`, `acme = {"arr": 5000}`, `acme email.replied`)
	check(t, signals(w), `signal exit save lost Churned`)
	w.view(func(tx store.Tx) error {
		es, err := tx.EnrollmentsOf("acme", true)
		if err != nil {
			return err
		}
		sig, err := tx.ExitOf(es[0].ID)
		if got := string(sig.Data); got != `{"for":"6mo","unless":"account.changed"}` {
			t.Errorf("rest is %s", got)
		}
		return err
	})
}

func TestAConditionEndsAnEnrollmentAndAGoalIsKept(t *testing.T) {
	t.Parallel()
	w := listening(t, `{"status": "trial"}`)
	w.live(`acme = {"status": "active"}`)
	check(t, signals(w), `
03-02T10:00 goal save acme saved: account.status == "active" became true
signal exit save saved the goal is met`)
}

func TestWhatHoldsAlreadyIsNoGoal(t *testing.T) {
	t.Parallel()
	w := listening(t, `{"status": "active"}`)
	w.live(`acme = {"name": "Acme"}`, `acme = {"status": "active"}`)
	check(t, signals(w), "")
	w.live(`acme = {"status": "trial"}`, `acme = {"status": "active"}`)
	if got := signals(w); !strings.Contains(got, "goal save acme saved") {
		t.Errorf("got %q; want the goal once it came back", got)
	}
}

func TestAGoalCountsAfterTheEndWithinItsWindow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		days int
		want string
	}{{80, `05-21T10:00 goal save acme saved: account.status == "active" became true`}, {100, ""}} {
		w := listening(t, `{"status": "trial"}`)
		w.endAll()
		w.clock.Move(w.clock.Now().AddDate(0, 0, c.days))
		w.live(`acme = {"status": "active"}`)
		check(t, signals(w), c.want)
	}
}

func TestAnEventForbidsWritingInItsOwnTransaction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.live(`acme/dana : {"email": "Dana@Acme.example"}`, `acme/dana contact.opted_out`,
		`acme/eve email.bounced {"email": "eve@acme.example"}`, `acme/fay email.bounced {"email": "f@acme.example", "class": "soft"}`)
	w.view(func(tx store.Tx) error {
		for _, c := range []struct{ contact, address, want string }{
			{"dana", "", "opted_out"}, {"", "dana@acme.example", "opted_out"}, {"eve", "", "bounced"}, {"fay", "f@acme.example", ""},
		} {
			ss, err := tx.Suppressions(c.contact, c.address)
			if err != nil {
				return err
			}
			var got []string
			for _, s := range ss {
				got = append(got, s.Kind)
			}
			if strings.Join(got, ",") != c.want {
				t.Errorf("%s%s: suppressed by %q; want %q", c.contact, c.address, got, c.want)
			}
		}
		return nil
	})
}

func TestTheNewestWordAboutOutreachHolds(t *testing.T) {
	t.Parallel()
	const pause = `acme/dana contact.paused {"until": "2026-06-01T00:00:00Z"}`
	for _, c := range []struct {
		name string
		said []string
		want string
	}{
		{"a pause", []string{pause}, "paused 2026-06-01"},
		{"a no ends a pause", []string{pause, `acme/dana contact.opted_out`}, "opted_out"},
		{"a pause softens a no", []string{`acme/dana contact.opted_out`, pause}, "paused 2026-06-01"},
		{"taken back", []string{pause, `acme/dana contact.opted_out`, `acme/dana contact.opted_in`}, ""},
		{"a bounce stays", []string{`acme/dana email.bounced`, `acme/dana contact.opted_in`}, "bounced"},
		{"a pause without an end", []string{`acme/dana contact.paused`}, "paused"},
		{"another person", []string{`acme/dana contact.opted_out`, `acme/eve contact.opted_in`}, "opted_out"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.live(append([]string{`acme/dana : {"email": "Dana@Acme.example"}`}, c.said...)...)
			w.view(func(tx store.Tx) error {
				ss, err := tx.Suppressions("dana", "dana@acme.example")
				var got []string
				for _, s := range ss {
					word := s.Kind
					if !s.Until.IsZero() {
						word += s.Until.Format(" 2006-01-02")
					}
					got = append(got, word)
				}
				if strings.Join(got, ",") != c.want {
					t.Errorf("suppressed by %q; want %q", got, c.want)
				}
				return err
			})
		})
	}
}

func TestAWaitForADateWakesWhenTheDateMoves(t *testing.T) {
	t.Parallel()
	w := newWorld(t, `playbook: dated
trigger: {on: Ticket Opened}
steps:
  - {id: ahead, wait: {until: account.renewal_date.add_days(-30)}}`)
	w.live(`acme = {"renewal_date": "2026-09-01"}`, `acme Ticket Opened`)
	var woken int64
	look := func() int64 {
		w.view(func(tx store.Tx) error {
			es, err := tx.EnrollmentsOf("acme", true)
			woken = es[0].Woken
			return err
		})
		return woken
	}
	w.update(func(tx store.Tx) error {
		es, err := tx.EnrollmentsOf("acme", true)
		if err != nil {
			return err
		}
		es[0].State, _ = json.Marshal(steps.State{V: 1, At: "ahead", Wait: &steps.Wait{Path: "ahead", Kind: "time", Until: w.clock.Now()}})
		return tx.PutEnrollment(es[0])
	})
	before := look()
	w.live(`acme = {"name": "Acme"}`)
	if got := look(); got != before {
		t.Errorf("woken %d times by a field it does not read", got-before)
	}
	w.live(`acme = {"renewal_date": "2026-10-01"}`)
	if got := look(); got != before+1 {
		t.Errorf("woken %d times; want once", got-before)
	}
}

func TestAnyOrderOfTheSameMessagesEndsInTheSameState(t *testing.T) {
	t.Parallel()
	source := newWorld(t)
	var ms []holdfast.Message
	for _, text := range []string{
		`acme = {"name": "Acme", "status": "trial", "seats": 3} @-9h`,
		`acme = {"status": "active", "arr": 100} @-8h`,
		`acme = {"status": "churned"} @-8h`, // a tie: the greater id wins
		`acme = {"name": null} @-7h`,
		`bolt Login {"count": 2} @-7h`,
		`bolt = {"status": "active"} @-6h`,
		`acme/dana Login {"count": 1} @-30h`,
		`acme/dana : {"email": "d@acme.example", "role": "champion"} @-5h`,
		`bolt/dana : {"role": "admin"} @-4h`, // she changed companies
		`acme Subscription Started {"subscription_id": "s1", "seats": 5} @-5h`,
		`acme Subscription Started {"subscription_id": "s2", "seats": 7} @-5h`,
		`acme Subscription Ended {"subscription_id": "s1"} @-4h`,
		`acme Subscription Started {"subscription_id": "s1", "seats": 9} @-3h`,
		`bolt Subscription Ended {"subscription_id": "s2"} @-2h`, // handed over
		`acme Churned @-2h`, `acme Login {"count": 4} @-1h`, `acme Login {"count": 4}`, `cord Login {"count": 1}`,
	} {
		ms = append(ms, source.msg(text))
	}
	source.takeAll(intake.Live, ms)
	want := source.state()
	if !strings.Contains(want, "churned") || !strings.Contains(want, `"seats"`) {
		t.Fatal("the state says too little:", want)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 30 {
		w := newWorld(t)
		some := append([]holdfast.Message{}, ms...)
		for range random.IntN(6) {
			some = append(some, ms[random.IntN(len(ms))])
		}
		random.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
		w.Options.BatchMessages = 1 + random.IntN(len(some))
		mode := intake.Mode(round % 2)
		w.takeAll(mode, some)
		if diff := cmp.Diff(want, w.state()); diff != "" {
			t.Fatalf("round %d, mode %d, order %v (-first +this):\n%s", round, mode, ids(some), diff)
		}
	}
}

func ids(ms []holdfast.Message) (s []string) {
	for _, m := range ms {
		s = append(s, m.ID)
	}
	return s
}
