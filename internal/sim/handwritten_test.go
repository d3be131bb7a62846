package sim_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"holdfast"
	"holdfast/channels/outbox"
	"holdfast/internal/mail"
	"holdfast/internal/store"
	"holdfast/internal/store/memory"
)

const byHandWait = 22 * 24 * time.Hour

// work is one touch or task of the hand-written workflow.
type work struct {
	Run, Account, Step string
}

// winBack is testdata/ninety by hand, as a careful engineer writes it: a local
// activity reads the account wherever it decides, a touch is an activity that
// claims, sends and records, a wait is a timer, a task is answered by a signal.
func winBack(ctx workflow.Context, account string) (outcome string, err error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 2 * time.Minute})
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: 10 * time.Second})
	left := func() bool {
		var status string
		err = workflow.ExecuteLocalActivity(ctx, "Status", account).Get(ctx, &status)
		return err != nil || status != "churned"
	}
	do := func(activity, step string) bool {
		w := work{Run: workflow.GetInfo(ctx).WorkflowExecution.ID, Account: account, Step: step}
		err = workflow.ExecuteActivity(ctx, activity, w).Get(ctx, nil)
		return err == nil
	}
	for _, step := range []string{"opening", "nudge", "story"} {
		if left() {
			return "returned", err
		}
		if !do("Mail", step) {
			return "", err
		}
		if err := workflow.Sleep(ctx, byHandWait); err != nil {
			return "", err
		}
	}
	if left() {
		return "returned", err
	}
	if !do("OpenTask", "call") {
		return "", err
	}
	var interest string
	s := workflow.NewSelector(ctx)
	timer, cancel := workflow.WithCancel(ctx)
	s.AddReceive(workflow.GetSignalChannel(ctx, "done"), func(c workflow.ReceiveChannel, _ bool) { c.Receive(ctx, &interest) })
	s.AddFuture(workflow.NewTimer(timer, 7*24*time.Hour), func(workflow.Future) {})
	s.Select(ctx)
	cancel()
	if left() {
		return "returned", err
	}
	if interest == "no" {
		return "declined", nil
	}
	if !do("Mail", "offer") {
		return "", err
	}
	if err := workflow.Sleep(ctx, byHandWait); err != nil {
		return "", err
	}
	if left() {
		return "returned", err
	}
	if !do("Mail", "last") {
		return "", err
	}
	return "no_response", nil
}

// byHand are the activities of winBack, on the same store, mail and outbox.
type byHand struct {
	store store.Store
	mail  *mail.Renderer
	email *outbox.Channel
	slack *outbox.Channel
	now   func() time.Time
}

