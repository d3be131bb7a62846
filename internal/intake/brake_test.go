package intake_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/intake"
	"holdfast/internal/store"
)

// said is what a provider's handler of ours tells of an e-mail of nudge.
func (w *world) said(event string, n int, props ...string) {
	w.t.Helper()
	var all []holdfast.Message
	for range n {
		w.n++
		m := holdfast.Message{
			ID: fmt.Sprintf("s%03d", w.n), Source: "system", Kind: holdfast.Track, Event: event, Account: "acme", At: w.clock.Now(),
			Props: map[string]any{"playbook": "nudge"},
		}
		for i := 0; i < len(props); i += 2 {
			m.Props[props[i]] = props[i+1]
		}
		all = append(all, m)
	}
	if res := w.takeAll(intake.Live, all); len(res.Problems) > 0 {
		w.t.Fatal(res.Problems)
	}
}

func (w *world) brake(do func(b intake.Brake) error) {
	w.t.Helper()
	err := w.Store.Update(context.Background(), func(tx store.Tx) error {
		b, err := intake.BrakeOf(tx, "nudge", "acme", w.clock.Now())
		if err != nil {
			return err
		}
		return do(b)
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) sent(n int) {
	w.t.Helper()
	w.brake(func(b intake.Brake) (err error) {
		for range n {
			err = errors.Join(err, b.Sent())
		}
		return err
	})
}

func (w *world) stopped() (by string) {
	w.t.Helper()
	w.view(func(tx store.Tx) (err error) {
		by, err = tx.MetaGet(store.StopKey("nudge"))
		return err
	})
	return by
}

// audits are the lines of the audit log.
func (w *world) audits() string {
	w.t.Helper()
	var said []string
	w.view(func(tx store.Tx) error {
		all, err := tx.Audits(store.AuditFilter{})
		for _, a := range all {
			said = append(said, strings.TrimSpace(a.Who+" "+a.What+" "+a.On+" "+a.Details))
		}
		return err
	})
	return strings.Join(said, "\n")
}

func TestBouncesAndSpamReportsStopThePlaybook(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		do   func(w *world)
		want string
	}{
		{"one of twenty is 5 %", func(w *world) { w.sent(20); w.said("email.bounced", 1) }, ""},
		{"two are too few to tell", func(w *world) { w.sent(20); w.said("email.bounced", 2) }, ""},
		{"three of twenty", func(w *world) { w.sent(20); w.said("email.bounced", 3) }, "the failure brake: 3 of 20 e-mails bounced"},
		{"three of sixty are 5 %", func(w *world) { w.sent(60); w.said("email.bounced", 3) }, ""},
		{"all of a few", func(w *world) { w.sent(19); w.said("email.bounced", 19) }, ""},
		{"soft ones", func(w *world) { w.sent(20); w.said("email.bounced", 9, "class", "soft") }, ""},
		{"the morning after", func(w *world) { w.sent(40); w.run(20 * time.Hour); w.said("email.bounced", 3) }, "the failure brake: 3 of 40 e-mails bounced"},
		{"days after", func(w *world) { w.sent(40); w.run(72 * time.Hour); w.said("email.bounced", 9) }, ""},
		{"two spam reports", func(w *world) { w.sent(30); w.said("email.complained", 2) }, ""},
		{"three of thirty", func(w *world) { w.sent(30); w.said("email.complained", 3) }, "the failure brake: 3 of 30 e-mails were reported as spam"},
		{"three of three thousand are 0.1 %", func(w *world) { w.sent(3000); w.said("email.complained", 3) }, ""},
		{"four of them", func(w *world) { w.sent(3000); w.said("email.complained", 4) }, "the failure brake: 4 of 3000 e-mails were reported as spam"},
		{"of another playbook", func(w *world) { w.sent(20); w.said("email.bounced", 9, "playbook", "other") }, ""},
		{"of none", func(w *world) { w.sent(20); w.said("email.bounced", 9, "playbook", "") }, ""},
		{"let go on", func(w *world) {
			w.sent(20)
			w.said("email.bounced", 2)
			w.brake(func(b intake.Brake) error { return b.Release() })
			w.sent(20)
			w.said("email.bounced", 2)
		}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, onLogin)
			w.people(0, 1)
			tc.do(w)
			if got := w.stopped(); got != tc.want {
				t.Errorf("stopped by %q, want %q", got, tc.want)
			}
			if n := len(w.alarms()); (n == 1) != (tc.want != "") {
				t.Errorf("%d alarms", n)
			}
			audits := ""
			if tc.want != "" {
				audits = "system sending.stop nudge {\"by\":\"the failure brake\"}"
			}
			if got := w.audits(); got != audits {
				t.Errorf("the audit log has %q, want %q", got, audits)
			}
		})
	}
}

// TestTheBrakeDoesNotOverwriteAHand: who stopped it first is who did.
func TestTheBrakeDoesNotOverwriteAHand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onLogin)
	if err := w.Store.Update(context.Background(), func(tx store.Tx) error { return tx.MetaSet(store.StopKey("nudge"), "Mira") }); err != nil {
		t.Fatal(err)
	}
	w.sent(20)
	if w.said("email.bounced", 9); w.stopped() != "Mira" || len(w.alarms()) != 0 {
		t.Errorf("stopped by %q, %d alarms", w.stopped(), len(w.alarms()))
	}
}
