package telemetry

import (
	"context"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

// Counting is s, which tells t what its transactions commit, and how long they
// take. What is rolled back is not counted. A nil t gives s as it is.
func (t *Telemetry) Counting(s store.Store) store.Store {
	if t == nil {
		return s
	}
	return &counting{Store: s, t: t}
}

type counting struct {
	store.Store
	t *Telemetry
}

// Update runs fn and counts what it committed.
func (c *counting) Update(ctx context.Context, fn func(tx store.Tx) error) error {
	begun := c.t.clock.Now()
	var w *watched
	err := c.Store.Update(ctx, func(tx store.Tx) error {
		w = &watched{Tx: tx, t: c.t, ctx: ctx} // of the last run: the one that counts
		return fn(w)
	})
	c.t.took(transactions, c.t.clock.Now().Sub(begun), "update", result(err))
	if err == nil && w != nil {
		for _, told := range w.told {
			told()
		}
	}
	return err
}

// View runs fn.
func (c *counting) View(ctx context.Context, fn func(tx store.Tx) error) error {
	begun := c.t.clock.Now()
	err := c.Store.View(ctx, fn)
	c.t.took(transactions, c.t.clock.Now().Sub(begun), "view", result(err))
	return err
}

// mostSending is more than are ever with the providers at once.
const mostSending = 10_000

func result(err error) string {
	if err != nil {
		return "error"
	}
	return "ok"
}

// watched is a transaction that remembers what is to be counted after its commit.
type watched struct {
	store.Tx
	t    *Telemetry
	ctx  context.Context //nolint:containedctx // a transaction lives within one call
	told []func()

	states map[string]holdfast.TouchState // of touches that were read or written here
}

func (w *watched) after(f func()) { w.told = append(w.told, f) }

func (w *watched) AppendEvent(m holdfast.Message, received time.Time) (int64, bool, error) {
	seq, fresh, err := w.Tx.AppendEvent(m, received)
	if err == nil {
		result := "taken"
		if !fresh {
			result = "repeated"
		}
		w.after(func() { w.t.add(messages, m.Source, result) })
	}
	return seq, fresh, err
}

func (w *watched) Enroll(e store.Enrollment) (bool, error) {
	won, err := w.Tx.Enroll(e)
	if err != nil || !won {
		return won, err
	}
	w.after(func() { w.t.add(started, e.Playbook, e.Arm) })
	if e.Status == "ended" {
		w.after(func() { w.t.add(ended, e.Playbook, e.Outcome) })
		return won, nil
	}
	return won, w.begin(e)
}

func (w *watched) PutEnrollment(e store.Enrollment) error {
	if e.Status != "ended" {
		return w.Tx.PutEnrollment(e)
	}
	was, err := w.Enrollment(e.ID)
	if err != nil {
		return err
	}
	if err := w.Tx.PutEnrollment(e); err != nil || was.Status == "ended" {
		return err
	}
	w.after(func() { w.t.add(ended, e.Playbook, e.Outcome) })
	if exit, err := w.ExitOf(e.ID); err == nil {
		w.after(func() { w.t.took(closing, e.EndedAt.Sub(exit.At)) })
	}
	return w.forget(e.ID)
}

func (w *watched) Signal(s store.Signal) error {
	if err := w.Tx.Signal(s); err != nil {
		return err
	}
	if s.Kind == "exit" {
		e, err := w.Enrollment(s.Enrollment)
		if err != nil {
			return err
		}
		w.after(func() { w.t.add(exits, e.Playbook) })
	}
	return w.woken(s.Enrollment)
}

// What was read of touches is remembered, so that a write tells whether it changes
// their state without another question.

func (w *watched) Touch(id string) (store.Touch, error) {
	h, err := w.Tx.Touch(id)
	return h, w.saw(err, h)
}

func (w *watched) TouchesOf(enrollment string) ([]store.Touch, error) {
	all, err := w.Tx.TouchesOf(enrollment)
	return all, w.saw(err, all...)
}

func (w *watched) TouchesIn(states []holdfast.TouchState, limit int) ([]store.Touch, error) {
	all, err := w.Tx.TouchesIn(states, limit)
	return all, w.saw(err, all...)
}

func (w *watched) TouchByProvider(channel, id string) (store.Touch, error) {
	h, err := w.Tx.TouchByProvider(channel, id)
	return h, w.saw(err, h)
}

func (w *watched) saw(err error, all ...store.Touch) error {
	if err == nil && w.states == nil {
		w.states = map[string]holdfast.TouchState{}
	}
	for _, h := range all {
		if err == nil {
			w.states[h.ID] = h.State
		}
	}
	return err
}

func (w *watched) PutTouch(h store.Touch) error {
	was := w.states[h.ID]
	if err := w.Tx.PutTouch(h); err != nil || was == h.State {
		return err
	}
	_ = w.saw(nil, h) // it gives its error back
	w.after(func() {
		w.t.add(touches, h.Channel, h.Playbook, string(h.State))
		w.t.attempt(w.ctx, h)
	})
	return nil
}

// attempt takes the time between the commit before a provider is asked and that of
// what it said.
func (t *Telemetry) attempt(ctx context.Context, h store.Touch) {
	now := t.clock.Now()
	t.mu.Lock()
	begun, asked := t.sending[h.ID]
	if h.State == holdfast.Sending {
		if len(t.sending) >= mostSending { // what others record is never taken out
			clear(t.sending)
		}
		t.sending[h.ID] = now
	} else {
		delete(t.sending, h.ID)
	}
	t.mu.Unlock()
	if asked && h.State != holdfast.Sending {
		t.took(attempts, now.Sub(begun), h.Channel, string(h.State))
		t.touched(ctx, h, begun, now)
	}
}
