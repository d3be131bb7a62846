package crash

import (
	"context"
	"flag"
	"math/rand/v2"
	"testing"
	"time"

	"holdfast/internal/clock"
	"holdfast/internal/store/postgres/pgtest"
	"holdfast/internal/temporal/temporaltest"
)

var (
	chaosElsewhere = flag.Bool("chaos-elsewhere", false, "run the chaos over PostgreSQL and Temporal's own server, each a process apart; builds that server")
	chaosBreaks    = flag.Int("chaos-breaks", 0, "kills of each of the two servers; 0 is 1, or 5 with -chaos-full")
)

// servers are those of a house that runs on none of its own. They are killed by
// the test's goroutine alone.
type servers struct {
	database *pgtest.Server
	address  string // of the house's database there
	engine   *temporaltest.Server
	breaks   map[int][]string // by life, which server is killed in it
}

// newServers draws the lives in which each server is killed, n times each. Both may
// be in one life.
func newServers(t *testing.T, draw *rand.Rand, n, lives int) *servers {
	t.Helper()
	s := &servers{database: pgtest.Start(t), engine: temporaltest.Start(t, "holdfast"), breaks: map[int][]string{}}
	s.address = s.database.Database(t)
	for _, server := range []string{"the database", "temporal"} {
		for _, life := range draw.Perm(lives)[:n] {
			s.breaks[life] = append(s.breaks[life], server)
		}
	}
	return s
}

func (s *servers) env() []string {
	return []string{"HOLDFAST_DATABASE_URL=" + s.address, "HOLDFAST_TEMPORAL_ADDRESS=" + s.engine.Address()}
}

// TestChaosElsewhere is TestChaos where the database and Temporal outlive the
// product, which is killed between them, and are themselves killed under it.
func TestChaosElsewhere(t *testing.T) {
	t.Parallel()
	if !*chaosElsewhere {
		t.Skip("starts other processes: give -chaos-elsewhere")
	}
	s := chosenStorm()
	s.breaks = 1
	if *chaosFull {
		s.breaks = 5
	}
	if *chaosBreaks > 0 {
		s.breaks = min(*chaosBreaks, s.lives())
	}
	chaos(t, s)
}

// breakServers kills the servers of a life one after the other, each at a moment
// of its own, and starts it up to three seconds later. What p is held to counts
// from the moment at which the last of them answered again.
func (h *house) breakServers(ctx context.Context, t *testing.T, draw *rand.Rand, p *process, n int) {
	t.Helper()
	for _, server := range h.servers.breaks[n] {
		p.live(ctx, t, time.Duration(draw.Int64N(int64(3*time.Second))))
		from := clock.System{}.Now()
		kill, restart := h.servers.database.Kill, h.servers.database.Restart
		if server == "temporal" {
			kill, restart = h.servers.engine.Kill, h.servers.engine.Restart
		}
		kill(t)
		p.live(ctx, t, time.Duration(draw.Int64N(int64(3*time.Second))))
		restart(t)
		until := clock.System{}.Now()
		t.Logf("life %d: %s was away for %v", n, server, until.Sub(from).Round(time.Millisecond))
		h.lives = append(h.lives, life{ready: p.since, gone: from})
		p.since = until
	}
}
