package temporal

import (
	"testing"
	"testing/synctest"
	"time"

	"go.temporal.io/sdk/worker"
)

// slow is a worker that takes so long to stop.
type slow struct {
	worker.Worker
	takes time.Duration
}

func (s slow) Stop() { time.Sleep(s.takes) }

func TestAStopEndsBeforeASupervisorKills(t *testing.T) {
	t.Parallel()
	for takes, want := range map[time.Duration]time.Duration{0: 0, 31 * time.Second: 31 * time.Second, 3 * drain: stopWithin} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			bounded{slow{takes: takes}}.Stop()
			if took := time.Since(began); took != want || took >= 45*time.Second {
				t.Errorf("a worker that takes %v was waited for %v, want %v", takes, took, want)
			}
			time.Sleep(takes) // a bubble ends when all in it has
		})
	}
}
