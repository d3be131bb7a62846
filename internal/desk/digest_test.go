package desk_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/activities"
	"holdfast/channels/slack"
	"holdfast/internal/clock"
	"holdfast/internal/desk"
	"holdfast/internal/store"
	"holdfast/internal/store/memory"
	"holdfast/rules"
)

// berlin9 is Monday, 9:00 in Berlin, in winter.
var berlin9 = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// letter is a digest that was sent.
type letter struct {
	To                              string
	Open, Done, Late, Coming, Under int
}

// office is a store with people and tasks, and what was sent from it.
type office struct {
	t     *testing.T
	store store.Store
	clock *clock.Virtual
	desk  *desk.Desk
	post  *desk.Digests
	sent  []letter
	fail  error
	loses bool            // what fails arrives all the same
	there map[string]bool // who was sent which digest
	blind error           // of a look
	looks int
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, store: memory.New(), there: map[string]bool{}, clock: clock.NewVirtual(berlin9.Add(-time.Hour))}
	t.Cleanup(func() { _ = o.store.Close() })
	set, found := rules.Load(nil)
	if len(found) > 0 {
		t.Fatal(found)
	}
	a, err := activities.New(activities.Config{
		Store: o.store, Clock: o.clock, Rules: func() *rules.Set { return set },
		Project: func() activities.Project {
			return activities.Project{Timezone: "Europe/Berlin", Team: []activities.Person{
				{ID: "sam", Name: "Sam", Slack: "U00000SAM", Manager: "lea"},
				{ID: "kai", Name: "Kai", Slack: "U00000KAI", Manager: "lea", Timezone: "America/New_York"},
				{ID: "lea", Name: "Lea", Slack: "U00000LEA"},
				{ID: "ida", Name: "Ida", Slack: "U00000IDA"}, // has nothing
				{ID: "joe", Name: "Joe", Manager: "lea"},     // is not in Slack
			}}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	o.desk = &desk.Desk{Store: o.store, Clock: o.clock, Activities: a}
	o.restart()
	return o
}

// restart is another process over the same store.
func (o *office) restart() {
	o.post = &desk.Digests{Desk: o.desk, Log: slog.New(slog.DiscardHandler), Find: func(_ context.Context, to, mark string, _ time.Time) (bool, error) {
		o.looks++
		return o.there[to+" "+mark] && o.blind == nil, o.blind
	}, Post: func(_ context.Context, to, mark string, d slack.Digest, _ time.Time) error {
		if o.fail == nil || o.loses {
			o.there[to+" "+mark] = true
		}
		if o.fail != nil {
			return o.fail
		}
		l := letter{To: to, Open: d.Open, Done: d.Done, Late: len(d.Overdue), Coming: len(d.Coming)}
		for _, r := range d.Reports {
			l.Under += len(r.Overdue)
		}
		o.sent = append(o.sent, l)
		return nil
	}}
}

func (o *office) task(id, owner, status string, due time.Time) {
	o.t.Helper()
	k := store.Task{ID: id, Enrollment: "e", Path: id, Account: "acme", Owner: owner, Title: "Call " + id, Channel: "slack", Status: status, OpenedAt: due.Add(-time.Hour), DueAt: due}
	if status == "done" {
		k.ClosedAt, k.ClosedBy = due, owner
	}
	if err := o.store.Update(o.t.Context(), func(tx store.Tx) error { return tx.PutTask(k) }); err != nil {
		o.t.Fatal(err)
	}
}

// at sends what is due at a moment, and answers what went and when to come again.
func (o *office) at(moment time.Time) ([]letter, time.Duration) {
	o.t.Helper()
	o.clock.Move(moment)
	o.sent = nil
	wait, err := o.post.Send(o.t.Context())
	if err != nil && o.fail == nil {
		o.t.Fatal(err)
	}
	return o.sent, wait
}

func (o *office) fill() {
	o.t.Helper()
	o.task("late", "sam", "open", berlin9.AddDate(0, 0, -3))
	o.task("soon", "sam", "open", berlin9.AddDate(0, 0, 2))
	o.task("later", "sam", "open", berlin9.AddDate(0, 0, 20))
	o.task("did", "sam", "done", berlin9.AddDate(0, 0, -4))
	o.task("longago", "sam", "done", berlin9.AddDate(0, 0, -40))
	o.task("unseen", "joe", "open", berlin9.AddDate(0, 0, -1))
	o.task("hers", "kai", "open", berlin9.AddDate(0, 0, 1))
}

func TestOnMondayMorningEachHearsOfTheirWeek(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.fill()
	got, wait := o.at(berlin9.Add(-time.Minute))
	if len(got) != 0 || wait != time.Minute {
		t.Errorf("a minute before: %v, again in %s", got, wait)
	}
	got, _ = o.at(berlin9)
	sam := letter{To: "U00000SAM", Open: 3, Done: 1, Late: 1, Coming: 1}
	lea := letter{To: "U00000LEA", Under: 2} // Sam's and Joe's
	if diff := cmp.Diff([]letter{sam, lea}, got); diff != "" {
		t.Error(diff)
	}
	for _, again := range []time.Duration{time.Second, 20 * time.Minute, 5 * time.Hour} {
		o.restart()
		if got, _ := o.at(berlin9.Add(again)); len(got) != 0 {
			t.Errorf("again after %s: %v", again, got)
		}
	}
	got, _ = o.at(time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC)) // 9:00 in New York
	if diff := cmp.Diff([]letter{{To: "U00000KAI", Open: 1, Coming: 1}}, got); diff != "" {
		t.Error(diff)
	}
	got, _ = o.at(berlin9.AddDate(0, 0, 7))
	if len(got) != 2 || got[0].Late != 2 || got[1].Under != 4 {
		t.Errorf("a week later: %+v", got)
	}
}

func TestAfterADayOfDowntimeADigestIsNoNews(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.fill()
	if got, _ := o.at(berlin9.Add(23 * time.Hour)); len(got) != 3 { // Kai's too by then
		t.Errorf("within a day: %v", got)
	}
	o = newOffice(t)
	o.fill()
	if got, wait := o.at(berlin9.AddDate(0, 0, 2)); len(got) != 0 || wait > 5*24*time.Hour {
		t.Errorf("two days later: %v, again in %s", got, wait)
	}
}

func TestADigestThatSlackRefusesComesLater(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err   error
		again int
	}{
		"asked to wait":     {&holdfast.DeliveryError{Reason: "rate_limited", Refused: true}, 2},
		"no such user":      {&holdfast.DeliveryError{Reason: "channel_not_found", Permanent: true}, 0},
		"nothing went awry": {nil, 0},
	} {
		o := newOffice(t)
		o.fill()
		o.fail = c.err
		o.at(berlin9)
		o.fail = nil
		o.restart()
		if got, _ := o.at(berlin9.Add(time.Minute)); len(got) != c.again {
			t.Errorf("%s: %d are sent again, want %d", name, len(got), c.again)
		}
	}
}

