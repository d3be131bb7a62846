package cast_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/internal/calendar"
	"holdfast/internal/cast"
	"holdfast/internal/diag"
	"holdfast/internal/store"
	"holdfast/internal/store/sqlite"
)

var monday = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// doors are what the players use, and remember.
type doors struct {
	said   []holdfast.Message
	closed []string
	refuse error // of CloseTask
}

func (d *doors) player(t *testing.T, s store.Store, acts string) *cast.Player {
	t.Helper()
	var l diag.List
	c := cast.Parse("cast.yaml", []byte("cast: x\nseed: 7\nacts:\n"+acts), &l)
	if len(l.All) > 0 {
		t.Fatal(l.All)
	}
	return &cast.Player{
		Cast: c, Store: s,
		Intake: func(_ context.Context, msgs []holdfast.Message) error {
			d.said = append(d.said, msgs...)
			return nil
		},
		CloseTask: func(_ context.Context, task, status, by string, answers map[string]any, _ time.Time) error {
			text, err := json.Marshal(answers)
			d.closed = append(d.closed, fmt.Sprintf("%s %s by %s %s", task, status, by, text))
			return errors.Join(err, d.refuse)
		},
	}
}

func memory(t *testing.T) store.Store {
	t.Helper()
	s, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func add(t *testing.T, s store.Store, lines ...store.Line) {
	t.Helper()
	err := s.Update(t.Context(), func(tx store.Tx) error {
		for _, l := range lines {
			if err := tx.AddLine(l); err != nil {
				return err
			}
			if l.Kind == "task" {
				if err := tx.PutTask(store.Task{ID: "task-" + l.Enrollment, Enrollment: l.Enrollment, Path: l.Path, Status: "open"}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func mail(n int) store.Line {
	id := fmt.Sprint("e", n)
	return store.Line{
		Key: id, At: monday, Account: fmt.Sprint("a", n), Playbook: "win-back", Enrollment: id, Step: "opening", Path: "opening",
		Kind: "email", Channel: "email", To: "dana", Outcome: "sent", Touch: "touch-" + id,
	}
}

func task(n int) store.Line {
	l := mail(n)
	l.Kind, l.Channel, l.To, l.Outcome, l.Touch, l.Step, l.Path, l.Key = "task", "phone", "max", "opened", "", "call", "call", l.Key+"call"
	return l
}

func next(t *testing.T, p *cast.Player) time.Time {
	t.Helper()
	at, ok, err := p.Next(t.Context())
	if err != nil || !ok {
		t.Fatalf("next: %v, %v, %v", at, ok, err)
	}
	return at
}

// play fires until nobody wants to act, and gives the moments.
func play(t *testing.T, p *cast.Player) (moments []time.Time) {
	t.Helper()
	for {
		at, ok, err := p.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return moments
		}
		moments = append(moments, at)
		if err := p.Fire(t.Context(), at); err != nil {
			t.Fatal(err)
		}
	}
}

func TestACustomerRepliesTwoDaysAfterTheTouch(t *testing.T) {
	t.Parallel()
	var d doors
	s := memory(t)
	p := d.player(t, s, "  - {when: touch, playbook: win-back, step: opening, after: 2d, act: email.replied, props: {mood: good}}\n")
	other := mail(2)
	other.Playbook, other.Key = "save", "other"
	skipped := mail(3)
	skipped.Outcome, skipped.Key = "skipped", "skipped"
	card := mail(4)
	card.Channel, card.Key = "slack", "card"
	add(t, s, mail(1), other, skipped, card)
	moments := play(t, p)
	if len(moments) != 1 || moments[0].Before(monday.AddDate(0, 0, 2)) || moments[0].After(monday.AddDate(0, 0, 2).Add(time.Hour)) {
		t.Fatalf("acted at %v, want within the hour after two days", moments)
	}
	want := []holdfast.Message{{
		ID: "cast/act/e1", Source: "cast", Kind: holdfast.Track, Event: holdfast.EventReplied, Account: "a1", Contact: "dana", At: moments[0],
		Props: map[string]any{"enrollment": "e1", "playbook": "win-back", "step": "opening", "touch": "touch-e1", "mood": "good"},
	}}
	if diff := cmp.Diff(want, d.said); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func TestTheFirstActThatFitsIsTaken(t *testing.T) {
	t.Parallel()
	var d doors
	s := memory(t)
	p := d.player(t, s, `
  - {when: task, step: other, act: cannot}
  - {when: task, share: 0%, act: cannot}
  - {when: task, step: call, account: [a1, a2], after: 1bd, act: done, answers: {interest: later, seats: 12}}
  - {when: task, after: 1bd, act: cannot}
`)
	alert := task(4)
	alert.Path, alert.Key = "call!", "alert"
	add(t, s, task(1), task(3), alert)
	play(t, p)
	want := map[string]bool{`task-e1 done by max {"interest":"later","seats":12}`: true, "task-e3 cannot by max null": true}
	got := map[string]bool{}
	for _, c := range d.closed {
		got[c] = true
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("closed (-want +got):\n%s", diff)
	}
}

func TestPeopleActDuringOfficeHours(t *testing.T) {
	t.Parallel()
	var d doors
	s := memory(t)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	p := d.player(t, s, "  - {when: touch, after: 4d, act: meeting.booked}\n  - {when: task, after: 10h, act: done}\n")
	p.Zone = berlin
	p.Days = calendar.Days{Extra: []calendar.Closed{{Name: "retreat", From: monday.AddDate(0, 0, 7), To: monday.AddDate(0, 0, 7)}}}
	friday := mail(1)
	friday.At = monday.AddDate(0, 0, 1).Add(11 * time.Hour) // plus four days is Saturday night; Monday is closed
	add(t, s, friday, task(2))
	for _, at := range play(t, p) {
		local := at.In(berlin)
		if local.Hour() < 9 || local.Hour() >= 17 || !p.Days.Business(local) {
			t.Errorf("somebody acted at %v", local)
		}
	}
	if got := d.said[0].At.In(berlin).Format(time.DateTime); got != "2026-03-10 09:00:00" {
		t.Errorf("booked at %s, want the Tuesday after the retreat", got)
	}
}

func TestSharesHoldAndRunsRepeat(t *testing.T) {
	t.Parallel()
	run := func() []string {
		var d doors
		s := memory(t)
		p := d.player(t, s, "  - {when: touch, share: 20%, after: 1d, act: email.replied}\n  - {when: touch, share: 50%, act: contact.opted_out}\n")
		var lines []store.Line
		for i := range 1000 {
			lines = append(lines, mail(i))
		}
		add(t, s, lines...)
		play(t, p)
		var got []string
		for _, m := range d.said {
			got = append(got, m.Event+" "+m.Account+" "+m.At.String())
		}
		return got
	}
	first := run()
	if diff := cmp.Diff(first, run()); diff != "" {
		t.Errorf("two runs differ:\n%s", diff)
	}
	if n := len(first); n < 560 || n > 640 {
		t.Errorf("%d of 1000 acted, want about 600 (20%%, and half of the rest)", n)
	}
}

func TestScriptedActsHappenAtTheirMoment(t *testing.T) {
	t.Parallel()
	var d doors
	s := memory(t)
	p := d.player(t, s, `
  - {at: 2026-03-05 14:30, account: [a, b], act: track, event: Plan Changed, props: {seats: 3}}
  - {at: 2026-03-04, account: a, act: contact.opted_out, contact: dana}
  - {at: 2026-03-06, account: a, act: group, props: {plan: pro}}
`)
	p.Zone = time.FixedZone("", -5*3600)
	moments := play(t, p)
	if diff := cmp.Diff([]time.Time{
		time.Date(2026, 3, 4, 14, 0, 0, 0, time.UTC), time.Date(2026, 3, 5, 19, 30, 0, 0, time.UTC), time.Date(2026, 3, 6, 14, 0, 0, 0, time.UTC),
	}, moments); diff != "" {
		t.Errorf("moments (-want +got):\n%s", diff)
	}
	var got []string
	for _, m := range d.said {
		got = append(got, fmt.Sprint(m.Kind, " ", m.Event, " ", m.Account, " ", m.Contact, " ", m.Props))
	}
	want := []string{"track contact.opted_out a dana map[]", "track Plan Changed a  map[seats:3]", "track Plan Changed b  map[seats:3]", "group  a  map[plan:pro]"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func TestARestartLosesNoActAndRepeatsNone(t *testing.T) {
	t.Parallel()
	var before, after doors
	s := memory(t)
	acts := "  - {when: touch, after: 1d, act: email.replied}\n  - {at: 2026-03-02, account: a, act: contact.opted_out}\n"
	add(t, s, mail(1))
	p := before.player(t, s, acts)
	if err := p.Fire(t.Context(), next(t, p)); err != nil {
		t.Fatal(err)
	}
	p = after.player(t, s, acts)
	add(t, s, mail(2))
	play(t, p)
	if len(before.said) != 1 || len(after.said) != 2 {
		t.Errorf("said %d before and %d after the restart, want 1 and 2", len(before.said), len(after.said))
	}
	if before.said[0].Event != holdfast.EventOptedOut || after.said[0].Event != holdfast.EventReplied {
		t.Errorf("said %v, then %v", before.said, after.said)
	}
}

func TestATaskThatIsClosedAlreadyStopsNobody(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err   error
		fails bool
	}{
		"closed meanwhile":           {err: holdfast.Errorf(holdfast.Conflict, "max did it")},
		"gone":                       {err: holdfast.Errorf(holdfast.NotFound, "no task")},
		"answers that are not asked": {err: holdfast.Errorf(holdfast.Invalid, "no such question")},
		"the store is broken":        {err: errors.New("disk"), fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := doors{refuse: c.err}
			s := memory(t)
			p := d.player(t, s, "  - {when: task, act: done}\n")
			add(t, s, task(1))
			at := next(t, p)
			if err := p.Fire(t.Context(), at); (err != nil) != c.fails {
				t.Fatalf("fire: %v", err)
			}
			if _, again, err := p.Next(t.Context()); err != nil || again != c.fails {
				t.Errorf("still on the agenda: %v, %v; want %v", again, err, c.fails)
			}
		})
	}
}
