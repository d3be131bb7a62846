package crash

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/internal/child"
	"holdfast/internal/clock"
	"holdfast/internal/store"
	"holdfast/internal/store/postgres/pgtest"
	"holdfast/internal/temporal/temporaltest"
)

var manyNodes = flag.Bool("nodes", false, "run two servers, two workers and two relays over PostgreSQL and a Temporal apart, and end each in turn; builds that Temporal")

// Keys of payloads: those that the nodes begin with, the other way round later.
const (
	keyA = "a:QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
	keyB = "b:QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI="
)

// rounds is how often each node is ended: the first time by kill -9, the second in order.
const rounds = 2

// TestTwoOfEverything runs two servers, two workers and two relays as processes of
// their own over PostgreSQL and Temporal's own server, which keeps its data in
// PostgreSQL as well. Each is killed in turn while accounts come in, start, leave and
// answer, and later each is ended as a deployment does, which turns the payload keys
// round. There is a tenth of faults at the providers. Every enrollment must end or rest as it should, each touch made at
// most once.
func TestTwoOfEverything(t *testing.T) {
	t.Parallel()
	if !*manyNodes {
		t.Skip("starts other processes: give -nodes")
	}
	s := storm{seed: *chaosSeed, enrollments: 120, faults: 0.1, patience: 8 * time.Minute}
	if s.seed == 0 {
		s.seed = rand.Uint64() >> 32
	}
	t.Logf("seed %d: %d enrollments, %.0f %% faults", s.seed, s.enrollments, 100*s.faults)
	draw := rand.New(rand.NewPCG(s.seed, 3)) // a repeatable draw is the point
	h := newStormyHouse(t, s)
	database := pgtest.Start(t)
	h.servers = &servers{database: database, address: database.Database(t), engine: temporaltest.StartOnPostgres(t, "holdfast", database.Database(t), database.Database(t))}
	h.env = append(h.env, h.servers.env()...)
	h.env = append(h.env, "HOLDFAST_PAYLOAD_KEYS="+keyA+","+keyB)
	began := clock.System{}.Now()
	ctx := t.Context()

	f := &feed{total: s.enrollments, bounce: true}
	f.take(ctx, t, h, s.enrollments/4)
	people := newCustomers(t, h)
	c := newCluster(ctx, t, h)
	watch := c.watchLeader(ctx, t)
	for round := range rounds {
		if round == 1 { // what is started from now on
			h.env = append(h.env, "HOLDFAST_PAYLOAD_KEYS="+keyB+","+keyA)
		}
		for _, i := range draw.Perm(len(c.nodes)) {
			f.take(ctx, t, h, (s.enrollments*3/4+rounds*len(c.nodes)-1)/(rounds*len(c.nodes)))
			people.act(ctx, t)
			c.live(ctx, t, time.Second+time.Duration(draw.Int64N(int64(2*time.Second))))
			c.end(ctx, t, i, round == 0)
			c.live(ctx, t, time.Second+time.Duration(draw.Int64N(int64(3*time.Second))))
			c.begin(ctx, t, i)
		}
	}
	h.lives = []life{{ready: c.since}} // there was always one of each
	people.act(ctx, t)
	h.settle(ctx, t, s.patience)
	people.wg.Wait()
	h.hearAll(ctx, t)
	longestSilence := watch()
	c.stop(ctx, t)
	t.Logf("%s; the longest that nobody led: %.1f s", c.ended(), longestSilence.Seconds())
	if longestSilence > 20*time.Second {
		t.Errorf("nobody led for %v", longestSilence)
	}
	s.kills, s.restarts = len(c.nodes), (rounds-1)*len(c.nodes)
	h.judge(ctx, t, s, began)
}

// node is one of the processes.
type node struct {
	name string
	args []string
	*process
	killed, stopped int
}

// cluster is two of everything, and what shares the calls of providers among the servers.
type cluster struct {
	h     *house
	nodes []*node
	since time.Time // when all were ready first
}

