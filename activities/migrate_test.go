package activities_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/activities"
	"holdfast/internal/store"
)

const nudging = head + `
exit:
  - {on: email.replied, outcome: answered}
steps:
  - {id: opening, email: hello, to: [contacts.champion]}
  - {id: pause, wait: 3d}
  - {id: call, task: Call, form: {seats: {type: int, required: true}}}
  - {id: again, email: hello, to: [contacts.champion]}
  - {id: hear, wait_for: {any: [ping], timeout: 5d}}
  - {id: close, end: told}
`

// ship publishes an edited playbook and asks the run to go on in it.
func (r *run) ship(playbook string, edit ...func(*activities.MoveOrder)) {
	r.w.t.Helper()
	was := r.w.digest
	r.w.publish(playbook)
	order := activities.MoveOrder{Digest: r.w.digest}
	r.w.digest = was // a workflow keeps the digest that it was told
	for _, f := range edit {
		f(&order)
	}
	data, err := json.Marshal(order)
	if err != nil {
		r.w.t.Fatal(err)
	}
	r.w.update(func(tx store.Tx) error {
		return tx.Signal(store.Signal{Enrollment: r.id, Kind: activities.MigrateSignal, At: r.w.clock.Now(), Data: data})
	})
}

// moves are the lines about moves: "moved at step pause: notes".
func (r *run) moves() (out []string) {
	r.w.t.Helper()
	r.w.update(func(tx store.Tx) error {
		lines, err := tx.LinesOf(r.id)
		for _, l := range lines {
			if l.Kind != "move" {
				continue
			}
			_, words, _ := strings.Cut(l.Reason, " at step ")
			if l.Outcome == "blocked" {
				_, words, _ = strings.Cut(l.Reason, ": ")
			}
			out = append(out, l.Outcome+" "+words)
		}
		return err
	})
	return out
}

func edited(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(nudging) }

func TestAMovedEnrollmentGoesOnInTheNewVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nudging)
	r := w.enroll("1")
	r.rest()
	r.ship(edited("wait: 3d", "wait: 4d", "  - {id: pause", "  - {id: news, email: hello, to: [contacts.champion]}\n  - {id: pause", "end: told", "end: done"))
	p := r.rest()
	if want := monday.AddDate(0, 0, 4); !p.Until.Equal(want) || p.Digest != r.row().Digest || p.Digest == w.digest {
		t.Errorf("rests until %s in version %s, want %s in that of its row, %s", p.Until, p.Digest, want, r.row().Digest)
	}
	want := []string{"moved pause: it waits 4 days instead of 3 days, counted from when the wait began"}
	if d := cmp.Diff(want, r.moves()); d != "" {
		t.Error(d)
	}
	r.sleep()
	if d := cmp.Diff([]string{"opening email dana sent", "call slack olga sent"}, r.ledger()); d != "" {
		t.Errorf("what was inserted before it ran, or more (-want +got):\n%s", d)
	}
}

func TestTheSameVersionAgainChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nudging)
	r := w.enroll("1")
	before := r.rest()
	r.ship(nudging)
	after := r.rest()
	before.State.Seen, after.State.Seen = 0, 0
	if d := cmp.Diff(before, after); d != "" || len(r.moves()) > 0 {
		t.Errorf("%q %s", r.moves(), d)
	}
}

func TestARenamedTouchNeverGoesTwice(t *testing.T) {
	t.Parallel()
	for name, to := range map[string]string{
		"renamed":                         edited("id: opening", "id: greeting, was: opening"),
		"renamed, and behind where it is": edited("  - {id: opening, email: hello, to: [contacts.champion]}\n", "", "  - {id: again,", "  - {id: greeting, was: opening, email: hello, to: [contacts.champion]}\n  - {id: again,"),
		"behind where it is":              edited("  - {id: opening, email: hello, to: [contacts.champion]}\n", "", "  - {id: again,", "  - {id: opening, email: hello, to: [contacts.champion]}\n  - {id: again,"),
	} {
		w := newWorld(t, nudging)
		r := w.enroll("1")
		r.rest()
		r.ship(to)
		r.rest()
		r.sleep()
		w.close(r, map[string]any{"seats": 5.0})
		r.rest()
		if d := cmp.Diff([]string{"opening email dana sent", "call slack olga sent", "again email dana sent"}, r.ledger()); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
		if len(w.email.sent) != 2 {
			t.Errorf("%s: %d e-mails, want 2", name, len(w.email.sent))
		}
	}
}

