package crash

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/internal/clock"
)

// ruin ends the processes of a cluster and its servers at random, and puts others
// in their place.
type ruin struct {
	*cluster
	people *customers
	draw   *rand.Rand
	breaks map[string][]time.Duration // of the database and of Temporal: how long each was away
}

// rage goes on until a moment. Of twelve times it ends one process in eight, both
// of a kind in two, and the database or Temporal in one each.
func (r *ruin) rage(ctx context.Context, t *testing.T, until time.Time) {
	t.Helper()
	for (clock.System{}).Now().Before(until) {
		r.live(ctx, t, r.upTo(500*time.Millisecond, 4*time.Second))
		if r.draw.IntN(6) == 0 {
			r.people.act(ctx, t)
		}
		switch n := r.draw.IntN(12); n {
		case 0:
			r.takeAway(ctx, t, "the database", r.h.servers.database.Kill, r.h.servers.database.Restart)
		case 1:
			r.takeAway(ctx, t, "temporal", r.h.servers.engine.Kill, r.h.servers.engine.Restart)
		case 2, 3:
			r.replace(ctx, t, r.pair()...)
		default:
			r.replace(ctx, t, r.draw.IntN(len(r.nodes)))
		}
	}
}

// pair is both processes of one kind.
func (r *ruin) pair() []int {
	one := r.draw.IntN(len(r.nodes))
	kind := r.nodes[one].args[0]
	other := slices.IndexFunc(r.nodes, func(n *node) bool { return n.args[0] == kind && n != r.nodes[one] })
	return []int{one, other}
}

// replace ends processes, three of four by kill -9, and starts others.
func (r *ruin) replace(ctx context.Context, t *testing.T, nodes ...int) {
	t.Helper()
	from := clock.System{}.Now()
	var ends []string
	for _, i := range nodes {
		kill, began := r.draw.IntN(4) > 0, clock.System{}.Now()
		r.end(ctx, t, i, kill)
		how := "killed"
		if !kill { // it finishes what it sends, to providers that may be silent for half a minute
			how = "stopped in " + clock.System{}.Now().Sub(began).Round(time.Millisecond).String()
		}
		ends = append(ends, r.nodes[i].name+" "+how)
	}
	r.live(ctx, t, r.upTo(0, 2*time.Second))
	for _, i := range nodes {
		r.begin(ctx, t, i)
	}
	if len(nodes) > 1 {
		t.Logf("each %s was away for %v: %s", r.nodes[nodes[0]].args[0], clock.System{}.Now().Sub(from).Round(time.Millisecond), strings.Join(ends, ", "))
	}
}

func (r *ruin) takeAway(ctx context.Context, t *testing.T, name string, kill, restart func(testing.TB)) {
	t.Helper()
	from := clock.System{}.Now()
	kill(t)
	r.live(ctx, t, r.upTo(0, 3*time.Second))
	restart(t)
	away := clock.System{}.Now().Sub(from)
	t.Logf("%s was away for %v", name, away.Round(time.Millisecond))
	r.breaks[name] = append(r.breaks[name], away)
}

func (r *ruin) upTo(least, most time.Duration) time.Duration {
	return least + time.Duration(r.draw.Int64N(int64(most-least)))
}

func (r *ruin) String() string {
	said := r.ended()
	for _, name := range []string{"the database", "temporal"} {
		said += fmt.Sprintf("; %s killed %d", name, len(r.breaks[name]))
		if len(r.breaks[name]) > 0 {
			said += fmt.Sprintf(" (away for %v at most)", slices.Max(r.breaks[name]).Round(time.Millisecond))
		}
	}
	return said
}