// playByHand takes one account through winBack on the SDK's test environment.
func playByHand(t testing.TB, r *mail.Renderer, began time.Time) []store.Line {
	t.Helper()
	suite := new(testsuite.WorkflowTestSuite)
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetStartTime(began)
	env.SetTestTimeout(time.Minute)
	worker.SetBinaryChecksum("simulation")
	s := memory.New()
	h := &byHand{store: s, mail: r, email: outbox.New("email", s), slack: outbox.New("slack", s), now: env.Now}
	said := func(v string) store.Field { return store.Field{Value: v, At: began} }
	err := s.Update(t.Context(), func(tx store.Tx) error {
		if err := tx.PutAccount(store.Account{ID: "acme", Known: true, Fields: map[string]store.Field{
			"name": said("Acme"), "status": said("churned"), "owner": said("olga"),
		}}); err != nil {
			return err
		}
		return tx.PutContact(store.Contact{ID: "dana", Account: "acme", Fields: map[string]store.Field{
			"email": said("dana@acme.example"), "first_name": said("Dana"), "role": said("champion"),
		}})
	})
	if err != nil {
		t.Fatal(err)
	}
	env.RegisterWorkflow(winBack)
	env.RegisterActivity(h)
	env.RegisterDelayedCallback(func() {
		if err := h.close(t.Context(), "yes"); err != nil {
			t.Error(err)
		}
		env.SignalWorkflow("done", "yes")
	}, 3*byHandWait+4*24*time.Hour) // two days end on a Saturday, and the owner works on Monday
	env.ExecuteWorkflow(winBack, "acme")
	if err := env.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
	var lines []store.Line
	err = s.View(t.Context(), func(tx store.Tx) error {
		lines, err = tx.Lines(0, 0)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// Status reads what a decision needs.
func (h *byHand) Status(ctx context.Context, id string) (status string, err error) {
	err = h.store.View(ctx, func(tx store.Tx) error {
		a, err := tx.Account(id)
		status, _ = a.Fields["status"].Value.(string)
		return err
	})
	return status, err
}

// Mail claims the touch under the same guards, renders, sends, and records.
func (h *byHand) Mail(ctx context.Context, in work) error {
	var m holdfast.Outbound
	var row store.Touch
	err := h.store.Update(ctx, func(tx store.Tx) (err error) {
		if m, row, err = h.claim(tx, in); err != nil || row.State == holdfast.Sent {
			return err
		}
		return tx.PutTouch(row)
	})
	if err != nil || row.State == holdfast.Sent {
		return err
	}
	return h.deliver(ctx, h.email, m, row)
}

func (h *byHand) claim(tx store.Tx, in work) (m holdfast.Outbound, row store.Touch, err error) {
	now := h.now()
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
	id := holdfast.TouchID(in.Run, in.Step, "email", to.ID)
	if old, err := tx.Touch(id); err == nil {
		return m, old, nil
	}
	if no, err := tx.Suppressions(to.ID, address); err != nil || len(no) > 0 {
		return m, row, fmt.Errorf("suppressed: %w", err)
	}
	if n, err := tx.CountTouches(in.Account, to.ID, "email", now.AddDate(0, 0, -2)); err != nil || n > 0 {
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
		Channel: "email", Recipient: to.ID, State: holdfast.Sending, Attempts: 1, ClaimedAt: now, SendingAt: now,
	}
	m = holdfast.Outbound{
		Touch: id, Channel: "email", Account: in.Account, Contact: to.ID, Enrollment: in.Run, At: now,
		To: holdfast.Address{ID: to.ID, Email: address}, Subject: out.Subject, HTML: out.HTML, Text: out.Text,
	}
	return m, row, nil
}

func (h *byHand) deliver(ctx context.Context, ch *outbox.Channel, m holdfast.Outbound, row store.Touch) error {
	receipt, err := ch.Deliver(ctx, m)
	if err != nil {
		return err
	}
	now := h.now()
	return h.store.Update(ctx, func(tx store.Tx) error {
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
func (h *byHand) OpenTask(ctx context.Context, in work) error {
	now := h.now()
	row := store.Touch{
		ID: holdfast.TouchID(in.Run, in.Step, "slack", "olga"), Enrollment: in.Run, Account: in.Account, Playbook: "win-back",
		Step: in.Step, Path: in.Step, Channel: "slack", Recipient: "olga", State: holdfast.Sending, Attempts: 1, ClaimedAt: now, SendingAt: now,
	}
	title := ""
	err := h.store.Update(ctx, func(tx store.Tx) error {
		a, err := tx.Account(in.Account)
		if err != nil {
			return err
		}
		if title, err = h.mail.Plain("Call {{ account.name }}", map[string]any{"account": map[string]any{"name": a.Fields["name"].Value}}); err != nil {
			return err
		}
		if err := tx.PutTask(store.Task{
			ID: row.ID, Enrollment: in.Run, Path: in.Step, Step: in.Step, Playbook: "win-back", Account: in.Account, Owner: "olga",
			Title: title, Channel: "phone", Status: "open", OpenedAt: now, DueAt: now.AddDate(0, 0, 2), ExpiresAt: now.AddDate(0, 0, 7),
		}); err != nil {
			return err
		}
		if err := tx.PutTouch(row); err != nil {
			return err
		}
		return tx.AddLine(store.Line{Key: row.ID + "/open", At: now, Account: in.Account, Enrollment: in.Run, Kind: "task", Outcome: "opened"})
	})
	if err != nil {
		return err
	}
	m := holdfast.Outbound{Touch: row.ID, Channel: "slack", Account: in.Account, Enrollment: in.Run, To: holdfast.Address{ID: "olga"}, Text: title, At: now}
	return h.deliver(ctx, h.slack, m, row)
}

// close is what the owner does with the task.
func (h *byHand) close(ctx context.Context, interest string) error {
	return h.store.Update(ctx, func(tx store.Tx) error {
		open, err := tx.Tasks("acme", "", "open", 1)
		if err != nil || len(open) == 0 {
			return fmt.Errorf("no task is open: %w", err)
		}
		k := open[0]
		k.Status, k.ClosedBy, k.ClosedAt, k.Answers = "done", "olga", h.now(), []byte(`{"interest":"`+interest+`"}`)
		if err := tx.PutTask(k); err != nil {
			return err
		}
		return tx.AddLine(store.Line{Key: k.ID + "/closed", At: h.now(), Account: k.Account, Kind: "task", Outcome: "done"})
	})
}
