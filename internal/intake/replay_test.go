package intake_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/internal/calendar"
	"holdfast/internal/clock"
	"holdfast/internal/intake"
	"holdfast/internal/store"
	"holdfast/playbooks"
	"holdfast/rules"
)

// replayed are playbooks whose triggers, rules of entry, exits and goals differ
// in every way that an entry can depend on.
var replayed = []string{
	`playbook: tickets
lane: save
trigger: {on: Ticket Opened, when: event.priority == "high" && account.status == "active"}
exit: [{on: Login, outcome: back}]`,
	`playbook: every-ticket
trigger: {on: Ticket Opened}
enroll: {once_per: [trigger, occurrence], not_within: 20d, at_most: 3}
exit: [{when: account.status == "churned", outcome: lost}]`,
	`playbook: silent
trigger: {when: quiet_days(metric.logins) >= 9 && account.status == "active"}
enroll: {once_per: [trigger, occurrence]}
exit: [{when: quiet_days(metric.logins) < 2, outcome: back}]`,
	`playbook: drop
trigger: {when: "trend(metric.logins, days(10), 1.0) < 0.7", for: 3d}
enroll: {once_per: [trigger, occurrence], not_within: 10d}
goal: {when: metric.logins > 12, outcome: up, within: 40d}`,
	`playbook: once
trigger: {when: metric.logins < 3}
enroll: {once_per: [account]}
goal: {on: Login, outcome: seen, within: 5d}`,
	`playbook: renewal
lane: renewal
when_preempted: exit
trigger:
  when: account.status != "churned"
  any:
    - {id: early, at: account.renewal_date, before: 40d, when: account.seats > 5}
    - {id: later, at: account.renewal_date, before: 4bd, if_past: start}
    - {id: sight, when: days_until(account.renewal_date) > 3 && days_until(account.renewal_date) < 25}
enroll: {once_per: [trigger, occurrence]}
exit: [{when: days_until(account.renewal_date) < 0, outcome: over}, {on: Churned, outcome: lost}]`,
	`playbook: person
trigger: {when: contact.role == "admin" && account.seats > 3}
enroll: {once_per: [trigger, occurrence]}
exit: [{when: "now > date('2026-04-20')", outcome: late}]`,
	`playbook: size
trigger: {when: account.seats > 8 && account.arr > 20, for: 4d}
enroll: {once_per: [trigger, occurrence]}
exit: [{when: account.seats < 5, outcome: shrunk}]
goal: {when: account.arr > 60, outcome: grown, within: 90d}`,
	`playbook: gap
trigger: {on: Shipped, when: '"sso" in event.topics && account.arr > 15', spread: 3d}
enroll: {once_per: [trigger, occurrence], not_within: 2d}
exit: [{when: account.status == "churned", outcome: gone}]`,
	`playbook: news
trigger: {on: Shipped, when: account.status != "churned", spread: 0s}
exit: [{on: Login, outcome: seen}]`,
}

// traffic by chance: everything that changes an account, also before anyone has
// said who it is, again, and at the same moment.
func chance(r *rand.Rand, n int) []holdfast.Message {
	accounts, day := []string{"acme", "bolt", "cord"}, 24*time.Hour
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	var ms []holdfast.Message
	at := start.AddDate(0, 0, -60).Truncate(day)
	for i := range n {
		switch r.IntN(4) {
		case 0:
			at = at.Add(day).Truncate(day) // at the moment of a scan
		case 1:
			at = at.Add(time.Duration(r.IntN(40)) * time.Hour)
		}
		if r.IntN(60) == 0 {
			at = at.Add(time.Duration(r.IntN(30)) * day)
		}
		m := holdfast.Message{ID: fmt.Sprintf("m%04d", i), Source: "test", Kind: holdfast.Track, Account: pick(accounts...), At: at}
		if r.IntN(3) > 0 {
			m.Contact = "dana-" + m.Account
		}
		switch r.IntN(9) {
		case 0:
			m.Kind, m.Props = holdfast.Group, map[string]any{"status": pick("trial", "active", "active", "churned"), "arr": float64(r.IntN(90))}
		case 1:
			m.Kind, m.Contact, m.Props = holdfast.Identify, "dana-"+m.Account, map[string]any{"role": pick("admin", "user")}
		case 2:
			m.Event, m.Props = "Ticket Opened", map[string]any{"priority": pick("low", "high")}
		case 3, 4:
			m.Event, m.Props = "Subscription Started", map[string]any{
				"subscription_id": pick("s1", "s2", "s3", "s4"), "seats": float64(r.IntN(12)),
				"renews": at.AddDate(0, 0, r.IntN(400)-330).Format(time.DateOnly),
			}
		case 5:
			m.Event, m.Props = pick("Churned", "Subscription Ended"), map[string]any{"subscription_id": pick("s1", "s2", "s3")}
		default:
			m.Event, m.Props = "Login", map[string]any{"count": float64(r.IntN(6))}
		}
		if r.IntN(30) == 0 {
			m.Kind, m.Source, m.Contact = holdfast.Track, "system", "dana-"+m.Account
			m.Event, m.Props = pick(holdfast.EventOptedOut, holdfast.EventPaused, holdfast.EventOptedIn), nil
		}
		if r.IntN(20) == 0 {
			m.Kind, m.Source, m.Account, m.Contact, m.Event = holdfast.Track, "test", "", "", "Shipped"
			m.Props = map[string]any{"topics": []any{pick("sso", "api")}}
		}
		if r.IntN(25) == 0 && len(ms) > 0 {
			m = ms[len(ms)-1] // repeated
			m.At = at
		}
		ms = append(ms, m)
	}
	return ms
}

