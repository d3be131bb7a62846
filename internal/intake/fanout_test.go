package intake_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/intake"
	"holdfast/internal/store"
)

// onShipped starts with who churned, all at once.
const onShipped = "playbook: won\ntrigger: {id: gap, on: Shipped, when: '\"sso\" in event.topics && account.status == \"churned\"', spread: 0s}\n"

const shipped = ` Shipped {"topics": ["sso"]}`

// customers makes n accounts, of whom every third has churned.
func (w *world) customers(n int) {
	w.t.Helper()
	ms := make([]holdfast.Message, n)
	for i := range ms {
		ms[i] = w.msg(fmt.Sprintf(`c%05d = {"status": %q}`, i, [...]string{"churned", "active", "trial"}[i%3]))
	}
	w.takeAll(intake.History, ms)
	if err := w.MarkTruths(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) announcements() []intake.Announcement {
	w.t.Helper()
	all, err := intake.Announcements(context.Background(), w.Store)
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

func (w *world) announcement() intake.Announcement {
	w.t.Helper()
	all := w.announcements()
	if len(all) != 1 {
		w.t.Fatalf("%d announcements, want one", len(all))
	}
	return all[0]
}

func TestAnAnnouncementStartsEveryAccountThatMatches(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onShipped+"guardrails: {surge: off}\n")
	w.customers(10_400)
	if res := w.take(intake.Live, shipped); res.Announced != 1 || res.Enrolled != 0 {
		t.Fatalf("%+v", res)
	}
	w.run(time.Hour)
	if n := w.enrolled(); n != 3467 {
		t.Errorf("%d entered, want 3467", n)
	}
	a := w.announcement()
	want := intake.Reach{Playbook: "won", Trigger: "gap", Matches: 3467, Due: 3467, Entered: 3467}
	if a.Phase != intake.Done || a.Accounts != 10_400 || len(a.Triggers) != 1 || a.Triggers[0] != want {
		t.Errorf("%+v", a)
	}
	if held := w.heldTriggers(); len(held) > 0 {
		t.Errorf("it was taken for a surge: %v", held)
	}
	if story := w.story(); !strings.Contains(story, "announce won  Shipped: trigger gap matches 3467 of 10400 accounts (announcement ") {
		t.Errorf("no line with the counts: %.300s", story)
	}
	w.run(30 * 24 * time.Hour)
	if n := w.enrolled(); n != 3467 {
		t.Errorf("%d after a month, want no more", n)
	}
}

func TestAnAnnouncementIsTakenOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onShipped)
	w.customers(30)
	m := w.msg(shipped)
	w.takeAll(intake.Live, []holdfast.Message{m})
	w.run(time.Hour)
	if res := w.takeAll(intake.Live, []holdfast.Message{m}); res.Repeated != 1 || res.Announced != 0 {
		t.Errorf("again: %+v", res)
	}
	if res := w.take(intake.Live, shipped+" @-48h"); res.Late != 1 || res.Announced != 0 {
		t.Errorf("late: %+v", res)
	}
	if res := w.take(intake.History, shipped); res.Fresh != 1 || res.Announced != 0 {
		t.Errorf("history: %+v", res)
	}
	if res := w.take(intake.Live, ` Shipped {"topics": 7}`); len(res.Problems) != 1 || !strings.Contains(res.Problems[0].Reason, "topics") {
		t.Errorf("a value that cannot be: %+v", res)
	}
	if res := w.take(intake.Live, ` Login {"count": 1}`); len(res.Problems) != 1 || !strings.Contains(res.Problems[0].Reason, "names no account") {
		t.Errorf("an event of one account without one: %+v", res)
	}
	w.run(time.Hour)
	if n := w.enrolled(); n != 10 || len(w.announcements()) != 1 {
		t.Errorf("%d entered by %d announcements, want 10 by one", n, len(w.announcements()))
	}
}

func TestAnEventOfAllThatNamesAnAccountIsAboutItAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onShipped)
	w.customers(30)
	w.live("c00003" + shipped)
	w.run(time.Hour)
	if n := w.enrolled(); n != 1 || len(w.announcements()) != 0 {
		t.Errorf("%d entered by %d announcements, want one by none", n, len(w.announcements()))
	}
}

func TestWhoMatchesEntersSpreadAndOnlyIfTheyStillMatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strings.Replace(onShipped, "0s", "5d", 1))
	w.customers(300)
	w.take(intake.Live, shipped)
	w.run(time.Minute)
	a := w.announcement()
	if a.Phase != intake.Spread || a.Triggers[0].Due != 100 || a.Until.Sub(start) < 4*24*time.Hour || a.Until.Sub(start) > 5*24*time.Hour {
		t.Fatalf("%+v", a)
	}
	var before []int
	for range 5 {
		w.run(24 * time.Hour)
		before = append(before, w.enrolled())
		if len(before) == 2 { // some who wait come back, and need nobody's mail
			var back []string
			for i := 0; i < 300; i += 3 {
				back = append(back, fmt.Sprintf(`c%05d = {"status": "active"}`, i))
			}
			w.live(back...)
		}
	}
	if before[0] < 8 || before[1] < before[0]+8 || before[4] != before[1] {
		t.Errorf("entered by the end of each day: %v", before)
	}
	a = w.announcement()
	r := a.Triggers[0]
	if a.Phase != intake.Done || r.Entered != before[1] || r.Passed != 100-before[1] {
		t.Errorf("%+v", a)
	}
	if n := strings.Count(w.story(), "announcement: its conditions no longer hold (Shipped)"); n != r.Passed {
		t.Errorf("%d lines say why an account did not enter, want %d", n, r.Passed)
	}
}

