package workflows_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"holdfast/steps"
	"holdfast/workflows"
)

var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// call is one Advance, as the activity saw it.
type call struct {
	After time.Duration // since the start
	N     int64
	At    string // State.At
}

// stage runs Enrollment on virtual time against a scripted Advance.
type stage struct {
	*testsuite.TestWorkflowEnvironment
	calls   []call
	old     bool   // the run began before Advance was local
	kinds   [2]int // activities and local activities that were called
	advance func(s workflows.Step) (workflows.Progress, error)
}

func newStage(t *testing.T, advance func(s workflows.Step) (workflows.Progress, error)) *stage {
	t.Helper()
	suite := new(testsuite.WorkflowTestSuite)
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	st := &stage{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), advance: advance}
	st.SetStartTime(monday)
	st.SetTestTimeout(30 * time.Second)
	st.SetOnActivityStartedListener(func(*activity.Info, context.Context, converter.EncodedValues) { st.kinds[0]++ })
	st.SetOnLocalActivityStartedListener(func(*activity.Info, context.Context, []any) { st.kinds[1]++ })
	st.RegisterActivityWithOptions(func(_ context.Context, s workflows.Step) (workflows.Progress, error) {
		st.calls = append(st.calls, call{After: st.Now().Sub(monday).Round(time.Second), N: s.N, At: s.State.At})
		return st.advance(s)
	}, activity.RegisterOptions{Name: workflows.AdvanceActivity})
	return st
}

func (st *stage) wake(after time.Duration, n int64) {
	st.RegisterDelayedCallback(func() { st.SignalWorkflow(workflows.WakeSignal, workflows.Wake{N: n}) }, after)
}

func (st *stage) run(in workflows.Input) error {
	in.Enrollment, in.Digest = "e1", "d1"
	in.State.V, in.State.Started, in.Local = 1, monday, !st.old
	st.ExecuteWorkflow(workflows.Enrollment, in)
	return st.GetWorkflowError()
}

func (st *stage) wantCalls(t *testing.T, want ...call) {
	t.Helper()
	if diff := cmp.Diff(want, st.calls); diff != "" {
		t.Errorf("calls of Advance (-want +got):\n%s", diff)
	}
}

// untilDay rests until day d of the enrollment at step id.
func untilDay(d int, id string) workflows.Progress {
	return workflows.Progress{State: steps.State{V: 1, At: id}, Until: monday.AddDate(0, 0, d)}
}

const day = 24 * time.Hour

func TestNinetyDaysPassBetweenTouches(t *testing.T) {
	t.Parallel()
	st := newStage(t, func(s workflows.Step) (workflows.Progress, error) {
		switch s.State.At {
		case "":
			return untilDay(30, "first"), nil
		case "first":
			return untilDay(90, "second"), nil
		}
		return workflows.Progress{Over: true}, nil
	})
	if err := st.run(workflows.Input{}); err != nil {
		t.Fatal(err)
	}
	st.wantCalls(t, call{0, 0, ""}, call{30 * day, 0, "first"}, call{90 * day, 0, "second"})
}

// What a run began with is what its history holds.
func TestARunKeepsToItsKindOfActivity(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		old  bool
		want [2]int
	}{"old": {true, [2]int{2, 0}}, "local": {false, [2]int{0, 2}}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := newStage(t, func(s workflows.Step) (workflows.Progress, error) {
				return workflows.Progress{State: steps.State{V: 1, At: "wait"}, Until: monday.Add(day), Over: s.State.At == "wait"}, nil
			})
			st.old = c.old
			if err := st.run(workflows.Input{}); err != nil {
				t.Fatal(err)
			}
			if st.kinds != c.want {
				t.Errorf("activities and local ones: %v, want %v", st.kinds, c.want)
			}
		})
	}
}

