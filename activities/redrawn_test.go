package activities_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/activities"
	"holdfast/channels"
	"holdfast/internal/store"
)

// room is a Slack in which messages can be changed and found again.
type room struct {
	post

	mu      sync.Mutex
	shown   map[string]holdfast.Outbound // by receipt
	redrawn int
	refuse  func(m holdfast.Outbound) error // of a redraw
	blind   error                           // of a look
	looks   int
}

func (r *room) Deliver(ctx context.Context, m holdfast.Outbound) (holdfast.Receipt, error) {
	receipt, err := r.post.Deliver(ctx, m)
	if err != nil {
		return receipt, err
	}
	return holdfast.Receipt{ProviderID: r.show(m), At: m.At}, nil
}

// show puts m into the room, as a post does whose answer may be lost.
func (r *room) show(m holdfast.Outbound) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.shown == nil {
		r.shown = map[string]holdfast.Outbound{}
	}
	at := fmt.Sprintf("D1/%d.0", len(r.shown)+1)
	r.shown[at] = m
	return at
}

func (r *room) Redraw(_ context.Context, at string, m holdfast.Outbound) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refuse != nil {
		if err := r.refuse(m); err != nil {
			return err
		}
	}
	if r.shown[at].Touch != m.Touch {
		return &holdfast.DeliveryError{Channel: "slack", Reason: "message_not_found", Permanent: true}
	}
	r.shown[at] = m
	r.redrawn++
	return nil
}

func (r *room) Find(_ context.Context, m holdfast.Outbound) (holdfast.Receipt, bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.looks++
	if r.blind != nil {
		return holdfast.Receipt{}, false, r.blind
	}
	for at, one := range r.shown {
		if one.Touch == m.Touch && one.To == m.To && !one.At.Before(m.At) {
			return holdfast.Receipt{ProviderID: at, At: m.At}, true, nil
		}
	}
	return holdfast.Receipt{}, false, nil
}

// statuses of the cards in the room, in the order that they came.
func (r *room) statuses() (out []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range len(r.shown) {
		c := r.shown[fmt.Sprintf("D1/%d.0", i+1)].Task
		if c == nil {
			out = append(out, "note")
			continue
		}
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s", c.Status, c.ClosedBy)))
	}
	return out
}

func newRoom(t *testing.T, playbook string) (*world, *room) {
	t.Helper()
	w := newWorld(t, playbook)
	r := &room{post: post{name: "slack"}}
	w.config.Channels = map[string]channels.Channel{"email": w.email, "slack": r}
	w.wire()
	return w, r
}

func (w *world) redraw() time.Duration {
	w.t.Helper()
	pause, err := w.a.RedrawDue(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return pause
}

// redraws are the dues of cards, in words.
func (w *world) redraws() (out []string) {
	w.t.Helper()
	w.update(func(tx store.Tx) error {
		ds, err := tx.DueBefore(w.clock.Now().AddDate(1, 0, 0), 0, activities.RedrawKind, "late_card")
		out = nil
		for _, d := range ds {
			out = append(out, d.Kind+" in "+d.At.Sub(w.clock.Now()).String())
		}
		return err
	})
	return out
}

func TestAClosedCardSaysWhoDidIt(t *testing.T) {
	t.Parallel()
	w, slack := newRoom(t, oneCall)
	r := w.enroll("1")
	r.rest()
	if err := r.close("done", "olga", map[string]any{"interest": "no"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{""}, slack.statuses()); diff != "" {
		t.Fatalf("a click waited for Slack: %s", diff)
	}
	w.redraw()
	if diff := cmp.Diff([]string{"done Olga Owner"}, slack.statuses()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"late_card in 24h0m0s"}, w.redraws()); diff != "" {
		t.Errorf("left to redraw: %s", diff)
	}
	w.clock.Move(monday.AddDate(0, 0, 1))
	w.redraw()
	if got := w.redraws(); slack.redrawn != 1 || len(got) != 0 {
		t.Errorf("redrawn %d times, left %v: a closed card is not late", slack.redrawn, got)
	}
}

func TestALateCardIsMarked(t *testing.T) {
	t.Parallel()
	w, slack := newRoom(t, oneCall)
	w.enroll("1").rest()
	w.clock.Move(monday.AddDate(0, 0, 1).Add(time.Second))
	w.redraw()
	if got := slack.shown["D1/1.0"].Task; !got.Overdue || slack.redrawn != 1 {
		t.Errorf("shown as overdue %v, redrawn %d times", got.Overdue, slack.redrawn)
	}
}

func TestACardThatNobodyNeedsIsRedrawn(t *testing.T) {
	t.Parallel()
	w, slack := newRoom(t, oneCall)
	r := w.enroll("1")
	r.rest()
	r.sleep() // it expires
	w.redraw()
	if diff := cmp.Diff([]string{"expired"}, slack.statuses()); diff != "" {
		t.Error(diff)
	}
}

func TestARedrawSurvivesItsMishaps(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err   error
		pause time.Duration
		left  []string
	}{
		"asked to wait": {&holdfast.DeliveryError{Reason: "rate_limited", Refused: true, After: 45 * time.Second}, 45 * time.Second, []string{"card in 45s", "late_card in 24h0m0s"}},
		"no answer":     {&holdfast.DeliveryError{Reason: "timeout_after_send"}, 0, []string{"card in 5s", "late_card in 24h0m0s"}},
		"unclassed":     {fmt.Errorf("a bug"), 0, []string{"card in 5s", "late_card in 24h0m0s"}},
		"a bad token":   {&holdfast.DeliveryError{Reason: "bad_credentials", Permanent: true}, 0, []string{"card in 5s", "late_card in 24h0m0s"}},
		"gone":          {&holdfast.DeliveryError{Reason: "message_not_found", Permanent: true}, 0, []string{"late_card in 24h0m0s"}},
	} {
		w, slack := newRoom(t, oneCall)
		r := w.enroll("1")
		r.rest()
		if err := r.close("done", "olga", map[string]any{"interest": "no"}); err != nil {
			t.Fatal(err)
		}
		slack.refuse = func(holdfast.Outbound) error { return c.err }
		if got := w.redraw(); got != c.pause {
			t.Errorf("%s: pauses %s, want %s", name, got, c.pause)
		}
		if diff := cmp.Diff(c.left, w.redraws()); diff != "" {
			t.Errorf("%s: left: %s", name, diff)
		}
		slack.refuse = nil
		w.wire() // another process
		w.clock.Move(monday.Add(time.Minute))
		w.redraw()
		if got := slack.statuses()[0]; (got == "done Olga Owner") == (name == "gone") {
			t.Errorf("%s: shown as %q afterwards", name, got)
		}
	}
}

