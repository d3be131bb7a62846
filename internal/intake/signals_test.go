package intake_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"holdfast/internal/intake"
	"holdfast/internal/store"
)

// Two of: few seats, urgent tickets of the last two weeks (a metric), a low arr.
const troubled = `playbook: troubled
trigger: {when: 'at_least(2, account.seats < 5, metric.logins > 10, account.arr < 1000)'}
`

func TestSeveralSignalsStartWhatOneDoesNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, troubled)
	w.live(`acme = {"seats":50,"arr":9000}`, `acme Login {"count":20}`)
	check(t, w.books("acme"), "")
	w.live(`acme = {"seats":3}`)
	check(t, w.books("acme"), "troubled")
	// An account of which one of the three is never known is judged by the others.
	w.live(`bolt = {"seats":3}`, `bolt Login {"count":20}`)
	check(t, w.books("bolt"), "troubled")
	// A signal that is older than its window counts no more: the clock alone says so.
	w.live(`cord = {"seats":50,"arr":9000}`, `cord Login {"count":20}`)
	w.run(20 * 24 * time.Hour)
	w.live(`cord = {"seats":3}`)
	check(t, w.books("cord"), "")
}

const swings = `playbook: fell
trigger: {when: account.seats < 10, rearm: account.seats >= 15%s}
enroll: {once_per: [trigger, occurrence]}
`

// swing takes the seats one after the other, a day apart, each enrollment over by
// the next, and says how often it started.
func (w *world) swing(seats ...int) int {
	for _, n := range seats {
		w.live(fmt.Sprintf(`acme = {"seats":%d}`, n))
		w.end("acme")
		w.run(24 * time.Hour)
		w.end("acme")
	}
	return len(w.runs("acme"))
}

func TestASwingAboutTheLimitStartsOnceUntilItRecovers(t *testing.T) {
	t.Parallel()
	plain := strings.Replace(fmt.Sprintf(swings, ""), ", rearm: account.seats >= 15", "", 1)
	if n := newWorld(t, plain).swing(20, 9, 11, 9, 14, 9, 15, 9); n != 4 {
		t.Errorf("without rearm it starts %d times, want 4", n)
	}
	if n := newWorld(t, fmt.Sprintf(swings, "")).swing(20, 9, 11, 9, 14, 9, 15, 9); n != 2 {
		t.Errorf("with rearm it starts %d times, want 2", n)
	}
}

func TestWhatHasNotHeldForLongEnoughNeedsNoRecovery(t *testing.T) {
	t.Parallel()
	w := newWorld(t, fmt.Sprintf(swings, ", for: 3d"))
	if n := w.swing(20, 9, 11, 9, 9, 9, 9); n != 1 {
		t.Errorf("it starts %d times, want 1: a short dip is none", n)
	}
	w.view(func(tx store.Tx) error {
		held, err := tx.Truth("fell", "condition", "acme")
		if !held.Fired || !held.Since.Equal(start.AddDate(0, 0, 3)) {
			t.Errorf("it is true since %s", held.Since)
		}
		return err
	})
	if n := w.swing(12, 9, 9, 9, 9, 20, 9, 9, 9, 9); n != 2 {
		t.Errorf("it starts %d times, want 2", n)
	}
}

func TestARecoveryThatHistoryTellsOfCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, fmt.Sprintf(swings, ""))
	w.swing(20, 9)
	w.take(intake.History, `acme = {"seats":30}`)
	if n := w.swing(9); n != 2 {
		t.Errorf("it starts %d times, want 2", n)
	}
}
