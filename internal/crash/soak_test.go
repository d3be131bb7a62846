package crash

import (
	"context"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"holdfast/internal/clock"
	"holdfast/internal/store"
	"holdfast/internal/store/postgres/pgtest"
	"holdfast/internal/temporal/temporaltest"
)

var (
	soak    = flag.Bool("soak", false, "run two of everything under mixed load while all of it is killed; builds a Temporal server")
	soakFor = flag.Duration("soak-for", 10*time.Minute, "how long")
)

// TestSoak has many send at once to two servers' public doors: batches in Segment's
// shape, payments that failed from Stripe, what SendGrid tells of its mails, answers
// to them, and tables that an operator imports. Meanwhile servers, workers, relays,
// the database and Temporal are killed, or stopped as a deployment does, and replaced.
// Senders keep a book of what was acknowledged. In the end all of that must be in,
// once, and nothing that was refused; what follows from it must have happened once.
func TestSoak(t *testing.T) {
	t.Parallel()
	if !*soak {
		t.Skip("starts other processes: give -soak")
	}
	s := storm{seed: *chaosSeed, faults: 0.1, patience: 10 * time.Minute}
	if s.seed == 0 {
		s.seed = rand.Uint64() >> 32
	}
	t.Logf("seed %d: %v, %.0f %% faults", s.seed, *soakFor, 100*s.faults)
	ctx := t.Context()
	h, key := newSoakedHouse(ctx, t, s)
	l := newLoad(t, h, s.seed, key)
	r := &ruin{
		cluster: newCluster(ctx, t, h), people: newCustomers(t, h), breaks: map[string][]time.Duration{},
		draw: rand.New(rand.NewPCG(s.seed, 3)), // a repeatable draw is the point
	}
	began := clock.System{}.Now()
	l.seen.last = began
	until := began.Add(*soakFor)
	l.start(ctx, t)
	r.rage(ctx, t, until)
	l.stop()
	lasted, touches := clock.System{}.Now().Sub(began), len(h.providers.Counts())

	calm := clock.System{}.Now()
	h.settle(ctx, t, s.patience)
	h.hearAll(ctx, t)
	r.people.wg.Wait()
	h.relayed(ctx, t)
	settled := clock.System{}.Now().Sub(calm)
	r.stop(ctx, t)

	found := readLeft(t, h.open(ctx, t), l.book.known)
	v := l.book.judge(found)
	a := newAudit(found.runs, h.providers.Counts(), clock.System{}.Now())
	t.Logf("seed %d, %v, at rest %v later\n%s\n%s\nmessages acknowledged a second %.1f, touches a second %.1f\nimports %d, killed on their way %d; clicks %d, answered %d, tasks:%s\n%s\n%swebhooks %+v",
		s.seed, lasted.Round(time.Second), settled.Round(time.Second), v, l.seen, float64(v.kept)/lasted.Seconds(), float64(touches)/lasted.Seconds(),
		l.table.tries, l.table.cut, l.clicks.made, l.clicks.taken, counts(l.clicks.closed(t, found.runs)), r, a, h.providers.Told())
	for _, w := range append(v.wrong, a.wrong...) {
		t.Error(w)
	}
	for what, n := range map[string]int{"acknowledged messages": v.kept, "refused messages": v.refused, "errands told": a.ends[told], "payments noted": a.ends["noted"]} {
		if n == 0 {
			t.Errorf("no %s", what)
		}
	}
	h.checksItsLedger(ctx, t)
}

// newSoakedHouse has the sources of the soak test beside the project of all tests
// here, sixty accounts, and a write key for the source app.
func newSoakedHouse(ctx context.Context, t *testing.T, s storm) (h *house, key string) {
	t.Helper()
	h = newStormyHouse(t, s)
	h.project = filepath.Join(t.TempDir(), "project")
	for _, part := range []string{"project", "soak"} {
		if err := os.CopyFS(h.project, os.DirFS(filepath.Join("testdata", part))); err != nil {
			t.Fatal(err)
		}
	}
	database := pgtest.Start(t)
	h.servers = &servers{database: database, address: database.Database(t), engine: temporaltest.StartOnPostgres(t, "holdfast", database.Database(t), database.Database(t))}
	h.env = append(h.env, h.servers.env()...)
	h.env = append(h.env, "HOLDFAST_SECRET_SOAK="+billingSecret)
	h.run(ctx, t, "migrate", "--dir", h.data) // the key is made before a server has run
	var token struct{ Key string }
	if err := json.Unmarshal([]byte(h.run(ctx, t, "tokens", "create", "--scope", "ingest:app", "--json", "--dir", h.data)), &token); err != nil {
		t.Fatal(err)
	}
	return h, token.Key
}

// load is all who send.
type load struct {
	book    *book
	seen    *seen
	table   *table
	clicks  *clicks
	dir     string
	senders []*sender
	end     context.CancelFunc
	wg      sync.WaitGroup
}

// segments is how many send in Segment's shape; half of them on a new connection
// each time. One more is Stripe.
const segments = 8

func newLoad(t *testing.T, h *house, seed uint64, key string) *load {
	t.Helper()
	l := &load{book: &book{}, seen: newSeen(), dir: t.TempDir(), clicks: &clicks{slack: h.providers.Slack, done: map[string]bool{}}}
	for n := range segments + 1 {
		l.senders = append(l.senders, &sender{
			t: t, book: l.book, seen: l.seen, key: key, base: "http://" + h.public,
			draw:   rand.New(rand.NewPCG(seed, uint64(100+n))), // a repeatable draw is the point
			client: &http.Client{Transport: &http.Transport{DisableKeepAlives: n%2 == 0}},
		})
	}
	l.table = &table{h: h, book: l.book, draw: rand.New(rand.NewPCG(seed, 99))} // a repeatable draw is the point
	names := l.table.next(t, l.dir, 60)
	for as, file := range map[string]string{"accounts": l.table.accounts, "contacts": l.table.mail} {
		h.run(t.Context(), t, "import", "--live", "--as", as, "--dir", h.data, "--project", h.project, file)
	}
	l.book.met(names)
	return l
}

// start lets all send until stop.
func (l *load) start(ctx context.Context, t *testing.T) {
	t.Helper()
	ctx, l.end = context.WithCancel(ctx)
	t.Cleanup(l.end)
	for n, s := range l.senders {
		if n < segments {
			l.wg.Go(func() { s.segment(ctx) })
		} else {
			l.wg.Go(func() { s.stripe(ctx) })
		}
	}
	l.wg.Go(func() { l.table.run(ctx, t, l.dir) })
	l.wg.Go(func() { l.clicks.run(ctx) })
}

// stop returns when nobody sends any more.
func (l *load) stop() {
	l.end()
	l.wg.Wait()
}

// relayed waits until nothing that was decided still has to be handed to Temporal.
func (h *house) relayed(ctx context.Context, t *testing.T) {
	t.Helper()
	st := h.open(ctx, t)
	for end := (clock.System{}).Now().Add(time.Minute); ; {
		var n int
		err := st.View(ctx, func(tx store.Tx) (err error) {
			n, err = tx.Unsettled()
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
		if (clock.System{}).Now().After(end) {
			t.Errorf("%d rows and wakes are not heard", n)
			return
		}
		if err := clock.Sleep(ctx, 200*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
}
