//go:build !noembed

package temporal

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdk "go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/encoding/protojson"

	"holdfast/steps"
	"holdfast/workflows"
)

// life is one way for an enrollment to go.
type life struct {
	name       string
	local      bool // Advance is a local activity
	advance    func(call int, s workflows.Step) (workflows.Progress, error)
	compressed bool
	wakes      int
	cancel     bool
}

// recorded are the lives of an enrollment whose histories are replayed for ever.
// advance is told how often it was called.
var recorded = []life{
	{name: "touches-and-waits", advance: func(call int, s workflows.Step) (workflows.Progress, error) {
		return workflows.Progress{State: s.State, Again: call == 1, Until: time.Unix(1, 0), Over: call == 4}, nil
	}},
	{name: "woken-from-a-wait", wakes: 2, advance: func(_ int, s workflows.Step) (workflows.Progress, error) {
		return workflows.Progress{State: s.State, Until: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC), Over: s.N == 2}, nil
	}},
	{name: "compressed", compressed: true, wakes: 3, advance: func(_ int, s workflows.Step) (workflows.Progress, error) {
		return workflows.Progress{State: s.State, Until: time.Unix(1, 0), Over: s.N == 3}, nil
	}},
	{name: "given-up-then-woken", wakes: 1, advance: func(_ int, s workflows.Step) (workflows.Progress, error) {
		if s.N == 0 {
			return workflows.Progress{}, sdk.NewNonRetryableApplicationError("no such version", "invalid", nil)
		}
		return workflows.Progress{Over: true}, nil
	}},
	{name: "tried-again", advance: func(call int, s workflows.Step) (workflows.Progress, error) {
		if call == 1 {
			return workflows.Progress{}, sdk.NewApplicationError("database is away", "")
		}
		return workflows.Progress{State: s.State, Over: true}, nil
	}},
	{name: "continued-as-new", wakes: 6, compressed: true, advance: func(_ int, s workflows.Step) (workflows.Progress, error) {
		return workflows.Progress{State: s.State, Over: s.N == 6}, nil
	}},
	{name: "moved-in-a-wait", wakes: 2, advance: func(_ int, s workflows.Step) (workflows.Progress, error) {
		p := workflows.Progress{State: s.State, Until: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC), Over: s.N == 2 && s.Digest == "d2"}
		if s.N == 1 {
			p.Digest, p.State.At = "d2", "settle"
		}
		return p, nil
	}},
	{name: "moved-and-continued", wakes: 6, compressed: true, advance: func(_ int, s workflows.Step) (workflows.Progress, error) {
		return workflows.Progress{State: s.State, Digest: "d2", Over: s.N == 6}, nil
	}},
	{name: "cancelled-in-a-wait", cancel: true, advance: func(_ int, s workflows.Step) (workflows.Progress, error) {
		return workflows.Progress{State: s.State, Until: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)}, nil
	}},
}

// lives are those recorded with activities, as releases before local ones had
// them, and with local ones.
func lives() []life {
	all := slices.Clone(recorded)
	for _, l := range recorded {
		l.name, l.local = "local-"+l.name, true
		all = append(all, l)
	}
	return all
}

// TestRecordHistories adds to workflows/testdata/histories with UPDATE=1 what is
// not there; without, it checks that each life still ends as it should on a real
// server. The files of a release are kept: record a new shape under a new name.
func TestRecordHistories(t *testing.T) {
	t.Parallel()
	c := dial(t, start(t, Options{Dir: t.TempDir(), FastTimers: true, suggestAfter: 20}))
	for _, life := range lives() {
		t.Run(life.name, func(t *testing.T) {
			t.Parallel()
			calls := make(chan int, 100)
			call := 0
			w := Worker(c, life.name, func(r Registry) {
				r.RegisterWorkflow(workflows.Enrollment)
				r.RegisterActivityWithOptions(func(_ context.Context, s workflows.Step) (workflows.Progress, error) {
					call++
					calls <- call
					return life.advance(call, s)
				}, activity.RegisterOptions{Name: workflows.AdvanceActivity})
			})
			if err := w.Start(); err != nil {
				t.Fatal(err)
			}
			defer w.Stop()
			in := workflows.Input{
				Enrollment: life.name, Digest: "d1", Compressed: life.compressed, Local: life.local,
				State: steps.State{V: 1, At: "opening", Started: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)},
			}
			run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: life.name, TaskQueue: life.name}, workflows.EnrollmentType, in)
			if err != nil {
				t.Fatal(err)
			}
			first := run.GetRunID() // Get follows the chain to its last run
			for n := range life.wakes {
				<-calls
				if err := c.SignalWorkflow(t.Context(), life.name, "", workflows.WakeSignal, workflows.Wake{N: int64(n + 1)}); err != nil {
					t.Fatal(err)
				}
			}
			if life.cancel {
				<-calls
				if err := c.CancelWorkflow(t.Context(), life.name, ""); err != nil {
					t.Fatal(err)
				}
			}
			if err := run.Get(t.Context(), nil); sdk.IsCanceledError(err) != life.cancel || (err != nil && !life.cancel) {
				t.Errorf("ended with %v", err)
			}
			if os.Getenv("UPDATE") != "" {
				record(t, c, life.name, first)
			}
		})
	}
}

func record(t *testing.T, c client.Client, id, run string) {
	t.Helper()
	h := &history.History{}
	for events := c.GetWorkflowHistory(t.Context(), id, run, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); events.HasNext(); {
		e, err := events.Next()
		if err != nil {
			t.Fatal(err)
		}
		h.Events = append(h.Events, e)
	}
	b, err := protojson.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	host, err := os.Hostname() // the sticky queue is named after it
	if err != nil {
		t.Fatal(err)
	}
	b = bytes.ReplaceAll(b, []byte(`"`+host+`:`), []byte(`"host:`))
	file, err := os.OpenFile(filepath.Join("..", "..", "workflows", "testdata", "histories", id+".json"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Write(append(b, '\n')); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}
