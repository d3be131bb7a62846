package activities_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/activities"
	"holdfast/internal/source"
	"holdfast/internal/store"
	"holdfast/rules"
)

// quietWorld is a world whose project orders its lanes, with books published.
func quietWorld(t *testing.T, books ...string) *world {
	t.Helper()
	w := newWorld(t, books[0])
	w.laneOrder()
	for _, text := range books[1:] {
		w.publish(text)
	}
	return w
}

// laneOrder makes w's a project whose lanes have an order.
func (w *world) laneOrder() {
	w.t.Helper()
	docs, found := source.Parse("rules.yaml", []byte(schema+"---\nlanes: [save, renewal, win-back, nurture]\n"))
	if len(found) > 0 {
		w.t.Fatal(found)
	}
	if w.rules, found = rules.Load(docs); len(found) > 0 {
		w.t.Fatal(found)
	}
}

// book is a playbook whose mails may go at any time.
func book(name, rest string) string {
	return "playbook: " + name + "\nclass: outreach\nowner: account.owner\ntrigger: {on: ping}\n" +
		"guardrails: {send_window: always, avoid: [], caps: []}\nexit: [{on: email.replied, outcome: responded}]\n" + rest
}

// start enrols an account in a published playbook.
func (w *world) start(name, key string, edit ...func(*store.Enrollment)) *run {
	w.t.Helper()
	var digest string
	w.update(func(tx store.Tx) error {
		heads, err := tx.Heads()
		digest = heads[name]
		return err
	})
	edit = append([]func(*store.Enrollment){func(e *store.Enrollment) {
		e.ID, e.Playbook, e.Digest = holdfast.EnrollmentID(name, e.Account, key), name, digest
	}}, edit...)
	return w.enroll(key, edit...)
}

// live lets runs go on until a moment, as the conductor would.
func (w *world) live(until time.Time, runs ...*run) {
	w.t.Helper()
	byID := map[string]*run{}
	for _, r := range runs {
		byID[r.id] = r
	}
	for range 100_000 {
		next, moved := until, false
		for _, e := range w.active() {
			switch r := byID[e.ID]; {
			case r == nil:
			case e.Woken != e.Echoed || !e.Due.IsZero() && !e.Due.After(w.clock.Now()):
				r.advance()
				moved = true
			case !e.Due.IsZero() && e.Due.Before(next):
				next = e.Due
			}
		}
		switch {
		case moved:
		case next.After(w.clock.Now()):
			w.clock.Move(next)
		default:
			return
		}
	}
	w.t.Fatal("time does not pass")
}

// customer is an account in New York with a champion.
func (w *world) customer(id string) {
	w.t.Helper()
	w.update(func(tx store.Tx) error {
		if err := tx.PutAccount(store.Account{ID: id, Known: true, Fields: fields("name", id, "owner", "olga", "timezone", "America/New_York")}); err != nil {
			return err
		}
		return tx.PutContact(store.Contact{ID: "c" + id, Account: id, Fields: fields("email", id+"@acme.test", "first_name", "Dana", "role", "champion")})
	})
}

func (w *world) active() (all []store.Enrollment) {
	w.t.Helper()
	w.update(func(tx store.Tx) (err error) {
		all, err = tx.ListEnrollments(store.EnrollmentFilter{Status: "active"})
		return err
	})
	return all
}

const (
	saves    = "lane: save\nsteps:\n  - {id: talk, wait: 5d}\n  - {id: mail, email: hello, to: [contacts.champion]}\n  - {id: close, end: saved}\n"
	winsBack = "lane: win-back\nsteps:\n  - {id: pause, wait: 1d}\n  - {id: mail, email: hello, to: [contacts.champion]}\n  - {id: close, end: done}\n"
)