func newCluster(ctx context.Context, t *testing.T, h *house) *cluster {
	t.Helper()
	c := &cluster{h: h}
	var doors []string
	for n := range 2 {
		door := fmt.Sprintf("127.0.0.1:%d", child.Port(t))
		doors = append(doors, door)
		c.nodes = append(c.nodes,
			&node{name: fmt.Sprintf("server %d", n+1), args: []string{
				"server", h.project, "--with", "none", "--dir", filepath.Join(t.TempDir(), "data"), "--listen", "127.0.0.1:0", "--public", door,
			}},
			&node{name: fmt.Sprintf("worker %d", n+1), args: []string{"worker"}},
			&node{name: fmt.Sprintf("relay %d", n+1), args: []string{"relay"}},
		)
	}
	balance(t, h.public, doors)
	for _, n := range c.nodes {
		n.process = h.start(t, n.args...)
	}
	for _, n := range c.nodes {
		n.waitReady(ctx, t)
	}
	c.since = clock.System{}.Now()
	return c
}

// live lets all live for d; one that ends by itself fails the test.
func (c *cluster) live(ctx context.Context, t *testing.T, d time.Duration) {
	t.Helper()
	if err := clock.Sleep(ctx, d); err != nil {
		t.Fatal(err)
	}
	for _, n := range c.nodes {
		if n.process != nil {
			n.live(ctx, t, 0)
		}
	}
}

// end ends node i, by kill -9 or in order.
func (c *cluster) end(ctx context.Context, t *testing.T, i int, kill bool) {
	t.Helper()
	n := c.nodes[i]
	p := n.process
	n.process = nil
	if kill {
		p.kill(t)
		n.killed++
		return
	}
	c.interrupt(ctx, t, n, p)
}

func (c *cluster) interrupt(ctx context.Context, t *testing.T, n *node, p *process) {
	t.Helper()
	if code := p.interrupt(ctx, t); code != 0 || !strings.Contains(p.words(), "stopped; the same command goes on from here") {
		t.Errorf("%s ended with %d after an interrupt, want 0\n%s", n.name, code, p.words())
	}
	n.stopped++
}

func (c *cluster) begin(ctx context.Context, t *testing.T, i int) {
	t.Helper()
	n := c.nodes[i]
	n.process = c.h.start(t, n.args...)
	n.waitReady(ctx, t)
}

// stop ends all in order, at once.
func (c *cluster) stop(ctx context.Context, t *testing.T) {
	t.Helper()
	for _, n := range c.nodes {
		c.interrupt(ctx, t, n, n.process)
	}
}

func (c *cluster) ended() string {
	var words []string
	for _, n := range c.nodes {
		words = append(words, fmt.Sprintf("%s killed %d, stopped %d", n.name, n.killed, n.stopped))
	}
	return strings.Join(words, "; ")
}

// watchLeader reads who leads until the function it gives is called, which says for
// how long at most nobody moved the number there.
func (c *cluster) watchLeader(ctx context.Context, t *testing.T) (end func() time.Duration) {
	t.Helper()
	st := c.h.open(ctx, t)
	ctx, stop := context.WithCancel(ctx)
	longest := make(chan time.Duration, 1)
	go func() {
		var most time.Duration
		row, at := "", clock.System{}.Now()
		for clock.Sleep(ctx, 200*time.Millisecond) == nil {
			now := clock.System{}.Now()
			_ = st.View(ctx, func(tx store.Tx) error {
				said, err := tx.MetaGet("leader")
				if err == nil && said != row && said != "" {
					row, at = said, now
				}
				return nil
			})
			most = max(most, now.Sub(at))
		}
		longest <- most
	}()
	return func() time.Duration {
		stop()
		return <-longest
	}
}

// balance passes connections to an address on to one of several that takes it, by turns.
func balance(t *testing.T, address string, to []string) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	var turn atomic.Int64
	pass := func(client net.Conn) {
		defer client.Close() //nolint:errcheck // there is nobody to tell
		for range to {
			server, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", to[int(turn.Add(1))%len(to)])
			if err != nil {
				continue
			}
			var both sync.WaitGroup
			both.Go(func() { _, _ = io.Copy(server, client); _ = server.(*net.TCPConn).CloseWrite() }) // what Dial of tcp gives
			_, _ = io.Copy(client, server)
			_ = client.Close()
			both.Wait()
			_ = server.Close()
			return
		}
	}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go pass(client)
		}
	}()
}
