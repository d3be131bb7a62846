package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"holdfast"
	"holdfast/internal/app"
	"holdfast/internal/clock"
	"holdfast/internal/config"
	"holdfast/internal/temporal"
	"holdfast/internal/temporal/temporaltest"
)

// TestElsewhereABuildTakesOverWhenItIsMadeCurrent: of workers that say their build,
// only that of the current one gets work, and what runs moves on to the next.
func TestElsewhereABuildTakesOverWhenItIsMadeCurrent(t *testing.T) {
	t.Parallel()
	if !*elsewhere {
		t.Skip("starts other processes: give -elsewhere")
	}
	engine := temporaltest.Start(t, "holdfast")
	c, err := temporal.Client(t.Context(), temporal.ClientOptions{HostPort: engine.Address()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	w := newWorld(t, asked)
	w.env.Temporal = config.Temporal{Address: engine.Address()}

	w.env.Worker.Build = "one"
	one := w.live()
	one.take("Support Ticket Opened", "acme")
	one.idles("acme")
	makeCurrent(t, c, "one")
	one.until("acme", "slack note")
	one.end()

	w.env.Worker.Build = "two"
	two := w.live()
	two.take("Support Ticket Closed", "acme")
	two.idles("acme")
	makeCurrent(t, c, "two")
	two.until("acme", "outcome ")
	two.end()
}

// idles waits long enough for a worker to have done what it may, and checks that nothing
// was.
func (l *alive) idles(account string) {
	l.t.Helper()
	for until := time.Now().Add(3 * time.Second); time.Now().Before(until); {
		select {
		case line := <-l.seen:
			if line.Account == account && line.Kind != "enroll" && line.Kind != "event" {
				l.t.Fatalf("a build that is not current did something: %+v", line)
			}
		case err := <-l.ended:
			l.t.Fatalf("it ended by itself: %v", err)
		default:
			if err := clock.Sleep(l.ctx, 50*time.Millisecond); err != nil {
				l.t.Fatal(err)
			}
		}
	}
}

// makeCurrent does what an operator does who lets a build work.
func makeCurrent(t *testing.T, c client.Client, build string) {
	t.Helper()
	d := c.WorkerDeploymentClient().GetHandle(temporal.Deployment)
	for try := range 60 { // until the cluster has heard of the worker
		_, err := d.SetCurrentVersion(t.Context(), client.WorkerDeploymentSetCurrentVersionOptions{BuildID: build})
		if err == nil {
			return
		}
		if try == 59 {
			t.Fatal(err)
		}
		if err := clock.Sleep(t.Context(), 500*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAWorkerIsToldWhatItsLimitsAre(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env  config.Worker
		want string
	}{
		"no number":        {config.Worker{Concurrency: "many"}, `HOLDFAST_WORKER_CONCURRENCY is "many"; expected how many enrollments are walked at once, 2 to 10000`},
		"too few":          {config.Worker{Concurrency: "1"}, "HOLDFAST_WORKER_CONCURRENCY"},
		"a rate of none":   {config.Worker{Rate: "0"}, `HOLDFAST_WORKER_RATE is "0"; expected walks a second, such as 50 or 0.5`},
		"not a number":     {config.Worker{Rate: "NaN"}, "HOLDFAST_WORKER_RATE"},
		"without an end":   {config.Worker{Rate: "Inf"}, "HOLDFAST_WORKER_RATE"},
		"what is possible": {config.Worker{Concurrency: "8", Rate: "0.5", Build: "one"}, ""},
	} {
		_, err := app.TuningOf(c.env)
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if !strings.Contains(fmt.Sprint(err), c.want) || holdfast.CodeOf(err) != holdfast.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
