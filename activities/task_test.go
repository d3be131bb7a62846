package activities_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/internal/store"
)

const oneCall = head + `
guardrails:
  caps: [{max: 1, what: touch, in: 5d, per: account}]
steps:
  - id: call
    task: "Call {{ contact.first_name }} of {{ account.name }}"
    channel: phone
    due: 1bd
    expires: 3bd
    brief: brief
    form:
      interest: {choose: ["yes", "no"], required: true}
      notes: {text: long}
  - id: heard
    branch:
      - {when: call.interest == "no", steps: [{id: refused, end: declined}]}
  - {id: close, end: no_response}
`

func (r *run) close(status, by string, answers map[string]any) error {
	r.w.t.Helper()
	return r.w.a.CloseTask(r.w.t.Context(), r.tasks()[0].ID, status, by, answers, r.w.clock.Now())
}

func TestATaskIsShownToItsOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oneCall)
	r := w.enroll("1")
	p := r.rest()
	if len(w.slack.sent) != 1 {
		t.Fatalf("%d cards, want 1", len(w.slack.sent))
	}
	k, card := r.tasks()[0], w.slack.sent[0]
	want := &holdfast.TaskCard{
		ID: k.ID, Title: "Call Dana of Acme Ltd", Brief: "Talk to Dana of Acme Ltd.", Account: "Acme Ltd",
		Playbook: "nudge", Owner: "Olga Owner", Due: time.Date(2026, 3, 3, 15, 0, 0, 0, time.UTC), Form: true,
	}
	if diff := cmp.Diff(want, card.Task); diff != "" || card.To.ID != "U1" {
		t.Errorf("card to %q: %s", card.To.ID, diff)
	}
	if want := time.Date(2026, 3, 5, 15, 0, 0, 0, time.UTC); !p.Until.Equal(want) {
		t.Errorf("waits until %s, want its expiry %s", p.Until, want)
	}
	if diff := cmp.Diff([]string{"call phone dana claimed", "call slack olga sent"}, sorted(r.ledger())); diff != "" {
		t.Error(diff)
	}
}

func TestATaskIsClosedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oneCall)
	r := w.enroll("1")
	r.rest()
	w.clock.Move(monday.Add(time.Hour))
	if err := r.close("done", "olga", map[string]any{"interest": "no", "notes": "Dana is cross"}); err != nil {
		t.Fatal(err)
	}
	err := r.close("cannot", "max", nil)
	if holdfast.CodeOf(err) != holdfast.Conflict || err.Error() != "the task is closed: done by olga on 2 Mar 2026 16:00 UTC" {
		t.Errorf("closed again: %v", err)
	}
	if p := r.rest(); !p.Over || p.State.Outcome != "declined" {
		t.Errorf("over %v as %q, want the branch on the answer", p.Over, p.State.Outcome)
	}
	if diff := cmp.Diff([]string{"call phone dana sent", "call slack olga sent"}, sorted(r.ledger())); diff != "" {
		t.Error(diff)
	}
	done := w.emitted[0]
	if done.Event != holdfast.EventTaskDone || done.Props["by"] != "olga" || done.Props["step"] != "call" {
		t.Errorf("emitted %+v", done)
	}
	if diff := cmp.Diff(map[string]any{"interest": "no"}, done.Props["answers"]); diff != "" {
		t.Errorf("the event's answers: %s", diff)
	}
	if !strings.Contains(string(r.tasks()[0].Answers), "Dana is cross") {
		t.Errorf("the task keeps %s", r.tasks()[0].Answers)
	}
	if strings.Contains(w.temporal.String(), "cross") {
		t.Error("free text reached Temporal")
	}
}

func TestAnswersMustFitTheForm(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		answers map[string]any
		want    string
	}{
		{nil, `"interest" needs an answer`},
		{map[string]any{"interest": "perhaps"}, `"interest" is one of yes, no`},
		{map[string]any{"interest": "yes", "mood": "good"}, `the task does not ask for "mood"`},
	} {
		w := newWorld(t, oneCall)
		r := w.enroll("1")
		r.rest()
		err := r.close("done", "olga", tc.answers)
		if holdfast.CodeOf(err) != holdfast.Invalid || err.Error() != tc.want {
			t.Errorf("answers %v: %v, want %s", tc.answers, err, tc.want)
		}
		if r.tasks()[0].Status != "open" {
			t.Errorf("answers %v closed the task", tc.answers)
		}
	}
}

func TestATaskThatNobodyDoesExpires(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oneCall)
	r := w.enroll("1")
	r.rest()
	r.sleep()
	if got := r.tasks()[0].Status; got != "expired" {
		t.Errorf("the task is %s", got)
	}
	if diff := cmp.Diff([]string{"call phone dana skipped expired", "call slack olga sent"}, sorted(r.ledger())); diff != "" {
		t.Error(diff)
	}
	if w.emitted[0].Event != holdfast.EventTaskExpired {
		t.Errorf("emitted %+v", w.emitted)
	}
	if err := r.close("done", "olga", map[string]any{"interest": "yes"}); holdfast.CodeOf(err) != holdfast.Conflict {
		t.Errorf("closing it now: %v", err)
	}
}

func TestAnExitDropsOpenWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oneCall)
	r := w.enroll("1")
	r.rest()
	w.update(func(tx store.Tx) error {
		return tx.Signal(store.Signal{Enrollment: r.id, Kind: "exit", Outcome: "responded", At: monday})
	})
	r.rest()
	if k := r.tasks()[0]; k.Status != "dropped" {
		t.Errorf("the task is %s", k.Status)
	}
	if got := sorted(r.ledger())[0]; got != "call phone dana skipped dropped" {
		t.Errorf("the human touch is %q", got)
	}
}

