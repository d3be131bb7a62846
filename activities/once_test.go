package activities_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/steps"
	"holdfast/workflows"
)

const oneMail = head + `
steps:
  - {id: opening, email: hello, to: [contacts.champion], from: owner}
  - {id: pause, wait: 3d}
`

func TestATouchGoesOnceAndIsOnRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oneMail)
	r := w.enroll("1")
	p := r.rest()
	if len(w.email.sent) != 1 {
		t.Fatalf("%d e-mails, want 1", len(w.email.sent))
	}
	m := w.email.sent[0]
	if m.To.Email != "Dana@acme.test" || m.From.Email != "olga@example.test" || m.Subject != "Hello Dana" {
		t.Errorf("sent %q from %q: %q", m.To.Email, m.From.Email, m.Subject)
	}
	if diff := cmp.Diff([]string{"opening email dana sent"}, r.ledger()); diff != "" {
		t.Error(diff)
	}
	if want := monday.AddDate(0, 0, 3); !p.Until.Equal(want) {
		t.Errorf("rests until %s, want %s", p.Until, want)
	}
	if e := r.row(); !e.Due.Equal(p.Until) || e.Step != "pause" {
		t.Errorf("the row is due %s at step %q", e.Due, e.Step)
	}
}

func TestTheSameStepAgainHasTheSameAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oneMail)
	r := w.enroll("1")
	step := r.step()
	first, err := w.a.Advance(t.Context(), step)
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Move(monday.Add(5 * time.Minute))
	second, err := w.a.Advance(t.Context(), step)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Error(diff)
	}
	if len(w.email.sent) != 1 {
		t.Errorf("%d e-mails, want 1", len(w.email.sent))
	}
}

func TestWhatAChannelSaysDecidesWhetherATouchIsRepeated(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		failure  error
		unknown  string // the playbook's word, and what follows it
		arrives  bool
		sent     int // after all waits
		ledger   []string
		tasks    int
		firstGap time.Duration
	}{
		{"refused", &holdfast.DeliveryError{Reason: "rate_limited", Refused: true, Err: errors.New("429")}, "", false, 1,
			[]string{"opening email dana sent"}, 0, 5 * time.Second},
		{"refused with a wish", &holdfast.DeliveryError{Reason: "rate_limited", Refused: true, After: 5 * time.Minute, Err: errors.New("429")}, "", false, 1,
			[]string{"opening email dana sent"}, 0, 5 * time.Minute},
		{"permanent", &holdfast.DeliveryError{Reason: "bad_address", Permanent: true, Err: errors.New("400")}, "", false, 0,
			[]string{"opening email dana failed bad_address", "opening! slack olga sent"}, 1, 72 * time.Hour},
		{"unknown", &holdfast.DeliveryError{Reason: "timeout_after_send", Err: errors.New("reset")}, "", true, 1,
			[]string{"opening email dana unknown timeout_after_send", "opening! slack olga sent"}, 1, time.Hour},
		{"unknown, and not waited for long", &holdfast.DeliveryError{Reason: "timeout_after_send", Err: errors.New("reset")}, "at_most_once\nunknown_wait: 15m", true, 1,
			[]string{"opening email dana unknown timeout_after_send", "opening! slack olga sent"}, 1, 15 * time.Minute},
		{"unclassed", errors.New("what is this"), "", false, 0,
			[]string{"opening email dana unknown unclassed", "opening! slack olga sent"}, 1, time.Hour},
		{"unknown, may be repeated", &holdfast.DeliveryError{Reason: "timeout_after_send", Err: errors.New("reset")}, "at_least_once", true, 2,
			[]string{"opening email dana sent"}, 0, 5 * time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			doc := oneMail
			if tc.unknown != "" {
				doc = head + "unknown_send: " + tc.unknown + oneMail[len(head):]
			}
			w := newWorld(t, doc)
			w.email.fail = func(m holdfast.Outbound) error {
				w.email.fail = nil
				if tc.arrives {
					w.email.arrives(m)
				}
				return tc.failure
			}
			r := w.enroll("1")
			p := r.rest()
			if gap := p.Until.Sub(monday); gap != tc.firstGap {
				t.Errorf("rests for %s, want %s", gap, tc.firstGap)
			}
			for !p.Over {
				p = r.sleep()
			}
			if len(w.email.sent) != tc.sent {
				t.Errorf("%d e-mails, want %d", len(w.email.sent), tc.sent)
			}
			if diff := cmp.Diff(tc.ledger, r.ledger()); diff != "" {
				t.Error(diff)
			}
			if got := len(r.tasks()); got != tc.tasks {
				t.Errorf("%d tasks for the owner, want %d", got, tc.tasks)
			}
		})
	}
}

func TestATouchThatIsRefusedForADayFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oneMail)
	tries := 0
	w.email.fail = func(holdfast.Outbound) error {
		tries++
		return &holdfast.DeliveryError{Reason: "refused", Refused: true, Err: errors.New("503")}
	}
	r := w.enroll("1")
	p := r.rest()
	for range 100 {
		if p.State.At != "opening" {
			break
		}
		p = r.sleep()
	}
	if got := r.ledger()[0]; got != "opening email dana failed refused" {
		t.Errorf("the touch is %q after %d tries", got, tries)
	}
	if took := w.clock.Now().Sub(monday); took < 24*time.Hour || took > 26*time.Hour || tries < 12 || tries > 40 {
		t.Errorf("given up after %s and %d tries", took, tries)
	}
}

// crash is the end of the process, as far as one Advance can see.
type crash struct{ at string }

// crashing is a store that dies at its n-th update: before the commit or after it.
type crashing struct {
	store.Store
	n     int
	after bool
}

func (c *crashing) Update(ctx context.Context, fn func(store.Tx) error) error {
	c.n--
	if c.n == 0 && !c.after {
		panic(crash{"before a commit"})
	}
	err := c.Store.Update(ctx, fn)
	if c.n == 0 {
		panic(crash{"after a commit"})
	}
	return err
}

// survive calls f and reports whether it crashed.
func survive(t *testing.T, f func()) (crashed bool) {
	t.Helper()
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(crash); !ok {
				panic(r)
			}
			crashed = true
		}
	}()
	f()
	return false
}

const everything = head + `
steps:
  - {id: opening, email: hello, to: [contacts.champion], from: owner}
  - {id: note, slack: owner, text: "{{ account.name }} was written to"}
  - {id: call, task: "Call {{ account.name }}", channel: phone, due: 1d, expires: 2d}
  - {id: answer, wait_for: {any: [pong], timeout: 2d}}
  - {id: last, email: hello, to: [contacts.champion], from: owner}
  - {id: stop, end: no_response, rest: 6mo}
`

const inArms = head + `
steps:
  - id: both
    parallel:
      arms:
        - id: mail
          steps:
            - {id: opening, email: hello, to: [contacts.champion], from: owner}
            - {id: pause, wait: 4d}
            - {id: last, email: hello, to: [contacts.champion], from: owner}
        - id: people
          steps:
            - {id: note, slack: owner, text: "{{ account.name }} was written to"}
            - {id: call, task: "Call {{ account.name }}", channel: phone, due: 1d, expires: 2d}
            - {id: answer, wait_for: {any: [pong], timeout: 2d}}
  - {id: stop, end: no_response, rest: 6mo}
`

// TestACrashAtAnyCommitRepeatsNothing kills the process at every update of a
// whole run, before and after its commit, and starts it again with the old step.
func TestACrashAtAnyCommitRepeatsNothing(t *testing.T) {
	t.Parallel()
	t.Run("in a row", func(t *testing.T) {
		t.Parallel()
		crashEverywhere(t, everything)
	})
	t.Run("in arms", func(t *testing.T) {
		t.Parallel()
		crashEverywhere(t, inArms)
	})
}

