package crash

import (
	"testing"
	"time"

	"holdfast"
	"holdfast/channels/standin"
	"holdfast/internal/clock"
	"holdfast/internal/store/postgres/pgtest"
	"holdfast/internal/temporal/temporaltest"
)

// TestAWorkerThatIsStoppedFinishesWhatItSends stops a worker in the middle of messages
// to a slow provider, as a deployment does, while another goes on. Unlike a kill it
// leaves no touch of which nobody knows whether it went.
func TestAWorkerThatIsStoppedFinishesWhatItSends(t *testing.T) {
	t.Parallel()
	if !*manyNodes {
		t.Skip("starts other processes: give -nodes")
	}
	ctx := t.Context()
	h := newHouse(t, &standin.Plan{Latency: 3 * time.Second})
	database := pgtest.Start(t)
	h.servers = &servers{database: database, address: database.Database(t), engine: temporaltest.Start(t, "holdfast")}
	h.env = append(h.env, h.servers.env()...)
	f := &feed{total: 10}
	f.take(ctx, t, h, 10)
	server := h.start(t, "server", h.project, "--with", "relay", "--dir", h.data, "--listen", "127.0.0.1:0")
	one := h.start(t, "worker")
	for _, p := range []*process{server, one} {
		p.waitReady(ctx, t)
	}
	st := h.open(ctx, t)
	sending := func() (n int) {
		for _, r := range readRuns(st, t) {
			for _, touch := range r.touches {
				if touch.State == holdfast.Sending {
					n++
				}
			}
		}
		return n
	}
	for sending() < 3 {
		one.live(ctx, t, 100*time.Millisecond)
	}
	began := clock.System{}.Now()
	if code := one.interrupt(ctx, t); code != 0 {
		t.Errorf("the worker ended with %d\n%s", code, one.words())
	}
	took := clock.System{}.Now().Sub(began)
	if n := sending(); n > 0 {
		t.Errorf("it left %d touches being sent", n)
	}

	two := h.start(t, "worker")
	two.waitReady(ctx, t)
	h.settle(ctx, t, 2*time.Minute)
	for _, p := range []*process{two, server} {
		if code := p.interrupt(ctx, t); code != 0 {
			t.Errorf("it ended with %d\n%s", code, p.words())
		}
	}
	a := newAudit(readRuns(st, t), h.providers.Counts(), clock.System{}.Now())
	t.Logf("stopped in %v\n%s", took.Round(time.Millisecond), a)
	for _, w := range a.wrong {
		t.Error(w)
	}
	if n := len(a.messages[holdfast.Unknown]) + len(a.messages[holdfast.Unconfirmed]); n > 0 || a.ends[told] != 10 {
		t.Errorf("%d told, want 10, and nothing unknown", a.ends[told])
	}
}