func TestHumanTouchesCountForCaps(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oneCall)
	w.enroll("1").rest()
	r := w.enroll("2")
	if p := r.rest(); p.State.Wait.Kind != "shift" || len(r.tasks()) != 0 {
		t.Errorf("the second call waits for %+v, %d tasks", p.State.Wait, len(r.tasks()))
	}
}

func TestACardIsTriedAgainUntilSomeoneTakesIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oneCall)
	down := true
	w.slack.fail = func(holdfast.Outbound) error {
		if down {
			return &holdfast.DeliveryError{Reason: "rate_limited", Refused: true, Err: errors.New("429")}
		}
		return nil
	}
	r := w.enroll("1")
	p := r.rest()
	if want := monday.Add(5 * time.Second); !p.Until.Equal(want) || !r.row().Due.Equal(want) {
		t.Errorf("comes back at %s, the row says %s; want %s", p.Until, r.row().Due, want)
	}
	down = false
	p = r.sleep()
	if len(w.slack.sent) != 1 || p.State.Wait.Kind != "task" || !p.Until.Equal(p.State.Wait.Until) {
		t.Errorf("%d cards, waits for %+v until %s", len(w.slack.sent), p.State.Wait, p.Until)
	}
}

// The card of an enrollment that is over is owed as long as nobody took it.
func TestACardOutlivesItsEnrollmentUntilSomeoneTakesIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, head+"steps:\n  - {id: look, task: Look, due: 1d, background: true}\n  - {id: close, end: told}\n")
	refusals := 3
	w.slack.fail = func(holdfast.Outbound) error {
		if refusals == 0 {
			return nil
		}
		refusals--
		return &holdfast.DeliveryError{Reason: "rate_limited", Refused: true, Err: errors.New("429")}
	}
	r := w.enroll("1")
	p := r.rest()
	if r.row().Status != "ended" || p.Over {
		t.Fatalf("%s, over %v; want an end that waits for its card", r.row().Status, p.Over)
	}
	for range 3 {
		if p.Over {
			break
		}
		p = r.sleep()
	}
	if !p.Over || len(w.slack.sent) != 1 {
		t.Errorf("over %v with %d cards, want the one card and an end", p.Over, len(w.slack.sent))
	}
}

func TestWorkWithoutAnOwnerFindsSomeone(t *testing.T) {
	t.Parallel()
	for owner, want := range map[string]string{"": "no_owner", "gone": "unknown_owner"} {
		w := newWorld(t, oneCall)
		w.update(func(tx store.Tx) error {
			return tx.PutAccount(store.Account{ID: "acme", Known: true, Fields: fields("name", "Acme Ltd", "owner", owner)})
		})
		r := w.enroll("1")
		r.rest()
		if k := r.tasks()[0]; k.Owner != "olga" || r.timeline()[0] != "task call opened "+want {
			t.Errorf("owner %q: the task goes to %s, %v", owner, k.Owner, r.timeline())
		}
	}
}

func TestAMissingVariableIsSeenAndNotSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, head+"\nsteps: [{id: opening, email: gap, to: [contacts.champion]}, {id: pause, wait: 3d}]\n")
	r := w.enroll("1")
	r.rest()
	if len(w.email.sent) != 0 || r.ledger()[0] != "opening email dana failed missing_variable" {
		t.Errorf("%d e-mails, ledger %v", len(w.email.sent), r.ledger())
	}
	k := r.tasks()[0]
	if k.Owner != "olga" || !strings.Contains(k.Brief, "account.country") || len(w.slack.sent) != 1 {
		t.Errorf("task %+v, %d cards", k, len(w.slack.sent))
	}
	if err := r.close("done", "olga", nil); err != nil {
		t.Errorf("closing what tells of a failure: %v", err)
	}
	if p := r.sleep(); !p.Over {
		t.Errorf("the sequence does not go on: %+v", p)
	}
}

func TestNobodyToWriteToIsATaskWhenAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, head+"\nsteps: [{id: opening, email: hello, to: [contacts.executive], if_missing: task}]\n")
	r := w.enroll("1")
	r.rest()
	if got := r.ledger(); got[0] != "opening email contacts.executive skipped no_recipient" && got[1] != "opening email contacts.executive skipped no_recipient" {
		t.Errorf("ledger %v", got)
	}
	if ks := r.tasks(); len(ks) != 1 || ks[0].Status != "open" || !strings.HasPrefix(ks[0].Title, "Find someone") {
		t.Errorf("tasks %+v", ks)
	}
}

func TestNamesCannotSpeakToSlack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, head+`
steps:
  - {id: call, task: "Call {{ account.name }}", brief: brief, due: 1d, background: true}
  - {id: note, slack: "#cs", text: "{{ account.name }} was called"}
  - {id: opening, email: gap, to: [contacts.champion]}
`)
	w.update(func(tx store.Tx) error {
		return tx.PutAccount(store.Account{ID: "acme", Known: true, Fields: fields("name", "<!channel> & Co", "owner", "olga")})
	})
	r := w.enroll("1")
	for p := r.rest(); !p.Over; p = r.sleep() {
	}
	if len(w.slack.sent) != 3 {
		t.Fatalf("%d messages, want a card, a note and what tells of a failure", len(w.slack.sent))
	}
	for _, m := range w.slack.sent {
		text := m.Text
		if m.Task != nil {
			text += m.Task.Brief
		}
		if strings.Contains(text, "<!") {
			t.Errorf("%q reaches Slack as markup", text)
		}
	}
}