func TestAWeakerLaneWaitsUntilTheStrongerHasEnded(t *testing.T) {
	t.Parallel()
	w := quietWorld(t, book("save", saves), book("win-back", winsBack))
	weak := w.start("win-back", "1")
	w.live(monday.Add(time.Hour), weak)
	strong := w.start("save", "1")
	w.live(monday.AddDate(0, 0, 3), weak, strong)
	if e := weak.row(); !strings.Contains(e.Doing, "lane") || len(w.email.sent) != 0 {
		t.Fatalf("it %s, %d e-mails; want it to wait for the lane", e.Doing, len(w.email.sent))
	}
	w.live(monday.AddDate(0, 0, 4), weak, strong)
	var why string
	w.update(func(tx store.Tx) error {
		lines, err := tx.LinesOf(weak.id)
		for _, l := range lines {
			if l.Outcome == "parked" {
				why += l.Reason
			}
		}
		return err
	})
	if want := "lane: playbook save in lane save comes before lane win-back"; why != want {
		t.Errorf("got the reason %q, want %q", why, want)
	}
	w.live(monday.AddDate(0, 0, 9), weak, strong)
	if got := touched(w); got != "save mail, win-back mail" {
		t.Errorf("went: %s", got)
	}
}

// touched are the e-mails that went, in order.
func touched(w *world) string {
	var went []string
	for _, m := range w.email.sent {
		w.update(func(tx store.Tx) error {
			h, err := tx.Touch(m.Touch)
			went = append(went, h.Playbook+" "+h.Step)
			return err
		})
	}
	return strings.Join(went, ", ")
}

func TestALaneBindsOnlyWhomItConcerns(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, weak, strong string
		edit               func(*store.Enrollment)
	}{
		{name: "that ignores it", weak: "when_preempted: ignore\n" + winsBack, strong: saves},
		{name: "beside a receipt", weak: winsBack, strong: "class: transactional\n" + saves},
		{name: "beside an account held out", weak: winsBack, strong: saves, edit: func(e *store.Enrollment) { e.Arm = "holdout" }},
		{name: "beside a shadow", weak: winsBack, strong: "mode: shadow\n" + saves},
		{name: "in the same lane", weak: winsBack, strong: strings.Replace(saves, "lane: save", "lane: win-back", 1)},
		{name: "without a lane", weak: strings.Replace(winsBack, "lane: win-back\n", "", 1), strong: saves},
		{name: "to our own people", strong: saves,
			weak: "lane: win-back\nsteps:\n  - {id: pause, wait: 1d}\n  - {id: note, slack: owner, text: look}\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			strong := book("save", tt.strong)
			if strings.Contains(tt.strong, "class:") {
				strong = strings.Replace(strong, "class: outreach\n", "", 1)
			}
			w := quietWorld(t, strong, book("win-back", tt.weak))
			weak := w.start("win-back", "1")
			edit := []func(*store.Enrollment){}
			if tt.edit != nil {
				edit = append(edit, tt.edit)
			}
			w.live(monday.AddDate(0, 0, 2), weak, w.start("save", "1", edit...))
			if e := weak.row(); e.Status != "ended" {
				t.Errorf("it %s", e.Doing)
			}
		})
	}
}

// TestAPlaybookDoesNotKeepWaitingWhatItRuns: it may be waiting for that itself.
func TestAPlaybookDoesNotKeepWaitingWhatItRuns(t *testing.T) {
	t.Parallel()
	w := quietWorld(t, book("save", saves), book("win-back", winsBack))
	parent := w.start("save", "1")
	ran := func(by *run) func(*store.Enrollment) {
		return func(e *store.Enrollment) { e.Trigger, e.Occurrence = "run", by.id+"/sub" }
	}
	child := w.start("win-back", "1", ran(parent))
	grandchild := w.start("win-back", "2", ran(child))
	stranger := w.start("win-back", "3", func(e *store.Enrollment) { e.Trigger, e.Occurrence = "run", "an/odd id" })
	w.live(monday.AddDate(0, 0, 2), parent, child, grandchild, stranger)
	for one, want := range map[*run]string{child: "ended", grandchild: "ended", stranger: "active"} {
		if e := one.row(); e.Status != want {
			t.Errorf("%s is %s (%s), want %s", e.EntryKey, e.Status, e.Doing, want)
		}
	}
}