// A replay starts what the intake starts, at the same moments and for the same
// reasons, over random traffic: it looks at less, and never at too little.
func TestAReplayIsTheIntake(t *testing.T) {
	t.Parallel()
	entries := 0
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 41))
		ms := chance(r, 160)
		var books []string
		for _, i := range r.Perm(len(replayed))[:3] {
			books = append(books, replayed[i])
		}
		zone, err := calendar.Zone([]string{"UTC", "America/New_York", "Asia/Tokyo"}[seed%3])
		if err != nil {
			t.Fatal(err)
		}
		w := newWorld(t)
		w.Options = intake.Options{Treated: true, ScanEvery: 24 * time.Hour, BatchTime: time.Minute, Place: func(rules.Record) (*time.Location, calendar.Days) {
			return zone, calendar.Days{Country: "US"}
		}}
		versions := map[string]*playbooks.Playbook{}
		w.ByDigest = func(d string) (*playbooks.Playbook, error) { return versions[d], nil }
		w.publish(versions, books...)
		from := start.AddDate(0, 0, -40)
		real := recorded(w, ms, from)
		again := replay(t, w, ms, from)
		if d := cmp.Diff(real, again); d != "" {
			t.Fatalf("seed %d, books %v (- the intake, + the replay):\n%s", seed, books, d)
		}
		entries += len(real)
	}
	if entries < 100 {
		t.Errorf("only %d things happened; the test tests nothing", entries)
	}
}

// recorded plays ms as a compressed run does: the agenda and the scan at each
// moment, then what happened at it.
func recorded(w *world, ms []holdfast.Message, from time.Time) []string {
	w.t.Helper()
	past, _ := slices.BinarySearchFunc(ms, from, func(m holdfast.Message, t time.Time) int { return m.At.Compare(t) })
	w.clock = clock.NewVirtual(from)
	w.Clock = w.clock
	w.takeAll(intake.History, ms[:past])
	if err := w.MarkTruths(context.Background()); err != nil {
		w.t.Fatal(err)
	}
	for ms = ms[past:]; len(ms) > 0; {
		n := 1
		for n < len(ms) && ms[n].At.Equal(ms[0].At) {
			n++
		}
		w.run(ms[0].At.Sub(w.clock.Now()))
		w.takeAll(intake.Live, ms[:n])
		ms = ms[n:]
	}
	w.run(60 * 24 * time.Hour)
	var said []string
	w.view(func(tx store.Tx) error {
		ls, err := tx.Lines(0, 0)
		if err != nil {
			return err
		}
		for _, l := range ls {
			if l.Kind == "enroll" || l.Kind == "skip" {
				said = append(said, fmt.Sprintf("%s %s %s: %s", l.At.Format(time.RFC3339), l.Playbook, l.Account, l.Reason))
			}
		}
		es, err := tx.ListEnrollments(store.EnrollmentFilter{})
		if err != nil {
			return err
		}
		for _, e := range es {
			left, err := tx.ExitOf(e.ID)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			said = append(said, ended(e, left.At, left.Outcome))
		}
		return nil
	})
	slices.Sort(said)
	return said
}

func ended(e store.Enrollment, left time.Time, outcome string) string {
	return strings.Join([]string{e.ID[:8], e.Contact, e.Occurrence, "left", left.UTC().Format(time.RFC3339), outcome, "goal", e.GoalAt.UTC().Format(time.RFC3339)}, " ")
}

func replay(t *testing.T, w *world, ms []holdfast.Message, from time.Time) []string {
	t.Helper()
	r := intake.NewReplay(intake.ReplayOptions{Rules: w.Rules(), Playbooks: w.Playbooks(), Place: w.Options.Place, From: from})
	for _, m := range ms {
		if reason, err := r.Take(m); err != nil || reason != "" {
			t.Fatal(reason, err)
		}
	}
	if err := r.End(ms[len(ms)-1].At.Add(60 * 24 * time.Hour)); err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, e := range r.Entries() {
		said = append(said,
			fmt.Sprintf("%s %s %s: %s", e.StartedAt.Format(time.RFC3339), e.Playbook, e.Account, e.Words),
			ended(e.Enrollment, e.Left, e.Outcome))
	}
	for _, x := range r.Refusals() {
		said = append(said, fmt.Sprintf("%s %s %s: %s", x.At.Format(time.RFC3339), x.Playbook, x.Account, x.Reason))
	}
	slices.Sort(said)
	return said
}