// TestADigestWhoseAnswerIsLostIsLookedFor: and posted again when it is not there.
func TestADigestWhoseAnswerIsLostIsLookedFor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		arrives bool
		blind   error
		again   int
	}{
		"it is there":            {arrives: true},
		"it is not":              {again: 2},
		"nobody can ever look":   {blind: &holdfast.DeliveryError{Reason: "bad_credentials", Permanent: true}},
		"looking does not work":  {arrives: true, blind: &holdfast.DeliveryError{Reason: "rate_limited", Refused: true}},
		"looking works later on": {blind: &holdfast.DeliveryError{Reason: "rate_limited", Refused: true}, again: 2},
	} {
		for how, fail := range map[string]error{"lost": &holdfast.DeliveryError{Reason: "timeout_after_send"}, "odd": errors.New("a bug")} {
			o := newOffice(t)
			o.fill()
			o.fail, o.loses, o.blind = fail, c.arrives, c.blind
			if _, wait := o.at(berlin9); wait != 40*time.Second {
				t.Errorf("%s, %s: comes again in %s", name, how, wait)
			}
			o.fail = nil
			o.restart()
			if got, wait := o.at(berlin9.Add(30 * time.Second)); len(got) != 0 || o.looks != 0 || wait != 10*time.Second {
				t.Errorf("%s, %s: too early %d are sent after %d looks, again in %s", name, how, len(got), o.looks, wait)
			}
			got, wait := o.at(berlin9.Add(time.Minute))
			if refused, _ := errors.AsType[*holdfast.DeliveryError](c.blind); refused != nil && refused.Refused {
				if len(got) != 0 || wait != time.Minute {
					t.Errorf("%s, %s: %d are sent blindly, again in %s", name, how, len(got), wait)
				}
				o.blind = nil
				got, _ = o.at(berlin9.Add(2 * time.Minute))
			}
			if len(got) != c.again {
				t.Errorf("%s, %s: %d are sent again, want %d", name, how, len(got), c.again)
			}
			if got, _ := o.at(berlin9.Add(time.Hour)); len(got) != 0 {
				t.Errorf("%s, %s: %d are sent once more", name, how, len(got))
			}
		}
	}
}