func TestATouchThatALaneKeptTooLongIsSkipped(t *testing.T) {
	t.Parallel()
	w := quietWorld(t, book("save", saves), book("win-back", strings.Replace(winsBack, "champion]", "champion], expires: 2d", 1)))
	weak, strong := w.start("win-back", "1"), w.start("save", "1")
	w.live(monday.AddDate(0, 0, 4), weak, strong)
	if e := weak.row(); e.Outcome != "done" || len(w.email.sent) != 0 {
		t.Errorf("%s %s, %d e-mails", e.Status, e.Doing, len(w.email.sent))
	}
	var skipped string
	w.update(func(tx store.Tx) error {
		lines, err := tx.LinesOf(weak.id)
		for _, l := range lines {
			if l.Kind == "skip" {
				skipped = l.Reason
			}
		}
		return err
	})
	if !strings.Contains(skipped, "lane") {
		t.Errorf("skipped for %q", skipped)
	}
}

// TestNeverTwoLanesTouchAtOnce plays fifty orders of starts and ends.
func TestNeverTwoLanesTouchAtOnce(t *testing.T) {
	t.Parallel()
	lanes := []string{"save", "renewal", "win-back", "nurture"}
	var books []string
	for _, lane := range lanes {
		books = append(books, book(lane, "lane: "+lane+"\nsteps:\n  - {id: a, email: hello, to: [contacts.champion]}\n  - {id: p, wait: 30h}\n"+
			"  - {id: b, email: hello, to: [contacts.champion]}\n  - {id: q, wait: 50h}\n  - {id: c, email: hello, to: [contacts.champion]}\n"))
	}
	w, waited := quietWorld(t, books...), 0
	for seed := range uint64(50) {
		r, acme := rand.New(rand.NewPCG(seed, 1)), fmt.Sprintf("acme-%02d", seed)
		w.customer(acme)
		active := map[string]*run{}
		w.email.fail = func(m holdfast.Outbound) error {
			for lane, one := range active {
				if one.id == m.Enrollment {
					continue
				}
				mine := slices.IndexFunc(lanes, func(l string) bool { return active[l] != nil && active[l].id == m.Enrollment })
				if slices.Index(lanes, lane) < mine && one.row().Status == "active" {
					t.Errorf("seed %d: %s touches while %s is active", seed, lanes[mine], lane)
				}
			}
			return nil
		}
		var runs []*run
		for i := range 4 {
			lane := lanes[r.IntN(len(lanes))]
			if one := active[lane]; one == nil || one.row().Status == "ended" {
				active[lane] = w.start(lane, fmt.Sprint(i), func(e *store.Enrollment) {
					e.Account, e.ID = acme, holdfast.EnrollmentID(lane, acme, fmt.Sprint(i))
				})
				runs = append(runs, active[lane])
			}
			w.live(w.clock.Now().Add(time.Duration(r.IntN(40))*time.Hour), runs...)
			if pick := runs[r.IntN(len(runs))]; r.IntN(4) == 0 && pick.row().Status == "active" {
				w.update(func(tx store.Tx) error {
					return tx.Signal(store.Signal{Enrollment: pick.id, Kind: "exit", Outcome: "responded", At: w.clock.Now()})
				})
			}
		}
		w.live(w.clock.Now().AddDate(0, 0, 40), runs...)
		for _, one := range runs {
			if e := one.row(); e.Status != "ended" {
				t.Errorf("seed %d: %s is lost: it %s", seed, e.Playbook, e.Doing)
			}
			waited += strings.Count(strings.Join(one.timeline(), "\n"), "parked lane")
		}
	}
	if waited < 20 {
		t.Errorf("only %d touches had to wait; the test sees too little", waited)
	}
}