func TestMoreThanAnybodyMeantIsAskedAboutBeforeAnybodyEnters(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onShipped)
	w.customers(600)
	w.take(intake.Live, shipped)
	w.run(48 * time.Hour)
	a := w.announcement()
	if a.Phase != intake.Asks || !strings.Contains(a.Why, "matches 200 of 600 accounts for won, and 120 is the most") || w.enrolled() != 0 {
		t.Fatalf("%d entered: %+v", w.enrolled(), a)
	}
	if all := w.alarms(); len(all) != 1 || !strings.Contains(all[0].Brief, fmt.Sprintf("holdfast announce resume %d", a.Seq)) {
		t.Errorf("alarms: %+v", all)
	}
	if _, err := intake.ResumeAnnouncement(context.Background(), w.Store, a.Seq); err != nil {
		t.Fatal(err)
	}
	w.run(time.Hour)
	if n := w.enrolled(); n != 200 || w.announcement().Phase != intake.Done {
		t.Errorf("%d entered, want 200: %+v", n, w.announcement())
	}
	for _, answer := range []func() (intake.Announcement, error){
		func() (intake.Announcement, error) {
			return intake.ResumeAnnouncement(context.Background(), w.Store, a.Seq)
		},
		func() (intake.Announcement, error) {
			return intake.StopAnnouncement(context.Background(), w.Store, a.Seq, "Mira", w.clock.Now())
		},
		func() (intake.Announcement, error) {
			return intake.StopAnnouncement(context.Background(), w.Store, 999_999, "Mira", w.clock.Now())
		},
	} {
		if _, err := answer(); !errors.As(err, new(*holdfast.Error)) {
			t.Errorf("an answer to nothing: %v", err)
		}
	}
}

func TestAFeedThatRepeatsItselfIsAskedAbout(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onShipped+"enroll: {once_per: [occurrence]}\n")
	w.customers(30)
	for range 12 {
		w.live(shipped)
	}
	w.run(time.Hour)
	asks := 0
	for _, a := range w.announcements() {
		if a.Phase == intake.Asks {
			asks++
		}
	}
	if asks != 2 {
		t.Errorf("%d of 12 on one day wait for an answer, want 2", asks)
	}
}

func TestAStopBindsAnAnnouncement(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strings.Replace(onShipped, "0s", "5d", 1))
	w.customers(300)
	w.take(intake.Live, shipped)
	w.run(24 * time.Hour)
	in := w.enrolled()
	a := w.announcement()
	if _, err := intake.StopAnnouncement(context.Background(), w.Store, a.Seq, "Mira: the release slips", w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	w.run(6 * 24 * time.Hour)
	if n := w.enrolled(); n != in || in == 0 || in == 100 {
		t.Errorf("%d entered before the stop, and %d after", in, n)
	}
	if n := strings.Count(w.story(), "stopped by Mira: the release slips"); n != 100-in {
		t.Errorf("%d accounts say who stopped it, want %d", n, 100-in)
	}
	if a = w.announcement(); a.Phase != intake.Stopped || a.Triggers[0].Passed != 100-in {
		t.Errorf("%+v", a)
	}
}

// dying is a store whose process dies at a commit: after it, when late.
type dying struct {
	store.Store
	left int
	late bool
}

var errDied = errors.New("the process died")

func (d *dying) Update(ctx context.Context, fn func(tx store.Tx) error) error {
	if d.left--; d.left > 0 {
		return d.Store.Update(ctx, fn)
	}
	d.left = 0
	if d.late {
		if err := d.Store.Update(ctx, fn); err != nil {
			return err
		}
		return errDied
	}
	return d.Store.Update(ctx, func(tx store.Tx) error { return errors.Join(fn(tx), errDied) })
}

func TestAnAnnouncementSurvivesADeathAtAnyCommit(t *testing.T) {
	t.Parallel()
	for _, late := range []bool{false, true} {
		for at := 1; at <= 9; at++ {
			w := newWorld(t, onShipped+"guardrails: {surge: off}\n")
			w.customers(800) // four pages in each round
			w.take(intake.Live, shipped)
			alive := w.Store
			w.Store = &dying{alive, at, late}
			err := w.Fire(context.Background(), w.clock.Now())
			if !errors.Is(err, errDied) {
				t.Fatalf("death at commit %d: %v", at, err)
			}
			w.Store = alive
			w.run(time.Hour)
			a := w.announcement()
			if n, r := w.enrolled(), a.Triggers[0]; n != 267 || a.Phase != intake.Done || r.Matches != 267 || r.Entered != 267 || r.Passed != 0 || a.Accounts != 800 {
				t.Errorf("death at commit %d (late: %v): %d entered: %+v", at, late, n, a)
			}
		}
	}
}

func TestATrialCountsAndWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onShipped)
	w.customers(900)
	before := w.state()
	got, err := w.TryAnnouncement(context.Background(), w.msg(shipped), w.clock.Now())
	if err != nil || got.Accounts != 900 || len(got.Triggers) != 1 || got.Triggers[0].Matches != 300 {
		t.Errorf("%+v, %v", got, err)
	}
	if after := w.state(); after != before || w.enrolled() != 0 || len(w.announcements()) != 0 {
		t.Error("a trial wrote something")
	}
	if _, err := w.TryAnnouncement(context.Background(), w.msg(` Login {"count": 1}`), w.clock.Now()); !errors.As(err, new(*holdfast.Error)) {
		t.Errorf("an event of one account: %v", err)
	}
}
