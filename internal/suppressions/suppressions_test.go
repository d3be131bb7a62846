package suppressions_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/channels/email"
	"holdfast/channels/standin"
	"holdfast/internal/store"
	"holdfast/internal/suppressions"
)

func TestTheProviderLearnsOfAnOptOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if w.fire(w.push) {
		t.Error("there was something to say before anything happened")
	}
	w.take(holdfast.Message{Kind: holdfast.Track, Event: holdfast.EventOptedOut, Account: "acme", Contact: "dana"})
	w.far.Plan.Queue(standin.RateLimited, standin.GatewayAfter, standin.Unauthorized)
	for i, wait := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute} {
		if !w.fire(w.push) {
			t.Fatalf("try %d: it did not try", i)
		}
		w.later(wait - time.Second)
		if w.fire(w.push) {
			t.Errorf("after failure %d it tried again before %s", i+1, wait)
		}
		w.later(time.Second)
	}
	w.fire(w.push)
	if diff := cmp.Diff([]string{"dana@acme.example"}, w.far.Global()); diff != "" {
		t.Error(diff)
	}
	if w.fire(w.push) {
		t.Error("it goes on after all was said")
	}
	if strings.Contains(strings.ToLower(w.log.String()), "dana") || !strings.Contains(w.log.String(), "rate_limited") {
		t.Errorf("the log: %s", w.log)
	}
}

func TestTheLastWordAboutAnAddressCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := suppressions.Who{Contact: "dana"}
	add := func(tx store.Tx) error {
		return suppressions.Add(tx, w.intake.Emit, who, "opted_out", "max", w.clock.Now())
	}
	lift := func(tx store.Tx) error { return suppressions.Lift(tx, who, "opted_out", w.clock.Now()) }
	w.update(add)
	w.fire(w.push)
	w.later(time.Second)
	w.update(lift)
	w.later(time.Second)
	w.fire(w.push)
	if got := w.far.Global(); len(got) != 0 || len(w.said()) != 0 {
		t.Errorf("after a lift: %v there, %v here", got, w.said())
	}
	w.update(add)
	w.update(lift)
	w.later(time.Second)
	w.update(add)
	w.fire(w.push)
	if got := w.far.Global(); len(got) != 1 {
		t.Errorf("after no, yes and no: %v there", got)
	}
}

func TestOneBadAddressHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.update(func(tx store.Tx) error {
		for i := range 120 {
			who := suppressions.Who{Address: fmt.Sprintf("user%d@acme.example", i)}
			if err := suppressions.Add(tx, w.intake.Emit, who, "opted_out", "max", w.clock.Now()); err != nil {
				return err
			}
		}
		return nil
	})
	w.far.Plan.Queue(standin.Rejected, standin.Rejected) // the batch, and then the first of it
	w.fire(w.push)
	if n := len(w.far.Global()); n != 119 || w.fire(w.push) {
		t.Errorf("%d addresses arrived, want 119 and no more to say", n)
	}
}

func TestWhatTheProviderKnowsIsTakenInOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.far.Put("unsubscribes", standin.Suppressed{Email: "Dana@acme.example", At: monday.Add(-time.Minute)}, standin.Suppressed{Email: "stranger@else.example", At: monday.Add(-time.Hour)})
	w.far.Put("bounces", standin.Suppressed{Email: "gone@else.example", At: monday.AddDate(-1, 0, 0), Reason: "550"})
	w.far.Put("invalid_emails", standin.Suppressed{Email: "gone@else.example", At: monday.AddDate(-1, 0, 0)})
	w.far.Put("spam_reports", standin.Suppressed{Email: "cross@else.example", At: monday.AddDate(0, 0, 1)})
	for range 12 {
		w.fire(w.pull)
		w.later(10 * time.Minute)
	}
	want := []string{
		"gone@else.example bounced", "stranger@else.example opted_out", "dana-too dana@acme.example opted_out", "dana dana@acme.example opted_out", "dana@acme.example opted_out", "cross@else.example complained",
	}
	if diff := cmp.Diff(sorted(want), sorted(w.said())); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"acme": "declined", "beta": "declined"}, w.outcomes()); diff != "" {
		t.Errorf("exits (-want +got):\n%s", diff)
	}
	if n := w.events("acme", holdfast.EventOptedOut) + w.events("beta", holdfast.EventOptedOut); n != 2 || w.pokes == 0 {
		t.Errorf("%d events, %d pokes; want one for each contact", n, w.pokes)
	}
	if w.fire(w.push) {
		t.Error("what came from the provider is told to it")
	}
	w.later(8 * 24 * time.Hour) // all is read again from the beginning
	w.fire(w.pull)
	if n := w.events("acme", holdfast.EventOptedOut); n != 1 || len(w.said()) != len(want) {
		t.Errorf("after reading all again: %d events, %v", n, w.said())
	}
}