func TestAgainAdvancesAtOnce(t *testing.T) {
	t.Parallel()
	left := 3
	st := newStage(t, func(s workflows.Step) (workflows.Progress, error) {
		left--
		return workflows.Progress{State: s.State, Again: left > 0, Over: left == 0}, nil
	})
	if err := st.run(workflows.Input{}); err != nil {
		t.Fatal(err)
	}
	st.wantCalls(t, call{}, call{}, call{})
}

func TestAWakeEndsARest(t *testing.T) {
	t.Parallel()
	st := newStage(t, func(s workflows.Step) (workflows.Progress, error) {
		if s.N == 7 {
			return workflows.Progress{Over: true}, nil
		}
		return untilDay(30, "wait"), nil
	})
	st.wake(3*day, 7)
	if err := st.run(workflows.Input{}); err != nil {
		t.Fatal(err)
	}
	st.wantCalls(t, call{0, 0, ""}, call{3 * day, 7, "wait"})
}

func TestAWakeDeliveredTwiceCountsOnce(t *testing.T) {
	t.Parallel()
	st := newStage(t, func(s workflows.Step) (workflows.Progress, error) {
		if s.State.At == "wait" && s.N == 7 {
			return untilDay(10, "woken"), nil
		}
		if s.State.At == "woken" {
			return workflows.Progress{Over: true}, nil
		}
		return untilDay(30, "wait"), nil
	})
	st.wake(1*day, 7)
	st.wake(2*day, 7)
	st.wake(3*day, 6)
	if err := st.run(workflows.Input{}); err != nil {
		t.Fatal(err)
	}
	st.wantCalls(t, call{0, 0, ""}, call{1 * day, 7, "wait"}, call{10 * day, 7, "woken"})
}

func TestAWakeDuringTheActivityIsNotLost(t *testing.T) {
	t.Parallel()
	var st *stage
	st = newStage(t, func(s workflows.Step) (workflows.Progress, error) {
		if s.N == 0 { // two rows are committed after Advance read the store, before it returns
			st.SignalWorkflow(workflows.WakeSignal, workflows.Wake{N: 2})
			st.SignalWorkflow(workflows.WakeSignal, workflows.Wake{N: 1})
			return untilDay(30, "wait"), nil
		}
		return workflows.Progress{Over: true}, nil
	})
	if err := st.run(workflows.Input{}); err != nil {
		t.Fatal(err)
	}
	st.wantCalls(t, call{0, 0, ""}, call{0, 2, "wait"})
}

func TestManyWakesAtOnceAreOneAdvance(t *testing.T) {
	t.Parallel()
	st := newStage(t, func(s workflows.Step) (workflows.Progress, error) {
		return workflows.Progress{State: steps.State{At: "wait"}, Over: s.N >= 40}, nil
	})
	st.RegisterDelayedCallback(func() {
		for n := int64(1); n <= 40; n++ {
			st.SignalWorkflow(workflows.WakeSignal, workflows.Wake{N: n})
		}
	}, day)
	if err := st.run(workflows.Input{}); err != nil {
		t.Fatal(err)
	}
	if got := len(st.calls); got > 3 {
		t.Errorf("40 wakes at one instant made %d calls, want them drained together", got)
	}
	if last := st.calls[len(st.calls)-1]; last.N != 40 {
		t.Errorf("last call saw wake %d, want 40", last.N)
	}
}

func TestACompressedEnrollmentWaitsForTheConductorAlone(t *testing.T) {
	t.Parallel()
	st := newStage(t, func(s workflows.Step) (workflows.Progress, error) {
		if s.N == 2 {
			return workflows.Progress{Over: true}, nil
		}
		return untilDay(1, "wait"), nil // due long before the wakes come: a timer would fire
	})
	st.wake(50*day, 1)
	st.wake(60*day, 2)
	if err := st.run(workflows.Input{Compressed: true}); err != nil {
		t.Fatal(err)
	}
	st.wantCalls(t, call{0, 0, ""}, call{50 * day, 1, "wait"}, call{60 * day, 2, "wait"})
}

