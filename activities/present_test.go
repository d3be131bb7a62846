package activities_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/activities"
	"holdfast/internal/calendar"
	"holdfast/internal/project"
	"holdfast/internal/store"
)

// left is one of the team who is gone from a day on.
func left(p activities.Person, day, deputy string) activities.Person {
	p.Left, _ = time.Parse(time.DateOnly, day)
	p.Deputy = deputy
	return p
}

func TestWorkFindsSomebodyWhoIsThere(t *testing.T) {
	t.Parallel()
	sam := activities.Person{ID: "sam", Name: "Sam", Role: "csm"}
	pool := []project.Pool{{Name: "csms", Members: []string{"lea", "olga", "sam"}}}
	for _, tc := range []struct {
		name      string
		team      []activities.Person
		pools     []project.Pool
		who, says string
	}{
		{"there", []activities.Person{olga, boss}, nil, "olga", ""},
		{"away before and after", []activities.Person{away(away(olga, "2026-02-20", "2026-03-01", "lea"), "2026-03-03", "2026-03-09", "lea"), boss, lea}, nil, "olga", ""},
		{"away, a deputy", []activities.Person{away(olga, "2026-03-02", "2026-03-02", "lea"), boss, lea}, nil, "lea", "deputy_of olga: away until 2 March"},
		{"the deputy's deputy", []activities.Person{away(olga, "2026-03-01", "2026-03-06", "lea"), boss, left(lea, "2026-02-28", "sam"), sam}, nil, "sam", "deputy_of olga: away until 6 March"},
		{"no deputy, the manager", []activities.Person{left(olga, "2026-03-02", ""), boss, lea}, nil, "max", "manager_of olga: left on 2 March"},
		{"a ring of deputies", []activities.Person{away(olga, "2026-03-01", "2026-03-06", "lea"), away(lea, "2026-03-01", "2026-03-06", "olga"), boss}, nil, "max", "manager_of olga: away until 6 March"},
		{"no manager either, the pool", []activities.Person{left(olga, "2026-03-01", ""), away(boss, "2026-03-01", "2026-03-06", ""), lea, sam}, pool, "lea", "pool_of olga: left on 1 March"},
		{"nobody named is there", []activities.Person{left(olga, "2026-03-01", ""), away(boss, "2026-03-01", "2026-03-06", ""), sam}, nil, "sam", "nobody_for olga: left on 1 March"},
		{"nobody at all", []activities.Person{left(olga, "2026-03-01", "")}, nil, "#holdfast", "nobody_for olga: left on 1 March"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := staffed(t, chain, tc.pools, tc.team...)
			r := w.enroll("1")
			r.rest()
			k := r.tasks()[0]
			if k.Owner != tc.who || k.OwnerReason != tc.says || w.slack.sent[0].Task.Reason != tc.says {
				t.Errorf("it goes to %s, %q; the card says %q; want %s, %q", k.Owner, k.OwnerReason, w.slack.sent[0].Task.Reason, tc.who, tc.says)
			}
			if want := strings.TrimSpace("Mon 15:00 call opened " + tc.who + " " + tc.says); r.lines("task")[0] != want {
				t.Errorf("the timeline says %q, want %q", r.lines("task")[0], want)
			}
		})
	}
}

func TestOnlyWhatIsLateLeavesWhoIsAway(t *testing.T) {
	t.Parallel()
	w := staffed(t, oneCall, nil, away(olga, "2026-03-03", "2026-03-06", "lea"), boss, lea)
	r := w.enroll("1")
	r.rest() // due on Tuesday at three
	w.fire(time.Date(2026, 3, 3, 15, 0, 0, 0, time.UTC))
	if got := r.tasks()[0].Owner; got != "olga" {
		t.Errorf("before it is late it is %s's", got)
	}
	w.fire(time.Date(2026, 3, 3, 15, 1, 0, 0, time.UTC))
	want := []string{"Mon 15:00 call opened olga", "Tue 15:00 call reassigned lea from olga; deputy_of olga: away until 6 March"}
	if diff := cmp.Diff(want, r.lines("task")); diff != "" {
		t.Error(diff)
	}
	w.fire(monday.AddDate(0, 0, 8)) // Olga is back, and it stays with Lea
	if got := r.tasks()[0].Owner; got != "lea" {
		t.Errorf("afterwards it is %s's", got)
	}
}

