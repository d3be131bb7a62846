package crash

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"holdfast/channels/standin"
	"holdfast/internal/child"
	"holdfast/internal/clock"
)

var (
	chaosFull = flag.Bool("chaos-full", false, "2,000 enrollments, 50 kills and 5 restarts instead of 200, 5 and 1")
	chaosSeed = flag.Uint64("chaos-seed", 0, "seed of the moments and faults; 0 draws one and prints it")
)

// storm is one size of the chaos test.
type storm struct {
	seed                         uint64
	enrollments, kills, restarts int
	breaks                       int // kills of each server, where they are elsewhere
	faults                       float64
	patience                     time.Duration // for the rest, once nothing is killed any more
}

func chosenStorm() storm {
	s := storm{seed: *chaosSeed, enrollments: 200, kills: 5, restarts: 1, faults: 0.2, patience: 6 * time.Minute}
	if *chaosFull {
		s.enrollments, s.kills, s.restarts, s.patience = 2000, 50, 5, 15*time.Minute
	}
	if s.seed == 0 {
		s.seed = rand.Uint64() >> 32
	}
	return s
}

// lives is how often the product is started before the last time.
func (s storm) lives() int { return s.kills + s.restarts }

// share of the enrollments that begin after each life: all have begun when a fifth
// of the lives is still to come, so that the last of them are killed in their midst too.
func (s storm) share() int {
	n := s.lives() * 4 / 5
	return (s.enrollments*3/4 + n - 1) / n
}

// restarts are spread among the kills.
func (s storm) restart(life int) bool { return (life+1)%(s.lives()/s.restarts) == 0 }

// The providers fail a fifth of what they are asked, before and after they took
// it, and tell of it all by webhook, some of it twice and none of it in order.
// Customers answer, addresses bounce, accounts leave. Meanwhile the product, with
// its database and its Temporal, is killed at random moments, and now and then
// stopped and started as an operator would.
func TestChaos(t *testing.T) {
	t.Parallel()
	chaos(t, chosenStorm())
}

func chaos(t *testing.T, s storm) {
	t.Helper()
	t.Logf("seed %d: %d enrollments, %d kills, %d restarts, %d kills of each server elsewhere, %.0f %% faults",
		s.seed, s.enrollments, s.kills, s.restarts, s.breaks, 100*s.faults)
	draw := rand.New(rand.NewPCG(s.seed, 2)) // a repeatable draw is the point
	h := newStormyHouse(t, s)
	if s.breaks > 0 {
		h.servers = newServers(t, draw, s.breaks, s.lives())
		h.env = append(h.env, h.servers.env()...)
	}
	began := clock.System{}.Now()
	ctx := t.Context()

	f := &feed{total: s.enrollments, bounce: true}
	f.take(ctx, t, h, s.enrollments/4)
	people := newCustomers(t, h)
	for n := range s.lives() {
		h.liveOnce(ctx, t, draw, people, n, s.restart(n))
		f.take(ctx, t, h, s.share())
	}
	last := h.serve(t)
	last.waitReady(ctx, t)
	h.lived(last)
	people.act(ctx, t)
	h.settle(ctx, t, s.patience)
	people.wg.Wait()
	h.hearAll(ctx, t)
	if code := last.interrupt(ctx, t); code != 0 {
		t.Errorf("exit code %d after an interrupt, want 0\n%s", code, last.words())
	}
	h.judge(ctx, t, s, began)
}

// judge holds what is left against what the providers know.
func (h *house) judge(ctx context.Context, t *testing.T, s storm, began time.Time) {
	t.Helper()
	st := h.open(ctx, t)
	runs := readRuns(st, t)
	a := newAudit(runs, h.providers.Counts(), clock.System{}.Now())
	exits := newExits(runs, h.lives)
	t.Logf("seed %d, kills %d, restarts %d, kills of each server elsewhere %d, in %s\n%s%s\nwebhooks %+v", s.seed, s.kills, s.restarts, s.breaks,
		clock.System{}.Now().Sub(began).Round(time.Second), a, exits, h.providers.Told())
	for _, w := range a.wrong {
		t.Error(w)
	}
	for _, w := range exits.wrong {
		t.Error(w)
	}
	if a.runs != s.enrollments {
		t.Errorf("%d enrollments, want %d", a.runs, s.enrollments)
	}
	for _, end := range []string{told, "churned", "responded"} {
		if a.ends[end] == 0 {
			t.Errorf("nobody ended %s", end)
		}
	}
	if a.twice > 0 {
		t.Errorf("%d task cards were shown twice", a.twice)
	}
	h.checksItsLedger(ctx, t)
}

// liveOnce starts the product, lets it live for 5 seconds or more after customers
// acted, and kills it, or stops it as an operator does.
func (h *house) liveOnce(ctx context.Context, t *testing.T, draw *rand.Rand, people *customers, n int, stop bool) {
	t.Helper()
	p := h.serve(t)
	p.waitReady(ctx, t)
	p.live(ctx, t, time.Duration(draw.Int64N(int64(time.Second))))
	people.act(ctx, t)
	span := whileUp + time.Duration(draw.Int64N(int64(time.Second)))
	long := draw.IntN(4) == 0
	if h.servers != nil && len(h.servers.breaks[n]) > 0 {
		h.breakServers(ctx, t, draw, p, n)
		long = true
	}
	if long {
		span += promptly - whileUp // long enough to see that exits close in time after a start
	}
	p.live(ctx, t, span)
	if !stop {
		p.kill(t)
	} else if code := p.interrupt(ctx, t); code != 0 {
		t.Errorf("exit code %d after an interrupt, want 0\n%s", code, p.words())
	}
	h.lived(p)
}

// newStormyHouse has providers that fail, and that tell what happened by webhook.
func newStormyHouse(t *testing.T, s storm) *house {
	t.Helper()
	const secret = "inbound-secret-of-the-chaos-test"
	plan := standin.NewPlan(s.seed, s.faults)
	plan.Latency = latency
	public := fmt.Sprintf("127.0.0.1:%d", child.Port(t))
	h := houseOf(t, standin.Options{Plan: plan, File: t.TempDir() + "/accepted.jsonl", Webhooks: &standin.Webhooks{
		Events: "http://" + public + "/hooks/sendgrid/events", Inbound: "http://" + public + "/hooks/sendgrid/inbound/" + secret,
		Seed: s.seed, Repeat: 0.2,
	}, Workspace: standin.SlackOptions{SigningSecret: slackSecret, Hooks: "http://" + public + "/hooks/slack"}})
	h.public = public
	h.env = append(h.env, "HOLDFAST_SENDGRID_EVENT_KEY="+h.providers.PublicKey(), "HOLDFAST_SENDGRID_INBOUND_KEY="+secret, "HOLDFAST_SLACK_SIGNING_SECRET="+slackSecret)
	return h
}