func TestAFailedAdvanceIsTriedAgain(t *testing.T) {
	t.Parallel()
	tries := 0
	st := newStage(t, func(workflows.Step) (workflows.Progress, error) {
		if tries++; tries < 9 {
			return workflows.Progress{}, errors.New("the database is away")
		}
		return workflows.Progress{Over: true}, nil
	})
	if err := st.run(workflows.Input{}); err != nil {
		t.Fatal(err)
	}
	if got := st.calls[len(st.calls)-1].After; got != 123*time.Second+time.Minute {
		t.Errorf("9 tries took %v, want doubling pauses, a minute at most", got)
	}
}

func TestAnAdvanceThatCannotSucceedWaitsForAWake(t *testing.T) {
	t.Parallel()
	st := newStage(t, func(s workflows.Step) (workflows.Progress, error) {
		if s.N == 0 {
			return workflows.Progress{}, temporal.NewNonRetryableApplicationError("no such version", "invalid", nil)
		}
		return workflows.Progress{Over: true}, nil
	})
	st.wake(9*day, 1)
	if err := st.run(workflows.Input{State: steps.State{At: "here"}}); err != nil {
		t.Fatal(err)
	}
	st.wantCalls(t, call{0, 0, "here"}, call{9 * day, 1, "here"})
}

func TestACancelledRestEndsAsCancelled(t *testing.T) {
	t.Parallel()
	st := newStage(t, func(workflows.Step) (workflows.Progress, error) { return untilDay(30, "wait"), nil })
	st.RegisterDelayedCallback(st.CancelWorkflow, day)
	err := st.run(workflows.Input{})
	if !temporal.IsCanceledError(err) {
		t.Errorf("got error %v, want cancelled", err)
	}
	st.wantCalls(t, call{0, 0, ""})
}

func TestAFullHistoryContinuesAsNewWithStateAndSeen(t *testing.T) {
	t.Parallel()
	st := newStage(t, func(workflows.Step) (workflows.Progress, error) { return untilDay(30, "wait"), nil })
	st.RegisterDelayedCallback(func() { st.SetContinueAsNewSuggested(true) }, day)
	st.wake(2*day, 5)
	err := st.run(workflows.Input{Compressed: true})
	got := continued(t, err)
	want := workflows.Input{Enrollment: "e1", Digest: "d1", State: steps.State{V: 1, At: "wait"}, Compressed: true, Seen: 5, Local: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("carried on (-want +got):\n%s", diff)
	}
}

func TestAChainOfRunsHearsEveryWake(t *testing.T) {
	t.Parallel()
	const wakes = 1200
	in := workflows.Input{State: steps.State{At: "wait"}}
	runs, heard := 0, int64(0)
	for heard < wakes {
		runs++
		var st *stage
		st = newStage(t, func(s workflows.Step) (workflows.Progress, error) {
			heard = s.N
			if s.N < wakes { // the next row is committed while this Advance runs
				st.SignalWorkflow(workflows.WakeSignal, workflows.Wake{N: s.N + 1})
			}
			return workflows.Progress{State: s.State, Over: s.N == wakes}, nil
		})
		err := st.run(in)
		if heard == wakes {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		in = continued(t, err)
		if in.Seen != heard+1 {
			t.Fatalf("run %d ended after hearing %d and carried %d", runs, heard, in.Seen)
		}
	}
	if runs != 3 {
		t.Errorf("%d wakes took %d runs, want 3", wakes, runs)
	}
}

// continued is the input that a run ending in continue-as-new carried.
func continued(t *testing.T, err error) workflows.Input {
	t.Helper()
	var c *workflow.ContinueAsNewError
	if !errors.As(err, &c) {
		t.Fatalf("got error %v, want continue-as-new", err)
	}
	var in workflows.Input
	if err := converter.GetDefaultDataConverter().FromPayloads(c.Input, &in); err != nil {
		t.Fatal(err)
	}
	return in
}
