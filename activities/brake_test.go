package activities_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/activities"
	"holdfast/internal/intake"
	"holdfast/internal/store"
)

const gaps = "steps:\n  - {id: opening, email: gap, to: [contacts.champion]}\n  - {id: second, email: gap, to: [contacts.champion]}\n  - {id: close, end: done}\n"

// newcomers run a playbook, each of an account of its own.
func (w *world) newcomers(name string, from, to int) (runs []*run) {
	w.t.Helper()
	for i := from; i < to; i++ {
		id := fmt.Sprintf("c-%03d", i)
		w.customer(id)
		r := w.start(name, "1", func(e *store.Enrollment) { e.Account, e.ID = id, holdfast.EnrollmentID(name, id, "1") })
		r.rest()
		runs = append(runs, r)
	}
	return runs
}

func (w *world) stops() string {
	w.t.Helper()
	all, err := activities.Stops(w.t.Context(), w.store)
	if err != nil {
		w.t.Fatal(err)
	}
	return fmt.Sprint(all)
}

func TestFiveEqualErrorsStopThePlaybookAndNoOther(t *testing.T) {
	t.Parallel()
	w := quietWorld(t, book("win-back", gaps), book("check-in", strings.Replace(gaps, "gap", "hello", 2)))
	w.newcomers("win-back", 0, 4)
	if got := w.stops(); got != "[]" {
		t.Fatalf("stopped by four errors of a kind: %s", got)
	}
	w.newcomers("win-back", 4, 5)
	if got, want := w.stops(), "[{win-back the failure brake: 5 equal errors: missing_variable account.country in win-back/opening}]"; got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
	late := w.newcomers("win-back", 5, 7)
	for _, r := range late {
		if got := r.ledger(); len(got) != 0 || r.last.State.Wait.Reason != "stopped" {
			t.Errorf("after the brake: %v, waits for %+v", got, r.last.State.Wait)
		}
	}
	if w.newcomers("check-in", 10, 11); len(w.email.sent) != 2 {
		t.Errorf("%d e-mails of the other playbook, want its 2", len(w.email.sent))
	}
	before := len(w.slack.sent)
	for range 2 { // the second finds nothing to do
		if err := w.a.Alarms().Fire(t.Context(), w.clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	cards := w.slack.sent[before:]
	if len(cards) != 1 || cards[0].To.ID != "U1" || !strings.Contains(cards[0].Text, "Playbook win-back was stopped by the failure brake") {
		t.Fatalf("told: %+v", cards)
	}
	if err := w.a.CloseTask(t.Context(), cards[0].Task.ID, "done", "olga", nil, w.clock.Now()); err != nil {
		t.Error(err)
	}

	if err := activities.ResumePlaybook(t.Context(), w.store, "win-back", w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	late[0].rest()
	late[1].rest()
	if got := w.stops(); got != "[]" {
		t.Errorf("two errors after it was let go on: %s", got)
	}
	w.newcomers("win-back", 20, 23)
	if got := w.stops(); !strings.Contains(got, "5 equal errors") {
		t.Errorf("five more: %s", got)
	}
}

func TestErrorsOfSeveralKindsOrDaysAreNotEqual(t *testing.T) {
	t.Parallel()
	w := quietWorld(t, book("win-back", gaps))
	w.update(func(tx store.Tx) error {
		for i := range 12 {
			b, err := intake.BrakeOf(tx, "win-back", "acme", monday.Add(time.Duration(i/4)*24*time.Hour))
			if err := errors.Join(err, b.Failed("opening", "missing_variable account.country")); err != nil {
				return err
			}
			b, err = intake.BrakeOf(tx, "win-back", "acme", monday)
			if err := errors.Join(err, b.Failed(fmt.Sprint("step", i), "x")); err != nil {
				return err
			}
		}
		return nil
	})
	if got := w.stops(); got != "[]" {
		t.Errorf("stopped: %s", got)
	}
}

// TestARuleThatFailsStopsThePlaybook: the enrollments are tried again each hour,
// and each counts once.
func TestARuleThatFailsStopsThePlaybook(t *testing.T) {
	t.Parallel()
	w := quietWorld(t, book("win-back", "steps:\n  - id: which\n    branch:\n      - {when: '10 / (size(account.name) - 5) > 1', steps: [{id: a, end: odd}]}\n      - {else: true, steps: [{id: b, end: even}]}\n"))
	runs := w.newcomers("win-back", 0, 4)
	for range 5 {
		for _, r := range runs {
			r.sleep()
		}
	}
	if got := w.stops(); got != "[]" {
		t.Fatalf("four enrollments stopped it: %s", got)
	}
	if w.newcomers("win-back", 4, 5); !strings.Contains(w.stops(), "5 equal errors") || !strings.Contains(w.stops(), `step "which": evaluate 10 / (size(account.name) - 5) > 1: division by zero in win-back`) {
		t.Errorf("got %s", w.stops())
	}
}

func TestAShadowPullsNoBrake(t *testing.T) {
	t.Parallel()
	w := quietWorld(t, book("win-back", "mode: shadow\n"+gaps))
	if w.newcomers("win-back", 0, 9); w.stops() != "[]" {
		t.Errorf("stopped: %s", w.stops())
	}
}

// TestAnAlarmIsToldThoughItsCardIsRefused, and though the process dies.
func TestAnAlarmIsToldThoughItsCardIsRefused(t *testing.T) {
	t.Parallel()
	w := quietWorld(t, book("win-back", gaps))
	w.update(func(tx store.Tx) error {
		return intake.PutAlarm(tx, intake.Alarm{Key: "k", Playbook: "win-back", Account: "acme", At: monday, Title: "Look", Brief: "at it"})
	})
	w.slack.fail = func(holdfast.Outbound) error {
		w.slack.fail = nil
		return &holdfast.DeliveryError{Reason: "rate_limited", Refused: true, Err: errors.New("429")}
	}
	fire := func() {
		t.Helper()
		if err := w.a.Alarms().Fire(t.Context(), w.clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	fire()
	next, ok, err := w.a.Alarms().Next(t.Context())
	if err != nil || !ok || !next.Equal(monday.Add(5*time.Second)) || len(w.slack.sent) != 0 {
		t.Fatalf("the next try is at %s (%v, %v), %d cards", next, ok, err, len(w.slack.sent))
	}
	w.clock.Move(next)
	if fire(); len(w.slack.sent) != 1 {
		t.Errorf("%d cards", len(w.slack.sent))
	}
	if _, ok, _ = w.a.Alarms().Next(t.Context()); ok {
		t.Error("it is told already, and still due")
	}
}
