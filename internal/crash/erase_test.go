package crash

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"holdfast"
	"holdfast/internal/clock"
	"holdfast/internal/store"
	"holdfast/internal/store/postgres/pgtest"
	"holdfast/internal/temporal/temporaltest"
)

// An erasure that is killed by kill -9, and the server beside it as well, is finished
// by the next server, and nothing of the person is left.
func TestAnErasureThatIsKilledIsFinishedByTheNextServer(t *testing.T) {
	t.Parallel()
	if !*manyNodes {
		t.Skip("starts other processes: give -nodes")
	}
	const people, rows = 3, 3000
	ctx := t.Context()
	h := newHouse(t, nil)
	h.servers = &servers{database: pgtest.Start(t), engine: temporaltest.Start(t, "holdfast")}
	h.servers.address = h.servers.database.Database(t)
	h.env = append(h.env, h.servers.env()...)
	p := h.serve(t)
	p.waitReady(ctx, t)
	st := h.open(ctx, t)
	for i := range people {
		h.befriend(ctx, t, st, i, rows)
	}
	for i := range people {
		if !strings.Contains(h.everything(ctx, t), trace(i)) {
			t.Fatalf("%s was never there", trace(i))
		}
		// The erasure comes as far as a row that somebody else holds, and can be killed there.
		release := h.holds(ctx, t, fmt.Sprintf("person-%d/%d", i, rows-1-i*rows/people))
		erasing := h.start(t, "erase", fmt.Sprintf("person-%d", i), "--dir", h.data, "--project", h.project, "--reason", "asked", "--by", "Sam")
		h.wait(ctx, t, "the erasure waits for the row", erasing, func() bool { return h.waiting(ctx, t) > 0 })
		p.kill(t)
		erasing.kill(t)
		release()
		if n := underWayErasures(ctx, t, st); n != 1 {
			t.Fatalf("after the kill %d erasures are under way, want one; the command said\n%s", n, erasing.words())
		}
		if !strings.Contains(h.everything(ctx, t), trace(i)) {
			t.Fatal("it was killed after all was done")
		}
		p = h.serve(t)
		p.waitReady(ctx, t)
		h.wait(ctx, t, "the next server finishes it", p, func() bool { return underWayErasures(ctx, t, st) == 0 })
		if all := h.everything(ctx, t); strings.Contains(all, trace(i)) {
			at := strings.Index(all, trace(i))
			t.Errorf("something is left: …%s…", all[max(0, at-100):min(len(all), at+60)])
		}
	}
	if code := p.interrupt(ctx, t); code != 0 {
		t.Errorf("the server ended with %d\n%s", code, p.words())
	}
}

// trace is a word that is in every row about a person.
func trace(i int) string { return fmt.Sprintf("zanzibar%d@crash.example", i) }

// befriend writes rows about one more person, and a word of theirs into each.
func (h *house) befriend(ctx context.Context, t *testing.T, st store.Store, i, rows int) {
	t.Helper()
	who, account, now := fmt.Sprintf("person-%d", i), fmt.Sprintf("account-%d", i), clock.System{}.Now()
	err := st.Update(ctx, func(tx store.Tx) error {
		errs := []error{
			tx.PutAccount(store.Account{ID: account, Known: true}),
			tx.PutContact(store.Contact{ID: who, Account: account, Fields: map[string]store.Field{"email": {Value: trace(i), At: now}}}),
		}
		for n := range rows {
			_, _, err := tx.AppendEvent(holdfast.Message{ID: fmt.Sprintf("%s/%d", who, n), Source: "import", Kind: holdfast.Track, Event: "Login", Account: account, Contact: who, At: now, Props: map[string]any{"as": trace(i)}}, now)
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func underWayErasures(ctx context.Context, t *testing.T, st store.Store) (n int) {
	t.Helper()
	err := st.View(ctx, func(tx store.Tx) error {
		open, err := tx.Erasures(true, 0)
		n = len(open)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// holds locks the row of an event until the function it gives is called.
func (h *house) holds(ctx context.Context, t *testing.T, event string) (release func()) {
	t.Helper()
	conn, err := pgx.Connect(ctx, h.servers.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(ctx)) })
	tx, err := conn.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	tag, err := tx.Exec(ctx, "SELECT 1 FROM events WHERE id = $1 FOR UPDATE", event)
	if err != nil || tag.RowsAffected() != 1 {
		t.Fatalf("hold event %s: %d rows, %v", event, tag.RowsAffected(), err)
	}
	return func() {
		if err := tx.Rollback(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

// waiting is how many connections wait for another's row.
func (h *house) waiting(ctx context.Context, t *testing.T) (n int) {
	t.Helper()
	conn, err := pgx.Connect(ctx, h.servers.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // it only read
	if err := conn.QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event IN ('transactionid', 'tuple')").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// wait looks until something is so that p brings about. A p that ends without it, and
// one that takes three minutes, fail the test with what p said.
func (h *house) wait(ctx context.Context, t *testing.T, what string, p *process, is func() bool) {
	t.Helper()
	for end := (clock.System{}).Now().Add(3 * time.Minute); !is(); {
		gone, err := clock.Wait(ctx, 50*time.Millisecond, p.ended)
		if err != nil {
			t.Fatal(err)
		}
		if gone && !is() {
			t.Fatalf("%s: not before it ended: %v\n%s", what, p.err, p.words())
		}
		if (clock.System{}).Now().After(end) {
			t.Fatalf("%s: not in three minutes\n%s", what, p.words())
		}
	}
}

// everything is each row of each table of the house's database, as text.
func (h *house) everything(ctx context.Context, t *testing.T) string {
	t.Helper()
	conn, err := pgx.Connect(ctx, h.servers.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // it only read
	rows, err := conn.Query(ctx, "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()")
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 20 {
		t.Fatal(tables, err)
	}
	var b strings.Builder
	for _, table := range tables {
		rows, err := conn.Query(ctx, "SELECT to_json(x)::text FROM "+pgx.Identifier{table}.Sanitize()+" x")
		if err != nil {
			t.Fatal(err)
		}
		all, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(strings.Join(all, "\n"))
	}
	return b.String()
}
