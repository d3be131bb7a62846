package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// wakesPerRun bounds a run's history: a wake is about eleven events, and Temporal
// refuses a run's ten thousandth signal.
const wakesPerRun = 500

// triesFor is how long an Advance that fails is tried again: longer than anything lasts.
const triesFor = 20 * 365 * 24 * time.Hour

// Enrollment is one account's run through one version of a playbook: advance,
// rest, and again, until Advance says that it is over. What to do and when is
// decided in the Advance activity from rows in the store; a wake only says that
// there is something new to read. It uses no more history than the same sequence
// written by hand: an activity for each touch, a timer for each wait.
//
// The only error it returns is cancellation. An Advance that fails is tried again
// for ever; one that says it cannot ever succeed waits for the next wake.
//
// CHANGING THIS FUNCTION. Histories of every release stand in testdata/histories
// and are replayed by the tests. A change that replays them needs nothing more.
// One that does not is guarded by workflow.GetVersion with a change id named
// after the commit's subject, the old way kept below it; the guard may go when
// no run older than it can exist, which is the longest rest (a year) plus
// retention. A different shape is a new workflow type beside this one.
func Enrollment(ctx workflow.Context, in Input) error {
	ctx = withOptions(ctx, in.Local)
	line := newTimeline(ctx, in)
	for {
		line.drain()
		p, err := advance(ctx, in.Local, Step{Enrollment: in.Enrollment, Digest: in.Digest, State: in.State, N: line.seen})
		if err != nil {
			return err
		}
		in.State = p.State
		if p.Digest != "" {
			in.Digest = p.Digest
		}
		if p.Over {
			return nil
		}
		woken := line.drain()
		if line.received >= wakesPerRun || workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			in.Seen, in.Local = line.seen, true // the next run advances first, so nothing waits on a wake drained here
			return workflow.NewContinueAsNewError(ctx, Enrollment, in)
		}
		if woken || p.Again {
			continue
		}
		if err := line.rest(ctx, p.Until); err != nil {
			return err
		}
	}
}

// withOptions is ctx for calls of Advance, of the one kind that this run makes: a
// sleeping run keeps it in memory.
func withOptions(ctx workflow.Context, local bool) workflow.Context {
	retry := &temporal.RetryPolicy{InitialInterval: time.Second, MaximumInterval: time.Minute}
	if local {
		return workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
			ScheduleToCloseTimeout: triesFor, // unset it would be the other, and the tries would end with it
			StartToCloseTimeout:    2 * time.Minute,
			RetryPolicy:            retry,
		})
	}
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 2 * time.Minute,
		HeartbeatTimeout:    4 * time.Second, // the worker beats: a killed process costs this, not the two minutes
		WaitForCancellation: true,            // a touch being sent is finished and recorded
		RetryPolicy:         retry,
	})
}

// advance is one call of the activity. The error is cancellation and nothing else.
// A local one runs in the process that has the workflow's task, which dies with it
// and is asked again after the task's timeout; runs that began before there were
// local ones keep to what their history says.
func advance(ctx workflow.Context, local bool, s Step) (Progress, error) {
	call := workflow.ExecuteActivity
	if local {
		call = workflow.ExecuteLocalActivity
	}
	var p Progress
	err := call(ctx, AdvanceActivity, s).Get(ctx, &p)
	if ctx.Err() != nil {
		return Progress{}, ctx.Err()
	}
	if err != nil {
		return Progress{State: s.State}, nil //nolint:nilerr // recorded in the history; an operator's wake tries again
	}
	return p, nil
}