func sorted(all []string) []string {
	slices.Sort(all)
	return all
}

func TestOnlyNewEntriesAreReadAndPausesAreKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range email.ListPage + 1 {
		w.far.Put("bounces", standin.Suppressed{Email: fmt.Sprintf("u%d@else.example", i), At: monday.Add(-48 * time.Hour)})
	}
	w.fire(w.pull)
	calls := len(w.far.Calls())
	if calls != 5 || len(w.said()) != email.ListPage+1 {
		t.Fatalf("%d calls, %d taken in; want 5 for four lists, one of two pages", calls, len(w.said()))
	}
	w.later(10 * time.Minute)
	w.far.Plan.Queue(standin.RateLimited)
	w.fire(w.pull)
	if w.fire(w.pull) {
		t.Error("it reads on although the provider wants to be left alone")
	}
	w.later(time.Minute)
	w.fire(w.pull)
	last := w.far.Calls()[calls:]
	if len(last) != 5 || !strings.Contains(last[1], fmt.Sprintf("start_time=%d", monday.Add(-time.Hour).Unix())) {
		t.Errorf("called %v; want each list once more, from an hour before the last reading on", last)
	}
}

func TestWhatIsBeingLiftedIsNotTakenInAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.far.Put("bounces", standin.Suppressed{Email: "dana@acme.example", At: monday.Add(-time.Minute)})
	w.fire(w.pull)
	if diff := cmp.Diff(map[string]string{"acme": "unreachable", "beta": "unreachable"}, w.outcomes()); diff != "" {
		t.Error(diff)
	}
	w.update(func(tx store.Tx) error {
		return suppressions.Lift(tx, suppressions.Who{Address: " DANA@acme.example"}, "bounced", w.clock.Now())
	})
	w.later(10 * time.Minute)
	w.fire(w.pull) // before the lift was passed on
	w.fire(w.push)
	w.later(10 * time.Minute)
	w.fire(w.pull)
	if got := append(w.said(), w.far.In("bounces")...); len(got) != 0 {
		t.Errorf("left %v", got)
	}
}

func TestSuppressingByHandIsChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	try := func(f func(tx store.Tx) error) error { return w.store.Update(t.Context(), f) }
	add := func(who suppressions.Who, kind string) error {
		return try(func(tx store.Tx) error { return suppressions.Add(tx, w.intake.Emit, who, kind, "max", w.clock.Now()) })
	}
	lift := func(who suppressions.Who, kind string) error {
		return try(func(tx store.Tx) error { return suppressions.Lift(tx, who, kind, w.clock.Now()) })
	}
	dana := suppressions.Who{Contact: "dana"}
	for name, err := range map[string]error{
		"nobody": add(suppressions.Who{}, "opted_out"), "both": add(suppressions.Who{Contact: "dana", Address: "a@b.example"}, "opted_out"), "no such contact": add(suppressions.Who{Contact: "eve"}, "opted_out"),
		"no address": add(suppressions.Who{Address: "dana"}, "opted_out"), "no kind": add(dana, "sulking"), "nothing to lift": lift(dana, "opted_out"), "an erasure": lift(dana, "erased"), "no kind to lift": lift(dana, ""),
	} {
		if holdfast.CodeOf(err) == "" {
			t.Errorf("%s: got %v, want an error that says what to do", name, err)
		}
	}
	if got := w.said(); len(got) != 0 {
		t.Fatalf("suppressed %v", got)
	}
	if err := add(suppressions.Who{Address: "DANA@acme.example"}, "opted_out"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"acme": "declined", "beta": "declined"}, w.outcomes()); diff != "" || w.events("acme", holdfast.EventOptedOut) != 1 {
		t.Errorf("everybody behind the address: %s", diff)
	}
	if err := add(dana, "erased"); err != nil {
		t.Fatal(err)
	}
	w.fire(w.push)
	if err := lift(dana, "opted_out"); err != nil {
		t.Fatal(err)
	}
	w.later(time.Second)
	w.fire(w.push)
	if got := w.far.Global(); len(got) != 1 {
		t.Errorf("an erased person is in the provider's list %d times after an opt-out was lifted", len(got))
	}
}
