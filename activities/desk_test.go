package activities_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/activities"
	"holdfast/internal/calendar"
	"holdfast/internal/project"
	"holdfast/internal/store"
)

// board is a channel whose cards can be drawn anew.
type board struct{ *post }

func (b board) Redraw(context.Context, string, holdfast.Outbound) error { return nil }

// staffed is a world whose team is this one, and whose cards can be drawn anew.
func staffed(t *testing.T, playbook string, pools []project.Pool, team ...activities.Person) *world {
	t.Helper()
	w := newWorld(t, playbook)
	w.staff(pools, team...)
	return w
}

func (w *world) staff(pools []project.Pool, team ...activities.Person) {
	w.t.Helper()
	was := w.config.Project
	w.config.Project = func() activities.Project {
		p := was()
		p.Team, p.Pools = team, pools
		return p
	}
	w.config.Channels["slack"] = board{w.slack}
	w.wire()
}

var (
	olga = activities.Person{ID: "olga", Name: "Olga Owner", Slack: "U1", Manager: "max", Role: "csm"}
	boss = activities.Person{ID: "max", Name: "Max Manager", Slack: "U2", Role: "manager"}
	lea  = activities.Person{ID: "lea", Name: "Lea", Slack: "U3", Manager: "max", Role: "csm"}
)

// away is one of the team who is away on these days.
func away(p activities.Person, from, to, deputy string) activities.Person {
	day := func(s string) time.Time {
		t, _ := time.Parse(time.DateOnly, s)
		return t
	}
	p.Away = append(slices.Clone(p.Away), project.Away{From: day(from), To: day(to), Deputy: deputy})
	return p
}

func (w *world) redrawn() (n int) {
	w.t.Helper()
	w.update(func(tx store.Tx) error {
		ds, err := tx.DueBefore(w.clock.Now().AddDate(10, 0, 0), 0, activities.RedrawKind)
		n = len(ds)
		for _, d := range ds {
			err = tx.DropDue(d.Key)
		}
		return err
	})
	return n
}

