// Package bench measures what an enrollment costs against the same sequence
// written by hand as a Temporal workflow, on the same embedded server and store
// in the same process. It is not part of the product. Figures: docs/adr/0002.
package bench

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// Customer is what the hand-written workflow decides on.
type Customer struct {
	Status string `json:"status"`
}

// Work is one touch or task of the hand-written workflow.
type Work struct {
	Run     string `json:"run"`
	Account string `json:"account"`
	Step    string `json:"step"`
}

// Done is the answer to a task.
type Done struct {
	Interest string `json:"interest"`
}

// week is what a wait of seven days takes in a measurement.
const week = time.Second

// WinBack is testdata/win-back by hand, as a careful engineer writes it: a local
// activity reads the account wherever it decides, a touch is an activity that
// claims, sends and records, a wait is a timer, a task is answered by a signal.
// week is how long its waits are.
func WinBack(ctx workflow.Context, account string, week time.Duration) (outcome string, err error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 2 * time.Minute,
		HeartbeatTimeout:    4 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, MaximumInterval: time.Minute},
	})
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: 10 * time.Second})
	left := func() bool { // decides before each touch whether there still is someone to win back
		var c Customer
		err = workflow.ExecuteLocalActivity(ctx, "ReadCustomer", account).Get(ctx, &c)
		return err != nil || c.Status != "churned"
	}
	do := func(activity, step string) bool {
		w := Work{Run: workflow.GetInfo(ctx).WorkflowExecution.ID, Account: account, Step: step}
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
		if err := workflow.Sleep(ctx, week); err != nil {
			return "", err
		}
	}
	if left() {
		return "returned", err
	}
	if !do("OpenTask", "call") {
		return "", err
	}
	answer, ok := answered(ctx, week)
	if left() {
		return "returned", err
	}
	if ok && answer.Interest == "no" {
		return "declined", nil
	}
	if !do("Mail", "offer") {
		return "", err
	}
	if err := workflow.Sleep(ctx, week); err != nil {
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

// answered waits for the task's answer or its expiry.
func answered(ctx workflow.Context, week time.Duration) (d Done, ok bool) {
	ctx, cancel := workflow.WithCancel(ctx)
	defer cancel()
	s := workflow.NewSelector(ctx)
	s.AddReceive(workflow.GetSignalChannel(ctx, "done"), func(c workflow.ReceiveChannel, _ bool) {
		c.Receive(ctx, &d)
		ok = true
	})
	s.AddFuture(workflow.NewTimer(ctx, 100*week), func(workflow.Future) {})
	s.Select(ctx)
	return d, ok
}