func (w *world) close(r *run, answers map[string]any) {
	w.t.Helper()
	for _, k := range r.tasks() {
		if k.Status == "open" {
			if err := w.a.CloseTask(w.t.Context(), k.ID, "done", "olga", answers, w.clock.Now()); err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

// A task that was done stays done, also when its step comes again under another
// name; and what was answered is known to a version that asks for it first.
func TestADoneTaskIsNotAskedForAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nudging)
	r := w.enroll("1")
	r.rest()
	r.sleep()
	w.close(r, map[string]any{"seats": 5.0})
	r.rest() // at hear
	r.ship(edited("  - {id: close", "  - {id: phone, was: call, task: Call, form: {seats: {type: int, required: true}}}\n  - {id: big, if: phone.seats > 3, email: hello, to: [contacts.champion]}\n  - {id: close",
		"  - {id: call, task: Call, form: {seats: {type: int, required: true}}}\n", ""))
	r.rest()
	r.sleep()
	if n := len(r.tasks()); n != 1 {
		t.Errorf("%d tasks, want 1", n)
	}
	if e := r.row(); e.Outcome != "told" || !slices.Contains(r.ledger(), "big email dana sent") {
		t.Errorf("%s %s %s, ledger %q; want the big mail and the end", e.Status, e.Step, e.Doing, r.ledger())
	}
}

func TestAnOpenTaskBlocksUntilItIsClosed(t *testing.T) {
	t.Parallel()
	without := edited("  - {id: call, task: Call, form: {seats: {type: int, required: true}}}\n", "")
	w := newWorld(t, nudging)
	r := w.enroll("1")
	r.rest()
	r.sleep()
	was := r.row().Digest
	r.ship(without)
	r.rest()
	if d := cmp.Diff([]string{`blocked a task is open at step "call", which the new version does not have`}, r.moves()); d != "" || r.row().Digest != was {
		t.Errorf("in version %s, was %s: %s", r.row().Digest, was, d)
	}
	r.ship(without, func(o *activities.MoveOrder) { o.CloseTasks = true })
	r.rest()
	if k := r.tasks()[0]; k.Status != "dropped" || r.row().Digest == was || r.row().Step != "hear" {
		t.Errorf("the task is %s, the enrollment at %s in version %s", k.Status, r.row().Step, r.row().Digest)
	}
	if !slices.Contains(r.ledger(), "again email dana sent") {
		t.Errorf("ledger %q, want the mail after the task", r.ledger())
	}
}

// A touch that is under way when the process dies belongs to the version that
// claimed it; the move comes after its fate is settled.
func TestATouchUnderWayIsSettledBeforeTheMove(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nudging)
	r := w.enroll("1")
	step := r.step()
	w.email.fail = func(m holdfast.Outbound) error {
		w.email.arrives(m)
		panic("the process dies")
	}
	func() {
		defer func() { _ = recover() }()
		_, _ = w.a.Advance(t.Context(), step)
	}()
	w.email.fail = nil
	w.wire()
	r.ship(edited("  - {id: opening, email: hello, to: [contacts.champion]}\n", ""))
	p, err := w.a.Advance(t.Context(), step)
	if err != nil {
		t.Fatal(err)
	}
	r.last = p
	if d := cmp.Diff([]string{`blocked whether the message of step "opening" arrived is not known yet, and the new version has no such step`}, r.moves()); d != "" {
		t.Error(d)
	}
	r.ship(edited("id: opening", "id: greeting, was: opening"))
	r.rest()
	w.clock.Move(monday.Add(2 * time.Hour))
	r.rest()
	if d := cmp.Diff([]string{"opening email dana unknown process_died", "opening! slack olga sent"}, r.ledger()); d != "" || len(w.email.sent) != 1 || r.row().Step != "pause" {
		t.Errorf("at %s after %d e-mails: %s", r.row().Step, len(w.email.sent), d)
	}
}