// fire does what the agenda of people's work has by a moment, as time passes.
func (w *world) fire(until time.Time) {
	w.t.Helper()
	for {
		next, ok, err := w.a.Next(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		if !ok || next.After(until) {
			break
		}
		if next.After(w.clock.Now()) {
			w.clock.Move(next)
		}
		if err := w.a.Fire(w.t.Context(), w.clock.Now()); err != nil {
			w.t.Fatal(err)
		}
	}
	if until.After(w.clock.Now()) {
		w.clock.Move(until)
	}
}

// lines are the timeline with all their words.
func (r *run) lines(kinds ...string) (out []string) {
	r.w.t.Helper()
	r.w.update(func(tx store.Tx) error {
		all, err := tx.LinesOf(r.id)
		out = nil
		for _, l := range all {
			if slices.Contains(kinds, l.Kind) {
				out = append(out, strings.Join(strings.Fields(l.At.Format("Mon 15:04 ")+l.Path+" "+l.Outcome+" "+l.To+" "+l.Reason), " "))
			}
		}
		return err
	})
	return out
}

const chain = head + `
steps:
  - id: call
    task: "Call {{ account.name }}"
    due: 1bd
    expires: 9bd
    overdue:
      - remind: owner
      - {escalate_to: owner.manager, after: 1bd}
      - {escalate_to: "#cs-leads", after: 3bd}
  - {id: close, end: no_response}
`

func TestEachLevelHearsOnceThatATaskIsLate(t *testing.T) {
	t.Parallel()
	berlin := boss
	berlin.Timezone, berlin.Country = "Europe/Berlin", "DE"
	berlin.Hours = calendar.Window{From: 7 * 60, To: 12 * 60}
	w := staffed(t, chain, nil, olga, berlin)
	r := w.enroll("1")
	r.rest()
	w.fire(monday.AddDate(0, 0, 8))
	r.rest()
	want := []string{
		"Mon 15:00 call opened olga",
		"Tue 15:00 call late olga it was due on Tue 3 Mar 15:00",
		"Tue 15:00 call?late! opened olga Reminder: Call Acme Ltd",
		"Thu 06:00 call late max it was due on Tue 3 Mar 15:00", // a business day after Wednesday, seven in Berlin
		"Thu 06:00 call?late2! opened max Late: Call Acme Ltd",
		"Fri 15:00 call late #cs-leads it was due on Tue 3 Mar 15:00",
		"Fri 15:00 call?late3! opened #cs-leads Late: Call Acme Ltd",
	}
	if diff := cmp.Diff(want, r.lines("task", "overdue")); diff != "" {
		t.Error(diff)
	}
	if len(w.slack.sent) != 4 {
		t.Errorf("%d cards, want the task's and three about it", len(w.slack.sent))
	}
	if err := r.close("done", "olga", nil); err != nil {
		t.Fatal(err)
	}
	for _, k := range r.tasks() {
		if k.Status == "open" {
			t.Errorf("%s is open after the task was done", k.Path)
		}
	}
	if p := r.rest(); !p.Over {
		t.Errorf("it does not go on: %+v", p)
	}
}

func TestASnoozeKeepsTheTaskQuietUntilItsEnd(t *testing.T) {
	t.Parallel()
	w := staffed(t, chain, nil, olga, boss)
	r := w.enroll("1")
	r.rest()
	k := r.tasks()[0]
	until := time.Date(2026, 3, 9, 10, 0, 0, 0, time.UTC)
	if err := w.a.SnoozeTask(t.Context(), k.ID, "olga", until, "Dana is ill & cross", w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if n := w.redrawn(); n != 1 {
		t.Errorf("%d cards to redraw, want 1", n)
	}
	w.fire(until)
	if got := r.lines("overdue"); len(got) != 0 {
		t.Errorf("late before the snooze ends: %v", got)
	}
	w.fire(until.AddDate(0, 0, 1).Add(time.Hour))
	want := []string{
		"Mon 10:00 call late olga it was put off Mon 9 Mar 10:00: Dana is ill & cross",
		"Tue 10:00 call late max it was put off Mon 9 Mar 10:00: Dana is ill & cross",
	}
	if diff := cmp.Diff(want, r.lines("overdue")); diff != "" {
		t.Error(diff)
	}
	k = r.tasks()[0]
	if k.Status != "open" || k.SnoozeReason != "Dana is ill & cross" || !k.Due().Equal(until) {
		t.Errorf("the task is %+v", k)
	}
	if p := r.rest(); p.Over || !p.Until.Equal(k.ExpiresAt) {
		t.Errorf("waits until %s, want its expiry %s as before", p.Until, k.ExpiresAt)
	}
	if strings.Contains(w.temporal.String(), "cross") {
		t.Error("the reason reached Temporal")
	}
}

func TestWhatCannotBeSnoozedIsRefused(t *testing.T) {
	t.Parallel()
	w := staffed(t, chain, nil, olga, boss)
	r := w.enroll("1")
	r.rest()
	k := r.tasks()[0]
	next := monday.AddDate(0, 0, 1)
	for _, tc := range []struct {
		id, by, reason string
		until          time.Time
		code           holdfast.Code
		want           string
	}{
		{"x", "olga", "later", next, holdfast.NotFound, `there is no task "x"`},
		{k.ID, "eve", "later", next, holdfast.Unauthorized, `"eve" is nobody of the team`},
		{k.ID, "olga", " ", next, holdfast.Invalid, "say why it is put off"},
		{k.ID, "olga", "later", monday, holdfast.Invalid, "2 Mar 2026 15:00 UTC is past"},
		{k.ID, "olga", strings.Repeat("x", 3001), next, holdfast.Invalid, "the reason is longer than 3000 characters"},
		{k.ID, "olga", "later", monday.AddDate(0, 1, 0), holdfast.Invalid, "the playbook waits for it until 13 Mar 2026 14:00 UTC, and no longer (put it off until then at the most)"},
	} {
		err := w.a.SnoozeTask(t.Context(), tc.id, tc.by, tc.until, tc.reason, w.clock.Now())
		if holdfast.CodeOf(err) != tc.code || err.Error() != tc.want {
			t.Errorf("%v: got %v, want %s", tc, err, tc.want)
		}
	}
	if err := r.close("done", "olga", nil); err != nil {
		t.Fatal(err)
	}
	want := "the task is closed: done by olga on 2 Mar 2026 15:00 UTC"
	for what, err := range map[string]error{
		"snooze":   w.a.SnoozeTask(t.Context(), k.ID, "olga", next, "later", w.clock.Now()),
		"reassign": w.a.ReassignTask(t.Context(), k.ID, "max", "olga", "", w.clock.Now()),
	} {
		if holdfast.CodeOf(err) != holdfast.Conflict || err.Error() != want {
			t.Errorf("%s of a closed one: %v", what, err)
		}
	}
}

func TestAReassignedTaskHasANewCard(t *testing.T) {
	t.Parallel()
	w := staffed(t, chain, nil, olga, boss, lea)
	r := w.enroll("1")
	r.rest()
	k := r.tasks()[0]
	if err := w.a.ReassignTask(t.Context(), k.ID, "lea", "max", "Olga is busy", w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	err := w.a.ReassignTask(t.Context(), k.ID, "lea", "max", "Olga is busy", w.clock.Now())
	if holdfast.CodeOf(err) != holdfast.Conflict || err.Error() != "lea has it already" {
		t.Errorf("a second click: %v", err)
	}
	r.rest()
	if diff := cmp.Diff([]string{"call slack lea sent", "call slack olga sent"}, sorted(r.ledger())); diff != "" {
		t.Error(diff)
	}
	if len(w.slack.sent) != 2 || w.slack.sent[1].To.ID != "U3" || w.slack.sent[1].Task.Owner != "Lea" || w.redrawn() != 1 {
		t.Errorf("cards %+v", w.slack.sent)
	}
	want := []string{"Mon 15:00 call opened olga", "Mon 15:00 call reassigned lea from olga; by max; Olga is busy"}
	if diff := cmp.Diff(want, r.lines("task")); diff != "" {
		t.Error(diff)
	}
	// Back again: their old card says so, and no third one is posted.
	if err := w.a.ReassignTask(t.Context(), k.ID, "olga", "lea", "", w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	r.rest()
	if len(w.slack.sent) != 2 || w.redrawn() != 1 || r.tasks()[0].Owner != "olga" {
		t.Errorf("%d cards, the task is %s's", len(w.slack.sent), r.tasks()[0].Owner)
	}
}

func TestATaskGoesToSomebodyWhoIsThere(t *testing.T) {
	t.Parallel()
	w := staffed(t, chain, nil, olga, boss, away(lea, "2026-03-01", "2026-03-04", "max"))
	r := w.enroll("1")
	r.rest()
	id := r.tasks()[0].ID
	err := w.a.ReassignTask(t.Context(), id, "lea", "max", "", w.clock.Now())
	if holdfast.CodeOf(err) != holdfast.Invalid || err.Error() != "lea is not there: away until 4 March (max stands in)" {
		t.Errorf("to who is away: %v", err)
	}
	err = w.a.ReassignTask(t.Context(), id, "eve", "max", "", w.clock.Now())
	if holdfast.CodeOf(err) != holdfast.Invalid || err.Error() != `"eve" is nobody of the team` {
		t.Errorf("to nobody: %v", err)
	}
}

func TestAnApprovalIsReassignedToTheAuthorityOnly(t *testing.T) {
	t.Parallel()
	ivo := activities.Person{ID: "ivo", Name: "Ivo", Role: "manager"}
	w := staffed(t, head+"\nsteps: [{id: ask, approve: Training, by: manager}, {id: close, end: told}]\n", nil, olga, boss, lea, ivo)
	r := w.enroll("1")
	r.rest()
	id := r.tasks()[0].ID
	for to, want := range map[string]string{
		"olga": "olga has asked for this, and cannot approve it",
		"lea":  "lea has not the authority: it takes a manager",
	} {
		if err := w.a.ReassignTask(t.Context(), id, to, "max", "", w.clock.Now()); holdfast.CodeOf(err) != holdfast.Unauthorized || err.Error() != want {
			t.Errorf("to %s: %v", to, err)
		}
	}
	if err := w.a.SnoozeTask(t.Context(), id, "lea", monday.Add(time.Hour), "later", monday); holdfast.CodeOf(err) != holdfast.Unauthorized {
		t.Errorf("put off without the authority: %v", err)
	}
	if err := w.a.ReassignTask(t.Context(), id, "ivo", "max", "", w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if err := r.close("cannot", "ivo", map[string]any{"reason": "too dear"}); err != nil {
		t.Fatal(err)
	}
	w.update(func(tx store.Tx) error {
		lines, err := tx.Audits(store.AuditFilter{})
		var said []string
		for _, l := range lines {
			said = append(said, l.Who+" "+l.What+" "+l.Details)
		}
		if diff := cmp.Diff([]string{
			`team:max task.reassign {"from":"max","to":"ivo"}`,
			`team:ivo approval.deny {"amount":"","asked_by":"olga","enrollment":"` + r.id + `","playbook":"nudge","step":"ask"}`,
		}, said); diff != "" {
			t.Errorf("the audit log: %s", diff)
		}
		return err
	})
	w.update(func(tx store.Tx) error {
		a, err := tx.Approval(id)
		if a.Approver != "ivo" || a.Status != "denied" || a.Note != "too dear" {
			t.Errorf("the request is %+v", a)
		}
		return err
	})
}

func TestWhyATaskCannotBeDoneStaysWithUs(t *testing.T) {
	t.Parallel()
	w := staffed(t, oneCall, nil, olga, boss)
	r := w.enroll("1")
	r.rest()
	if err := r.close("cannot", "olga", map[string]any{"reason": "Dana has left Acme"}); err != nil {
		t.Fatal(err)
	}
	if k := r.tasks()[0]; k.Reason != "Dana has left Acme" || string(k.Answers) != "{}" {
		t.Errorf("the task keeps %q and %s", k.Reason, k.Answers)
	}
	if got := r.lines("task"); got[len(got)-1] != "Mon 15:00 call cannot olga Dana has left Acme" {
		t.Errorf("the timeline says %v", got)
	}
	if _, told := w.emitted[0].Props["reason"]; told {
		t.Errorf("the event carries %v", w.emitted[0].Props)
	}
	if w.redrawn() != 1 {
		t.Error("its card is not drawn anew")
	}
	r.rest()
	if strings.Contains(w.temporal.String(), "Dana") {
		t.Error("free text reached Temporal")
	}
}

func TestABackgroundTaskOutlivesItsPlaybookAndIsHandedOver(t *testing.T) {
	t.Parallel()
	w := staffed(t, head+`
steps:
  - {id: note, task: "Note it", background: true, due: 1bd, overdue: {escalate_to: owner.manager}}
  - {id: close, end: told}
`, nil, olga, boss, lea)
	r := w.enroll("1")
	if p := r.rest(); !p.Over {
		t.Fatalf("it does not end: %+v", p)
	}
	if err := w.a.ReassignTask(t.Context(), r.tasks()[0].ID, "lea", "olga", "", w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	w.slack.fail = func(holdfast.Outbound) error {
		w.slack.fail = nil
		return &holdfast.DeliveryError{Reason: "rate_limited", Refused: true}
	}
	w.fire(monday.Add(time.Hour))
	if len(w.slack.sent) != 2 || w.slack.sent[1].To.ID != "U3" {
		t.Errorf("after a refusal there are %d cards, want Lea's beside Olga's", len(w.slack.sent))
	}
	w.fire(monday.AddDate(0, 0, 2))
	if n := len(w.slack.sent); n != 3 || w.slack.sent[2].To.ID != "U2" {
		t.Errorf("%d cards, want Max to hear that it is late", n)
	}
}