func TestWhoLeavesHandsOverOnceOnThatDay(t *testing.T) {
	t.Parallel()
	w := staffed(t, oneCall, nil, left(olga, "2026-03-03", "lea"), boss, lea)
	r := w.enroll("1")
	r.rest()
	w.fire(time.Date(2026, 3, 2, 23, 59, 0, 0, time.UTC))
	if got := r.tasks()[0].Owner; got != "olga" {
		t.Errorf("the day before it is %s's", got)
	}
	w.fire(time.Date(2026, 3, 3, 0, 1, 0, 0, time.UTC))
	r.rest()
	if len(w.slack.sent) != 2 || w.slack.sent[1].Task.Reason != "deputy_of olga: left on 3 March" {
		t.Errorf("cards %+v", w.slack.sent)
	}
	if err := w.a.HandOver(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{"Mon 15:00 call opened olga", "Tue 00:00 call reassigned lea from olga; deputy_of olga: left on 3 March"}
	if diff := cmp.Diff(want, r.lines("task")); diff != "" {
		t.Error(diff)
	}
}

func TestARowWithoutItsPersonIsHandedOverWhenTheTeamIsTakenOver(t *testing.T) {
	t.Parallel()
	w := staffed(t, oneCall, nil, olga, boss, lea)
	r := w.enroll("1")
	r.rest()
	w.staff(nil, boss, lea)
	for range 2 { // a second time there is nothing to hand over
		if err := w.a.HandOver(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"Mon 15:00 call opened olga", "Mon 15:00 call reassigned max from olga; unknown_owner olga"}
	if diff := cmp.Diff(want, r.lines("task")); diff != "" {
		t.Error(diff)
	}
}

func TestAnApproverWhoIsAwayIsStoodInForByTheAuthorityOnly(t *testing.T) {
	t.Parallel()
	ivo := activities.Person{ID: "ivo", Name: "Ivo", Role: "vp"}
	above := boss
	above.Manager = "ivo"
	const ask = head + "\nsteps: [{id: ask, approve: Training, by: BY, due: 2bd}, {id: close, end: told}]\n"
	for _, tc := range []struct{ by, deputy, who, says string }{
		{"manager", "lea", "ivo", "in place of max: away until 6 March"},       // a csm has not the authority
		{"owner.manager", "lea", "ivo", "manager_of max: away until 6 March"},  // nor here
		{"owner.manager", "ivo", "ivo", "deputy_of max: away until 6 March"},   // who stands above has
		{"owner.manager", "olga", "ivo", "manager_of max: away until 6 March"}, // never who has asked
	} {
		w := staffed(t, strings.Replace(ask, "BY", tc.by, 1), nil, olga, away(above, "2026-03-01", "2026-03-06", tc.deputy), lea, ivo)
		r := w.enroll("1")
		r.rest()
		if k := r.tasks()[0]; k.Owner != tc.who || k.OwnerReason != tc.says {
			t.Errorf("by %s, deputy %s: it asks %s, %q", tc.by, tc.deputy, k.Owner, k.OwnerReason)
		}
	}
}

func TestARequestOutlivesWhoWasAsked(t *testing.T) {
	t.Parallel()
	ivo := activities.Person{ID: "ivo", Name: "Ivo", Role: "manager"}
	w := staffed(t, head+"\nsteps: [{id: ask, approve: Training, by: manager, due: 2bd}, {id: close, end: told}]\n", nil, olga, boss, ivo)
	r := w.enroll("1")
	r.rest()
	alone := olga
	alone.Manager = ""
	w.staff(nil, alone, ivo)
	if err := w.a.HandOver(t.Context()); err != nil {
		t.Fatal(err)
	}
	if k := r.tasks()[0]; k.Owner != "ivo" || k.OwnerReason != "unknown_owner max" {
		t.Errorf("it asks %s, %q", k.Owner, k.OwnerReason)
	}
	if err := r.close("done", "ivo", nil); err != nil {
		t.Errorf("who is asked now: %v", err)
	}
}

func TestACardIsDrawnAnewWhateverEndsItsTask(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(w *world, r *run){
		"expired": func(_ *world, r *run) { r.sleep() },
		"dropped": func(w *world, r *run) {
			w.update(func(tx store.Tx) error {
				return tx.Signal(store.Signal{Enrollment: r.id, Kind: "exit", Outcome: "responded", At: monday})
			})
			r.rest()
		},
	} {
		w := staffed(t, oneCall, nil, olga, boss)
		r := w.enroll("1")
		r.rest()
		end(w, r)
		if got := r.tasks()[0].Status; got != name || w.redrawn() != 1 {
			t.Errorf("the task is %s, want %s and its card drawn anew", got, name)
		}
	}
}

func TestWhoHasEnoughSpillsToThePool(t *testing.T) {
	t.Parallel()
	one := olga
	one.Capacity.Open = 2
	sam := activities.Person{ID: "sam", Name: "Sam", Slack: "U4", Capacity: project.Capacity{Tasks: 1}}
	pools := []project.Pool{{Name: "csms", Members: []string{"lea", "olga", "sam", "tom"}}}
	w := staffed(t, strings.Replace(oneCall, "{max: 1,", "{max: 100,", 1), pools, one, boss, away(lea, "2026-03-02", "2026-03-06", ""),
		sam, activities.Person{ID: "tom", Name: "Tom", Slack: "U5"})
	var got []string
	var last *run
	for i := range 6 {
		last = w.enroll(fmt.Sprint(i))
		last.rest()
		k := last.tasks()[0]
		got = append(got, strings.TrimSpace(k.Owner+" "+k.OwnerReason))
	}
	want := []string{
		"olga", "olga",
		"sam spilled_from olga: 2 of 2 open tasks", // the least busy, and the first of two
		"tom spilled_from olga: 2 of 2 open tasks", // Sam has had his one of the week
		"tom spilled_from olga: 2 of 2 open tasks",
		"tom spilled_from olga: 2 of 2 open tasks",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	w.staff(pools, one, boss, sam)
	r := w.enroll("full")
	r.rest()
	if k := r.tasks()[0]; k.Owner != "olga" || k.OwnerReason != "over_capacity: 2 of 2 open tasks" {
		t.Errorf("without room anywhere it goes to %s, %q", k.Owner, k.OwnerReason)
	}
	w.clock.Move(monday.AddDate(0, 0, 7)) // another week, and Sam has room
	r = w.enroll("next week")
	r.rest()
	if k := r.tasks()[0]; k.Owner != "sam" {
		t.Errorf("a week later it goes to %s, %q", k.Owner, k.OwnerReason)
	}
}

func TestWorkIsDueInTheHoursOfWhoeverHasIt(t *testing.T) {
	t.Parallel()
	berlin := olga
	berlin.Timezone, berlin.Country = "Europe/Berlin", "DE"
	berlin.Hours = calendar.Window{From: 8 * 60, To: 12 * 60, Days: [7]bool{time.Monday: true, time.Wednesday: true, time.Friday: true}}
	w := staffed(t, strings.Replace(strings.Replace(oneCall, "due: 1bd", "due: 6h", 1), "expires: 3bd", "expires: 20bd", 1), nil, berlin, boss)
	w.clock.Move(time.Date(2026, 4, 2, 15, 0, 0, 0, time.UTC)) // a Thursday, before Good Friday
	r := w.enroll("1")
	p := r.rest()
	if want := time.Date(2026, 4, 8, 6, 0, 0, 0, time.UTC); !p.Until.Equal(want) { // Easter Monday is none either
		t.Fatalf("it opens at %s, want Wednesday %s", p.Until, want)
	}
	if why := r.lines("shift")[0]; !strings.Contains(why, "outside Mon Wed Fri 08:00-12:00 of olga; Mon 6 Apr is") {
		t.Errorf("it says %q", why)
	}
	w.clock.Move(p.Until)
	r.rest()
	if k, want := r.tasks()[0], time.Date(2026, 4, 10, 8, 0, 0, 0, time.UTC); !k.DueAt.Equal(want) { // four hours of Wednesday, two of Friday
		t.Errorf("it is due at %s, want %s", k.DueAt, want)
	}
}
