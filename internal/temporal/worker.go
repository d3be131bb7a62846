package temporal

import (
	"cmp"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"holdfast/internal/clock"
)

// Registry is where workflows and activities are made known.
type Registry = worker.Registry

// Deployment is the name under which Temporal knows workers that say their build.
const Deployment = "holdfast"

// drain is how long a worker that is stopped may take to finish: longer than a
// provider may take to answer, so that what was being sent is recorded.
const drain = 35 * time.Second

// stopWithin bounds a whole stop. The SDK waits for its kinds of task one after the
// other, each for drain at most; supervisors kill after 45 seconds or later (the guide "On several machines").
const stopWithin = 40 * time.Second

// atOnce bounds the workflow tasks that a process has in hand. Each may hold a
// send, and each waits for its timeout when the process is killed.
const atOnce = 200

// Tuning is how much one worker does at most, and what build it says it is. The zero
// value is 200 walks at once, as many in a second as there are, and no build.
type Tuning struct {
	Concurrency int     // walks at once, 2 at least: the SDK wants one for each kind of poller
	PerSecond   float64 // walks begun in a second
	// Build has Temporal hand out tasks by build: nothing goes to this worker until
	// somebody makes the build the deployment's current one, and workflows that run
	// move on to it then.
	Build string
}

// Worker makes a worker on queue with what register adds to it; the caller starts
// and stops it. A workflow whose worker died is handed to another after a second;
// activities say that they live (see heartbeats).
func Worker(c client.Client, queue string, register func(Registry)) worker.Worker {
	return TunedWorker(c, queue, Tuning{}, register)
}

// TunedWorker is Worker with limits. Stop takes no more and waits for what is under
// way, 40 seconds at most. What is not done then is done again by
// another worker, as after a kill.
func TunedWorker(c client.Client, queue string, t Tuning, register func(Registry)) worker.Worker {
	worker.SetStickyWorkflowCacheSize(StickyWorkflows) // one cache a process; its first worker makes it
	o := worker.Options{
		MaxConcurrentWorkflowTaskExecutionSize:  cmp.Or(t.Concurrency, atOnce),
		MaxConcurrentLocalActivityExecutionSize: cmp.Or(t.Concurrency, atOnce),
		StickyScheduleToStartTimeout:            time.Second,
		WorkerStopTimeout:                       drain,
		MaxHeartbeatThrottleInterval:            time.Second,
		Interceptors:                            []interceptor.WorkerInterceptor{&heartbeats{}},
		WorkflowTaskPollerBehavior:              worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{}),
		ActivityTaskPollerBehavior:              worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{}),
		// A walk is a local activity, or an activity of a run that began before they were.
		MaxConcurrentActivityExecutionSize: t.Concurrency,
		WorkerActivitiesPerSecond:          t.PerSecond,
		WorkerLocalActivitiesPerSecond:     t.PerSecond,
	}
	if t.Build != "" {
		o.DeploymentOptions = worker.DeploymentOptions{
			UseVersioning:             true,
			Version:                   worker.WorkerDeploymentVersion{DeploymentName: Deployment, BuildID: t.Build},
			DefaultVersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
		}
	}
	w := worker.New(c, queue, o)
	register(w)
	return bounded{w}
}

// bounded is a worker whose Stop ends.
type bounded struct{ worker.Worker }

// Stop is the worker's, for as long as stopWithin.
func (b bounded) Stop() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.Worker.Stop()
	}()
	clock.Await(stopWithin, done)
}
