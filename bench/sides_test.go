package bench

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/workflow"

	"holdfast"
	"holdfast/channels"
	"holdfast/internal/clock"
	"holdfast/internal/mail"
	"holdfast/internal/relay"
	"holdfast/internal/store"
	"holdfast/internal/temporal"
	"holdfast/workflows"
)

// runProduct takes n accounts through the playbook, as production does: rows,
// relay, Enrollment, Advance, and a person who closes tasks.
func runProduct(w *world, n int) {
	var r relay.Relay
	a := w.product(r.Poke)
	r.Store, r.Client, r.TaskQueue, r.Holder, r.Clock = w.store, w.client, temporal.TaskQueue, "bench", clock.System{}
	w.work(func(reg temporal.Registry) {
		reg.RegisterWorkflowWithOptions(workflows.Enrollment, workflow.RegisterOptions{Name: workflows.EnrollmentType})
		reg.RegisterActivityWithOptions(w.advance(a), activity.RegisterOptions{Name: workflows.AdvanceActivity})
	})
	w.background(func(ctx context.Context) { _ = r.Run(ctx) })
	w.person(func(ctx context.Context, k store.Task) error {
		return a.CloseTask(ctx, k.ID, "done", "olga", map[string]any{"interest": "yes"}, w.clock.Now())
	})
	w.update(func(tx store.Tx) error {
		for i := range n {
			if err := w.enroll(tx, i); err != nil {
				return err
			}
		}
		return nil
	})
	r.Poke()
	for i := range n {
		w.await(enrollment(i))
	}
}

// await waits for a workflow that the relay may not have started yet.
func (w *world) await(id string) {
	w.t.Helper()
	for w.client.GetWorkflow(w.t.Context(), id, "").Get(w.t.Context(), nil) != nil {
		w.pause(w.t.Context(), 20*time.Millisecond)
	}
}

func (*world) pause(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-ctx.Done()
}

func (w *world) background(f func(context.Context)) {
	ctx, cancel := context.WithCancel(w.t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { f(ctx) })
	w.onStop(func() { cancel(); wg.Wait() })
}

// person closes every open task a tenth of a second after seeing it.
func (w *world) person(closeTask func(context.Context, store.Task) error) {
	w.background(func(ctx context.Context) {
		for ctx.Err() == nil {
			var open []store.Task
			_ = w.store.View(ctx, func(tx store.Tx) (err error) {
				open, err = tx.Tasks("", "", "open", 100)
				return err
			})
			for _, k := range open {
				if err := closeTask(ctx, k); err != nil && ctx.Err() == nil {
					w.t.Error(err)
				}
			}
			w.pause(ctx, 100*time.Millisecond)
		}
	})
}

// byHand are the activities of WinBack, on the same store and channels.
type byHand struct {
	w    *world
	mail *mail.Renderer
	ways map[string]channels.Channel
}

func runByHand(w *world, n int) {
	h := &byHand{w: w, mail: mail.New(w.project.Templates), ways: w.ways()}
	w.work(func(reg temporal.Registry) {
		reg.RegisterWorkflow(WinBack)
		reg.RegisterActivity(h)
	})
	w.person(func(ctx context.Context, k store.Task) error {
		if err := w.store.Update(ctx, func(tx store.Tx) error {
			k.Status, k.ClosedBy, k.ClosedAt, k.Answers = "done", "olga", w.clock.Now(), []byte(`{"interest":"yes"}`)
			if err := tx.PutTask(k); err != nil {
				return err
			}
			return tx.AddLine(store.Line{Key: k.ID + "/closed", At: w.clock.Now(), Account: k.Account, Kind: "task", Outcome: "done"})
		}); err != nil {
			return err
		}
		return w.client.SignalWorkflow(ctx, k.Enrollment, "", "done", Done{Interest: "yes"})
	})
	w.begin(0, n, WinBack, func(i int) []any { return []any{account(i), week} })
	for i := range n {
		w.await(enrollment(i))
	}
}

// ReadCustomer reads what a decision needs.
func (h *byHand) ReadCustomer(ctx context.Context, id string) (c Customer, err error) {
	err = h.w.store.View(ctx, func(tx store.Tx) error {
		a, err := tx.Account(id)
		c.Status, _ = a.Fields["status"].Value.(string)
		return err
	})
	return c, err
}

// Mail claims the touch under the same guards, renders, sends, and records.
func (h *byHand) Mail(ctx context.Context, in Work) error {
	now := h.w.clock.Now()
	var m holdfast.Outbound
	var row store.Touch
	err := h.w.store.Update(ctx, func(tx store.Tx) (err error) {
		m, row, err = h.claim(tx, in, "email", now)
		if err != nil || row.State == holdfast.Sent {
			return err
		}
		return tx.PutTouch(row)
	})
	if err != nil || row.State == holdfast.Sent {
		return err
	}
	return h.deliver(ctx, m, row, now)
}