func crashEverywhere(t *testing.T, doc string) {
	t.Helper()
	for _, after := range []bool{false, true} { // one update after the other, until a run has no more of them
		for n := 1; ; n++ {
			crashed := false
			t.Run(fmt.Sprintf("update %d after=%v", n, after), func(t *testing.T) {
				w := newWorld(t, doc)
				r := w.enroll("1")
				w.config.Store = &crashing{Store: w.store, n: n, after: after}
				w.wire()
				for range 100 {
					r.n = r.row().Woken
					step := r.step()
					if survive(t, func() { r.advanceTo(step) }) {
						crashed = true
						w.config.Store = w.store
						w.wire()
						w.clock.Move(w.clock.Now().Add(2 * time.Second))
						r.advanceTo(step)
					}
					if r.last.Over {
						break
					}
					if !r.last.Again {
						w.clock.Move(r.last.Until)
					}
				}
				seen := map[string]int{}
				for _, m := range w.email.sent {
					seen[m.Touch]++
				}
				for touch, times := range seen {
					if times > 1 {
						t.Errorf("e-mail %s went %d times", touch, times)
					}
				}
				states := map[string]bool{}
				for _, h := range r.ledger() {
					states[h] = true
				}
				for _, path := range []string{"opening", "last"} {
					if !states[path+" email dana sent"] && !states[path+" email dana unknown process_died"] {
						t.Errorf("%s is lost: %v", path, r.ledger())
					}
				}
				if !states["call slack olga sent"] {
					t.Errorf("the card of the call was not handed out: %v", r.ledger())
				}
				if e := r.row(); e.Status != "ended" || e.Outcome != "no_response" {
					t.Errorf("ended as %s %s", e.Status, e.Outcome)
				}
				if len(w.emitted) != 2 && !crashed {
					t.Errorf("%d events, want the task's and the enrollment's end", len(w.emitted))
				}
			})
			if !crashed {
				if n < 10 {
					t.Errorf("a whole run has %d updates; the test sees too little", n-1)
				}
				break
			}
		}
	}
}

// advanceTo calls Advance with a step of the past.
func (r *run) advanceTo(step workflows.Step) {
	r.w.t.Helper()
	p, err := r.w.a.Advance(r.w.t.Context(), step)
	if err != nil {
		r.w.t.Fatal(err)
	}
	r.last = p
}

func TestAProcessThatDiesWhileSendingLeavesTheTouchUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oneMail)
	w.email.fail = func(m holdfast.Outbound) error {
		w.email.fail = nil
		w.email.arrives(m)
		w.email.mu.Unlock() // the process takes its locks with it
		defer w.email.mu.Lock()
		panic(crash{"in the channel"})
	}
	r := w.enroll("1")
	step := r.step()
	if !survive(t, func() { r.advanceTo(step) }) {
		t.Fatal("did not crash")
	}
	r.advanceTo(step)
	if got := r.ledger(); got[0] != "opening email dana unknown process_died" {
		t.Errorf("the ledger says %v", got)
	}
	if wait := r.last.State.Wait; wait == nil || wait.Kind != "unknown" || !r.last.Until.Equal(monday.Add(time.Hour)) {
		t.Errorf("waits for %+v until %s", wait, r.last.Until)
	}
	r.sleep()
	if len(w.email.sent) != 1 {
		t.Errorf("%d e-mails, want 1", len(w.email.sent))
	}
}

func TestWhatTheProviderConfirmsIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oneMail)
	w.email.fail = func(holdfast.Outbound) error {
		return &holdfast.DeliveryError{Reason: "timeout_after_send", Err: errors.New("reset")}
	}
	r := w.enroll("1")
	r.rest()
	w.update(func(tx store.Tx) error {
		due, err := tx.DueBefore(monday.Add(24*time.Hour), 10)
		if err != nil || len(due) != 1 || due[0].Kind != "unconfirmed" {
			t.Errorf("due are %+v, %v; want the end of the unknown", due, err)
		}
		all, err := tx.TouchesOf(r.id)
		if err != nil {
			return err
		}
		all[0].State = holdfast.Reconciled
		if err := tx.PutTouch(all[0]); err != nil {
			return err
		}
		return tx.Wake(r.id)
	})
	if p := r.rest(); p.State.At != "pause" {
		t.Errorf("is at %q, want on its way at once", p.State.At)
	}
	if got := len(r.tasks()); got != 0 {
		t.Errorf("%d tasks for the owner, want none", got)
	}
}

// TestALateAttemptOnlyTellsTheLedger: Temporal gave the first attempt up and
// started a second while the first was still sending.
func TestALateAttemptOnlyTellsTheLedger(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oneMail)
	r := w.enroll("1")
	step := r.step()
	var second steps.State
	w.email.fail = func(holdfast.Outbound) error {
		w.email.fail = nil
		p, err := w.a.Advance(t.Context(), step)
		if err != nil {
			t.Error(err)
		}
		second = p.State
		return nil
	}
	r.advanceTo(step)
	if got := r.ledger(); len(w.email.sent) != 1 || got[0] != "opening email dana reconciled process_died" {
		t.Errorf("%d e-mails, ledger %v", len(w.email.sent), got)
	}
	if diff := cmp.Diff(second, r.last.State); diff != "" {
		t.Errorf("the two attempts answer differently: %s", diff)
	}
}