func TestAProcessThatDiesRedrawsAgain(t *testing.T) {
	t.Parallel()
	w, slack := newRoom(t, oneCall)
	r := w.enroll("1")
	r.rest()
	if err := r.close("done", "olga", map[string]any{"interest": "no"}); err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() { _ = recover() }()
		slack.refuse = func(holdfast.Outbound) error { slack.mu.Unlock(); defer slack.mu.Lock(); panic("killed") }
		w.redraw()
	}()
	slack.refuse = nil
	w.wire()
	w.redraw()
	if slack.redrawn != 0 {
		t.Error("redrawn while another process may be at it")
	}
	w.clock.Move(monday.Add(time.Minute))
	w.redraw()
	if diff := cmp.Diff([]string{"done Olga Owner"}, slack.statuses()); diff != "" {
		t.Error(diff)
	}
}

func TestAChangeDuringARedrawIsNotLost(t *testing.T) {
	t.Parallel()
	w, slack := newRoom(t, oneCall)
	r := w.enroll("1")
	r.rest()
	id := r.tasks()[0].ID
	if err := w.a.RedrawTask(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	slack.refuse = func(m holdfast.Outbound) error {
		if m.Task.Open() { // somebody closes it just now
			slack.mu.Unlock()
			defer slack.mu.Lock()
			return r.close("done", "max", map[string]any{"interest": "yes"})
		}
		return nil
	}
	w.redraw()
	if diff := cmp.Diff([]string{"done Max Manager"}, slack.statuses()); diff != "" {
		t.Error(diff)
	}
	if err := w.a.RedrawTask(t.Context(), "nothing"); holdfast.CodeOf(err) != holdfast.NotFound {
		t.Errorf("redraw of no task: %v", err)
	}
}

func TestATaskClosedWhileItsCardIsUnderWayIsShownClosed(t *testing.T) {
	t.Parallel()
	w, slack := newRoom(t, oneCall)
	r := w.enroll("1")
	slack.fail = func(holdfast.Outbound) error {
		return r.close("done", "max", map[string]any{"interest": "yes"})
	}
	r.rest()
	w.redraw()
	if diff := cmp.Diff([]string{"done Max Manager"}, slack.statuses()); diff != "" {
		t.Error(diff)
	}
}

func TestACardOfWhoHadItSaysThatAnotherHas(t *testing.T) {
	t.Parallel()
	w, slack := newRoom(t, oneCall)
	r := w.enroll("1")
	r.rest()
	k := r.tasks()[0]
	k.Owner = "max"
	w.update(func(tx store.Tx) error { return tx.PutTask(k) })
	if err := w.a.RedrawTask(t.Context(), k.ID); err != nil {
		t.Fatal(err)
	}
	w.redraw()
	if c := slack.shown["D1/1.0"].Task; c.Open() || c.Owner != "Max Manager" {
		t.Errorf("Olga still sees %+v", c)
	}
}