func TestAHeldAccountGetsNoAutomatedTouch(t *testing.T) {
	t.Parallel()
	talks := "steps:\n  - {id: freeze, hold: account, reason: executive talks, for: 4d}\n" +
		"  - {id: call, task: Call them, channel: phone, expires: 2d}\n  - {id: more, wait: 30d}\n"
	w := quietWorld(t, book("escalation", talks), book("win-back", winsBack),
		book("work", "steps:\n  - {id: inside, task: Look into it, expires: 1d}\n  - {id: outside, task: Call, channel: phone, expires: 9d}\n"))
	boss, weak, work := w.start("escalation", "1"), w.start("win-back", "1"), w.start("work", "1")
	all := []*run{boss, weak, work}
	w.live(monday.AddDate(0, 0, 3), all...)
	if len(w.email.sent) != 0 || len(boss.tasks()) != 1 || len(work.tasks()) != 1 {
		t.Fatalf("%d e-mails, %d tasks of the holder, %d of others", len(w.email.sent), len(boss.tasks()), len(work.tasks()))
	}
	if e := weak.row(); !e.Due.Equal(monday.AddDate(0, 0, 4)) || !strings.Contains(e.Doing, "held") {
		t.Errorf("it %s, due %s; want until the hold ends", e.Doing, e.Due)
	}
	w.live(monday.AddDate(0, 0, 5), all...)
	if len(w.email.sent) != 1 || len(work.tasks()) != 2 {
		t.Errorf("after the hold: %d e-mails, %d tasks", len(w.email.sent), len(work.tasks()))
	}
}

func TestTheLongestHoldCountsAndAReleaseWakes(t *testing.T) {
	t.Parallel()
	w := quietWorld(t, book("win-back", winsBack))
	weak := w.start("win-back", "1")
	hold := func(reason string, until func(time.Time) time.Time) {
		w.clock.Move(w.clock.Now().Add(time.Minute))
		if _, err := activities.HoldAccount(t.Context(), w.store, "acme", "Mira", reason, until, w.clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	hold("short", func(now time.Time) time.Time { return now.Add(48 * time.Hour) })
	hold("long", func(now time.Time) time.Time { return now.Add(240 * time.Hour) })
	w.live(monday.AddDate(0, 0, 5), weak)
	if e := weak.row(); !e.Due.Equal(monday.Add(240*time.Hour+2*time.Minute)) || len(w.email.sent) != 0 {
		t.Fatalf("it %s; want the longest hold", e.Doing)
	}
	ended, err := activities.ReleaseAccount(t.Context(), w.store, "acme", "Mira", false, w.clock.Now())
	if err != nil || len(ended) != 1 { // the short one is over
		t.Fatal(ended, err)
	}
	w.live(w.clock.Now(), weak)
	if len(w.email.sent) != 1 {
		t.Errorf("%d e-mails after the release, want 1", len(w.email.sent))
	}
	if _, err := activities.HoldAccount(t.Context(), w.store, "acmee", "Mira", "", func(time.Time) time.Time { return time.Time{} }, monday); err == nil {
		t.Error("an account that is not there was held")
	}
}

func TestAHoldWithoutAnEndLastsUntilItsEnrollmentEndsOrReleasesIt(t *testing.T) {
	t.Parallel()
	for name, last := range map[string]string{
		"end":     "steps:\n  - {id: freeze, hold: account, reason: talks}\n  - {id: talk, wait: 6d}\n",
		"release": "steps:\n  - {id: freeze, hold: account, reason: talks}\n  - {id: talk, wait: 6d}\n  - {id: thaw, release: account}\n  - {id: on, wait: 90d}\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := quietWorld(t, book("escalation", last), book("win-back", winsBack))
			boss, weak := w.start("escalation", "1"), w.start("win-back", "1")
			w.live(monday.AddDate(0, 0, 5), boss, weak)
			if e := weak.row(); len(w.email.sent) != 0 || !e.Due.IsZero() {
				t.Fatalf("%d e-mails while it is held, due %s", len(w.email.sent), e.Due)
			}
			w.live(monday.AddDate(0, 0, 7), boss, weak)
			if len(w.email.sent) != 1 {
				t.Errorf("%d e-mails after the hold, want 1", len(w.email.sent))
			}
		})
	}
}