func TestAMoveThatComesDuringASendWaitsForItsRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nudging)
	r := w.enroll("1")
	w.email.fail = func(holdfast.Outbound) error {
		r.ship(edited("id: opening", "id: greeting, was: opening", "wait: 3d", "wait: 5d"))
		return nil
	}
	p := r.rest()
	if want := monday.AddDate(0, 0, 5); !p.Until.Equal(want) || len(w.email.sent) != 1 {
		t.Errorf("%d e-mails, rests until %s, want 1 and %s; %q", len(w.email.sent), p.Until, want, r.moves())
	}
}

func TestARefusedTouchIsTriedAgainUnderItsFirstPath(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nudging)
	r := w.enroll("1")
	w.email.fail = func(holdfast.Outbound) error {
		return &holdfast.DeliveryError{Channel: "email", Reason: "429", Refused: true, Err: errors.New("slow down")}
	}
	r.rest()
	w.email.fail = nil
	r.ship(edited("id: opening", "id: greeting, was: opening"))
	r.rest()
	r.sleep()
	if d := cmp.Diff([]string{"opening email dana sent"}, r.ledger()); d != "" {
		t.Error(d)
	}
}

func TestOtherEventsAreHeardFromTheLastTouchOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nudging)
	r := w.enroll("1")
	r.rest()
	r.sleep()
	w.close(r, map[string]any{"seats": 5.0})
	r.rest()
	w.update(func(tx store.Tx) error { // before the new version listens for it
		_, _, err := tx.AppendEvent(holdfast.Message{
			ID: "p1", Source: "app", Kind: holdfast.Track, Event: "pong", Account: "acme", At: w.clock.Now().Add(time.Minute),
		}, w.clock.Now())
		return err
	})
	w.clock.Move(w.clock.Now().Add(time.Hour))
	r.ship(edited("any: [ping]", "any: [pong]"))
	r.rest()
	if e := r.row(); e.Outcome != "told" {
		t.Errorf("%s at %s: %s; want it to hear what came since the last touch", e.Status, e.Step, e.Doing)
	}
}

func TestAListenerHearsWhatTheNewVersionListensFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nudging)
	r := w.enroll("1")
	r.rest()
	r.sleep()
	w.close(r, map[string]any{"seats": 5.0})
	r.rest()
	r.ship(edited("any: [ping]", "any: [pong, ping]", "id: hear", "id: listen, was: hear"))
	r.rest()
	w.update(func(tx store.Tx) error {
		for event, want := range map[string]int{"ping": 1, "pong": 1} {
			ls, err := tx.Listeners("acme", event)
			if err != nil || len(ls) != want || ls[0].Path != "hear" {
				t.Errorf("listeners for %s: %v (%v)", event, ls, err)
			}
		}
		return nil
	})
	r.ship(edited("  - {id: hear, wait_for: {any: [ping], timeout: 5d}}\n", ""))
	r.rest()
	if e := r.row(); e.Outcome != "told" {
		t.Errorf("%s at %s, want it to end behind the listener that is gone", e.Status, e.Step)
	}
}

func TestAnExitThatIsTrueAlreadyEndsItAtTheMove(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nudging)
	r := w.enroll("1")
	r.rest()
	r.ship(edited("exit:", "exit:\n  - {when: account.owner == \"olga\", outcome: left}"))
	r.rest()
	if e := r.row(); e.Outcome != "left" {
		t.Errorf("%s at %s with %q, want it left", e.Status, e.Step, e.Outcome)
	}
}

func TestAnEnrollmentWithNothingLeftIsCompleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nudging)
	r := w.enroll("1")
	r.rest()
	r.ship(head + "steps:\n  - {id: opening, email: hello, to: [contacts.champion]}\n")
	r.rest()
	if e := r.row(); e.Status != "ended" || e.Outcome != "completed" {
		t.Errorf("%s with %q at %s", e.Status, e.Outcome, e.Step)
	}
}

// A version that cannot be read leaves the enrollment where it is.
func TestAMoveToAVersionThatIsNotThereIsALine(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nudging)
	r := w.enroll("1")
	p := r.rest()
	r.ship(nudging, func(o *activities.MoveOrder) { o.Digest = "nowhere" })
	if q := r.rest(); !q.Until.Equal(p.Until) || q.Digest != "" || !strings.HasPrefix(r.moves()[0], "blocked read version nowhere") {
		t.Errorf("%v, %q", q, r.moves())
	}
}
