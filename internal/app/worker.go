package app

import (
	"fmt"
	"math"
	"strconv"

	"go.temporal.io/sdk/activity"

	"holdfast"
	"holdfast/internal/config"
	"holdfast/internal/temporal"
	"holdfast/workflows"
)

func (a *App) startWorker() error {
	tuning, err := tuningOf(a.cfg.Env.Worker)
	if err != nil {
		return err
	}
	c := a.client
	if tuning.Build != "" {
		// The relay's client would hand the first task of what it starts to a worker of its own, whatever its build.
		keys, err := temporal.ParsePayloadKeys(a.cfg.Env.PayloadKeys)
		if err != nil {
			return err
		}
		if c, err = a.reach(keys); err != nil {
			return err
		}
		a.onStop(func() error { c.Close(); return nil })
	}
	w := temporal.TunedWorker(c, temporal.TaskQueue, tuning, func(r temporal.Registry) {
		r.RegisterWorkflow(workflows.Enrollment) // its name is workflows.EnrollmentType
		r.RegisterActivityWithOptions(a.advance, activity.RegisterOptions{Name: workflows.AdvanceActivity})
	})
	if err := w.Start(); err != nil {
		return fmt.Errorf("start the worker: %w", err)
	}
	a.onStop(func() error { w.Stop(); return nil })
	return nil
}

// tuningOf reads what the environment says of a worker.
func tuningOf(env config.Worker) (t temporal.Tuning, err error) {
	t.Build = env.Build
	if env.Concurrency != "" {
		if t.Concurrency, err = strconv.Atoi(env.Concurrency); err != nil || t.Concurrency < 2 || t.Concurrency > 10_000 {
			return t, holdfast.Errorf(holdfast.Invalid, "HOLDFAST_WORKER_CONCURRENCY is %q; expected how many enrollments are walked at once, 2 to 10000", env.Concurrency)
		}
	}
	if env.Rate != "" {
		if t.PerSecond, err = strconv.ParseFloat(env.Rate, 64); err != nil || !(t.PerSecond > 0) || math.IsInf(t.PerSecond, 0) {
			return t, holdfast.Errorf(holdfast.Invalid, "HOLDFAST_WORKER_RATE is %q; expected walks a second, such as 50 or 0.5", env.Rate)
		}
	}
	return t, nil
}
