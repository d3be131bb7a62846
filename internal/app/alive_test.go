package app_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/app"
	"holdfast/internal/intake"
	"holdfast/internal/store"
)

func production(c *app.Config) { c.Virtual = nil }

// alive is one life of a world's process in production.
type alive struct {
	t     *testing.T
	app   *app.App
	ctx   context.Context //nolint:containedctx // a life of one test
	seen  chan store.Line
	stop  func()
	ended chan error
}

func (w *world) live(keys ...string) *alive {
	w.t.Helper()
	w.env.PayloadKeys = keys
	l := &alive{t: w.t, app: w.open(0, production), seen: make(chan store.Line, 100), ended: make(chan error, 1)}
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	w.t.Cleanup(cancel)
	l.ctx = ctx
	if _, err := l.app.Intake.Take(ctx, w.msgs, intake.History); err != nil {
		w.t.Fatal(err)
	}
	if err := l.app.Start(ctx); err != nil {
		w.t.Fatal(err)
	}
	running, stop := context.WithCancel(ctx)
	l.stop = stop
	go func() {
		l.ended <- l.app.Perform(running, func(line store.Line) error { l.seen <- line; return nil })
	}()
	return l
}

// open has an account open a ticket, and waits until its enrollment waits for an answer.
func (l *alive) open(account string) {
	l.t.Helper()
	l.take("Support Ticket Opened", account)
	l.until(account, "slack note")
	for l.ctx.Err() == nil { // until the answer of the activity is in Temporal, which has the state
		if text := l.raw(account); strings.Contains(text, "ACTIVITY_TASK_COMPLETED") || strings.Contains(text, "MARKER_RECORDED") {
			return
		}
	}
	l.t.Fatal("nothing was recorded")
}

// close has it close the ticket, and waits for the end.
func (l *alive) close(account string) {
	l.t.Helper()
	l.take("Support Ticket Closed", account)
	l.until(account, "outcome ")
}

func (l *alive) take(event, account string) {
	l.t.Helper()
	m := holdfast.Message{ID: event + account, Source: "test", Kind: holdfast.Track, Event: event, Account: account, At: l.app.Clock.Now()}
	if r, err := l.app.Intake.Take(l.ctx, []holdfast.Message{m}, intake.Live); err != nil || r.Fresh != 1 {
		l.t.Fatalf("take %s of %s: %+v, %v", event, account, r, err)
	}
}

func (l *alive) until(account, what string) {
	l.t.Helper()
	for {
		select {
		case line := <-l.seen:
			if line.Account == account && line.Kind+" "+line.Step == what {
				return
			}
		case err := <-l.ended:
			l.t.Fatalf("it ended by itself: %v", err)
		case <-l.ctx.Done():
			l.t.Fatalf("%s of %s did not come", what, account)
		}
	}
}

// raw is what somebody without keys reads of an account's workflow.
func (l *alive) raw(account string) string {
	l.t.Helper()
	var id string
	if err := l.app.Store.View(l.ctx, func(tx store.Tx) error {
		es, err := tx.ListEnrollments(store.EnrollmentFilter{Account: account})
		if len(es) == 1 {
			id = es[0].ID
		}
		return err
	}); err != nil || id == "" {
		l.t.Fatalf("no enrollment of %s: %v", account, err)
	}
	text, err := l.app.RawHistory(l.ctx, id)
	if err != nil {
		l.t.Fatal(err)
	}
	return text
}

func (l *alive) end() {
	l.t.Helper()
	l.stop()
	if err := <-l.ended; !errors.Is(err, context.Canceled) {
		l.t.Errorf("it ended with %v", err)
	}
	if err := l.app.Close(); err != nil {
		l.t.Error(err)
	}
}