// TestADigestWhoseProcessDiedIsLookedFor: between the claim and the post.
func TestADigestWhoseProcessDiedIsLookedFor(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.fill()
	post := o.post.Post
	o.post.Post = func(context.Context, string, string, slack.Digest, time.Time) error { panic("killed") }
	func() {
		defer func() { _ = recover() }()
		o.at(berlin9)
	}()
	o.post.Post = post
	got, _ := o.at(berlin9.Add(10 * time.Second)) // who came after the first hears at once
	if len(got) != 1 || got[0].To != "U00000LEA" {
		t.Errorf("at first: %v", got)
	}
	if got, _ = o.at(berlin9.Add(time.Minute)); len(got) != 1 || got[0].To != "U00000SAM" {
		t.Errorf("then: %v", got)
	}
}

func TestSummerTimeMovesNoMorning(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.fill()
	monday := time.Date(2026, 3, 30, 7, 0, 0, 0, time.UTC) // 9:00 in Berlin, the day after the change
	if got, wait := o.at(monday.Add(-time.Second)); len(got) != 0 || wait != time.Second {
		t.Errorf("a second before: %v, again in %s", got, wait)
	}
	if got, _ := o.at(monday); len(got) != 2 {
		t.Errorf("at nine: %v", got)
	}
}

func TestTheDeskKnowsItsPeople(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	if p, ok := o.desk.Person("U00000KAI"); !ok || p.ID != "kai" || p.Zone.String() != "America/New_York" {
		t.Errorf("kai is %+v, %v", p, ok)
	}
	for _, id := range []string{"", "U000OTHER"} {
		if p, ok := o.desk.Person(id); ok {
			t.Errorf("%q is %+v", id, p)
		}
	}
	if _, err := o.desk.Task(t.Context(), "nothing"); holdfast.CodeOf(err) != holdfast.NotFound {
		t.Errorf("no task: %v", err)
	}
	if _, err := o.desk.Account(t.Context(), "nothing"); holdfast.CodeOf(err) != holdfast.NotFound {
		t.Errorf("no account: %v", err)
	}
	o.fill()
	open, err := o.desk.OpenTasks(t.Context(), "sam")
	var titles []string
	for _, c := range open {
		titles = append(titles, c.Title)
	}
	if diff := cmp.Diff("Call late, Call soon, Call later", strings.Join(titles, ", ")); diff != "" || err != nil {
		t.Error(err, diff)
	}
}
