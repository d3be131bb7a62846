package crash

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/channels/standin"
	"holdfast/internal/app"
	"holdfast/internal/clock"
	"holdfast/internal/store"
	"holdfast/internal/store/postgres"
)

var (
	full   = flag.Bool("crash-full", false, "200 enrollments and 20 kills instead of 30 and 4")
	seed   = flag.Uint64("crash-seed", 0, "seed of the moments and faults; 0 draws one and prints it")
	faults = flag.Float64("crash-faults", -1, "share of requests in which a provider misbehaves (default: 0.1 with -crash-full, else 0)")
)

// plan is one size of the kill test.
type plan struct {
	seed               uint64
	enrollments, kills int
	faults             float64
	patience           time.Duration // for the rest, once nothing is killed any more
}

func chosenPlan() plan {
	p := plan{seed: *seed, enrollments: 30, kills: 4, patience: 90 * time.Second}
	if *full {
		p.enrollments, p.kills, p.faults = 200, 20, 0.1
	}
	if *faults >= 0 {
		p.faults = *faults
	}
	if p.faults > 0 {
		p.patience = 8 * time.Minute // a refused touch is tried again after five seconds, then ten, then twenty
	}
	if p.seed == 0 {
		p.seed = rand.Uint64() >> 32
	}
	return p
}

// latency of a provider's answer: long enough for a kill to fall into it.
const latency = 150 * time.Millisecond

// The product runs as a process of its own and is killed at random moments, also
// while it starts for the first time. Between its lives more accounts come in,
// some are talked to, and some leave.
func TestKillTwentyTimes(t *testing.T) {
	t.Parallel()
	p := chosenPlan()
	t.Logf("seed %d: %d enrollments, %d kills, %.0f %% faults", p.seed, p.enrollments, p.kills, 100*p.faults)
	misbehave := standin.NewPlan(p.seed, p.faults)
	misbehave.Latency = latency
	h := newHouse(t, misbehave)
	draw := rand.New(rand.NewPCG(p.seed, 1)) // a repeatable draw is the point
	ctx := t.Context()

	f := &feed{total: p.enrollments}
	f.take(ctx, t, h, p.enrollments/4)
	var starts []time.Duration
	for kill := range p.kills {
		took := h.killOnce(ctx, t, draw, kill)
		if took > 0 {
			starts = append(starts, took)
		}
		f.take(ctx, t, h, (p.enrollments*3/4+p.kills-1)/p.kills)
	}
	last := h.serve(t)
	last.waitReady(ctx, t)
	starts = append(starts, last.took)
	h.settle(ctx, t, p.patience)
	if code := last.interrupt(ctx, t); code != 0 {
		t.Errorf("exit code %d after an interrupt, want 0\n%s", code, last.words())
	}

	st := h.open(ctx, t)
	a := newAudit(readRuns(st, t), h.providers.Counts(), clock.System{}.Now())
	t.Logf("seed %d, kills %d\n%sstart to ready %s", p.seed, p.kills, a, spread(starts))
	for _, w := range a.wrong {
		t.Error(w)
	}
	if a.runs != p.enrollments {
		t.Errorf("%d enrollments, want %d", a.runs, p.enrollments)
	}
	if a.ends[told] == 0 {
		t.Error("nobody came to the end")
	}
}

// killOnce starts the product and kills it: every fifth time while it starts,
// else 0.3 to 3 s after it is ready. took is from start to ready, 0 if it never was.
func (h *house) killOnce(ctx context.Context, t *testing.T, draw *rand.Rand, n int) (took time.Duration) {
	t.Helper()
	after := 300*time.Millisecond + time.Duration(draw.Int64N(int64(2700*time.Millisecond)))
	p := h.serve(t)
	if n%5 == 0 {
		p.live(ctx, t, after/2)
		p.kill(t)
		return 0
	}
	p.waitReady(ctx, t)
	p.live(ctx, t, after)
	p.kill(t)
	return p.took
}

func (h *house) open(ctx context.Context, t *testing.T) store.Store {
	t.Helper()
	open := func() (store.Store, error) { return app.OpenStore(ctx, h.data) }
	if h.servers != nil {
		open = func() (store.Store, error) { return postgres.Open(ctx, h.servers.address) }
	}
	st, err := open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	return st
}

// settle waits until every enrollment has ended or visibly rests.
func (h *house) settle(ctx context.Context, t *testing.T, patience time.Duration) {
	t.Helper()
	st := h.open(ctx, t)
	defer st.Close() //nolint:errcheck // it was only read
	for end := (clock.System{}).Now().Add(patience); ; {
		if err := clock.Sleep(ctx, 2*time.Second); err != nil {
			t.Fatal(err)
		}
		now := clock.System{}.Now()
		under := slices.DeleteFunc(readRuns(st, t), func(r run) bool { return (r.Status == "ended" && !r.owes()) || r.rests(now) })
		if len(under) == 0 {
			return
		}
		if now.After(end) {
			for _, r := range under {
				t.Logf("%s at %s: %s, due %v", r.Account, r.Step, r.Doing, r.Due)
			}
			t.Errorf("%d enrollments were still under way after %v", len(under), patience)
			return
		}
	}
}

func spread(ds []time.Duration) string {
	slices.Sort(ds)
	var b strings.Builder
	for _, part := range []struct {
		name string
		d    time.Duration
	}{{"shortest", ds[0]}, {"median", ds[len(ds)/2]}, {"longest", ds[len(ds)-1]}} {
		fmt.Fprintf(&b, " %s %.1f s", part.name, part.d.Seconds())
	}
	return strings.TrimSpace(b.String())
}