func (h *byHand) claim(tx store.Tx, in Work, channel string, now time.Time) (m holdfast.Outbound, row store.Touch, err error) {
	a, err := tx.Account(in.Account)
	if err != nil {
		return m, row, err
	}
	people, err := tx.Contacts(in.Account)
	if err != nil {
		return m, row, err
	}
	to := people[0]
	address, _ := to.Fields["email"].Value.(string)
	id := holdfast.TouchID(in.Run, in.Step, channel, to.ID)
	if old, err := tx.Touch(id); err == nil {
		return m, old, nil
	}
	if no, err := tx.Suppressions(to.ID, address); err != nil || len(no) > 0 {
		return m, row, fmt.Errorf("suppressed: %w", err)
	}
	if n, err := tx.CountTouches(in.Account, to.ID, channel, now.AddDate(0, 0, -2)); err != nil || n > 0 {
		return m, row, fmt.Errorf("capped at %d: %w", n, err)
	}
	out, err := h.mail.Mail("hello", "en", map[string]any{
		"account": map[string]any{"name": a.Fields["name"].Value},
		"contact": map[string]any{"first_name": to.Fields["first_name"].Value},
		"owner":   map[string]any{"name": "Olga Owner"},
	})
	if err != nil {
		return m, row, err
	}
	row = store.Touch{
		ID: id, Enrollment: in.Run, Account: in.Account, Contact: to.ID, Playbook: "win-back", Step: in.Step, Path: in.Step,
		Channel: channel, Recipient: to.ID, State: holdfast.Sending, Attempts: 1, ClaimedAt: now, SendingAt: now,
	}
	m = holdfast.Outbound{
		Touch: id, Channel: channel, Account: in.Account, Contact: to.ID, Enrollment: in.Run, At: now,
		To: holdfast.Address{ID: to.ID, Email: address}, Subject: out.Subject, HTML: out.HTML, Text: out.Text,
	}
	return m, row, nil
}

func (h *byHand) deliver(ctx context.Context, m holdfast.Outbound, row store.Touch, now time.Time) error {
	receipt, err := h.ways[m.Channel].Deliver(ctx, m)
	if err != nil {
		return err
	}
	return h.w.store.Update(ctx, func(tx store.Tx) error {
		row.State, row.ProviderID, row.DoneAt = holdfast.Sent, receipt.ProviderID, now
		if err := tx.PutTouch(row); err != nil {
			return err
		}
		return tx.AddLine(store.Line{
			Key: row.ID + "/sent", At: now, Account: row.Account, Playbook: row.Playbook, Enrollment: row.Enrollment,
			Step: row.Step, Path: row.Path, Kind: row.Channel, Channel: row.Channel, To: row.Recipient, Outcome: "sent", Touch: row.ID,
		})
	})
}

// OpenTask writes the task and hands its card to the owner.
func (h *byHand) OpenTask(ctx context.Context, in Work) error {
	now := h.w.clock.Now()
	row := store.Touch{
		ID: holdfast.TouchID(in.Run, in.Step, "slack", "olga"), Enrollment: in.Run, Account: in.Account, Playbook: "win-back",
		Step: in.Step, Path: in.Step, Channel: "slack", Recipient: "olga", State: holdfast.Sending, Attempts: 1, ClaimedAt: now, SendingAt: now,
	}
	err := h.w.store.Update(ctx, func(tx store.Tx) error {
		a, err := tx.Account(in.Account)
		if err != nil {
			return err
		}
		if err := tx.PutTask(store.Task{
			ID: row.ID, Enrollment: in.Run, Path: in.Step, Step: in.Step, Playbook: "win-back", Account: in.Account, Owner: "olga",
			Title: fmt.Sprintf("Call %v", a.Fields["name"].Value), Channel: "phone", Status: "open", OpenedAt: now, DueAt: now.AddDate(0, 0, 2),
		}); err != nil {
			return err
		}
		if err := tx.PutTouch(row); err != nil {
			return err
		}
		return tx.AddLine(store.Line{Key: row.ID + "/open", At: now, Account: in.Account, Enrollment: in.Run, Kind: "task", Outcome: "open"})
	})
	if err != nil {
		return err
	}
	m := holdfast.Outbound{Touch: row.ID, Channel: "slack", Account: in.Account, Enrollment: in.Run, To: holdfast.Address{ID: "olga"}, Text: "Call them", At: now}
	return h.deliver(ctx, m, row, now)
}
