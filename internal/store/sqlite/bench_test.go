package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/internal/store/sqlite"
)

// A claim as activities make it: two reads, a count, and three rows written.
func claim(tx store.Tx, n int) error {
	now := time.Unix(int64(n), 0)
	if _, err := tx.MetaGet("stop"); err != nil {
		return err
	}
	if _, err := tx.Rests("acme", now); err != nil {
		return err
	}
	if _, err := tx.CountTouches("acme", "dana", "email", now); err != nil {
		return err
	}
	id := fmt.Sprintf("%026d", n)
	if err := tx.PutTouch(store.Touch{ID: id, Enrollment: id, Account: "acme", Contact: "dana", Path: "mail", Channel: "email", Recipient: "dana", State: holdfast.Claimed, ClaimedAt: now}); err != nil {
		return err
	}
	if err := tx.AddLine(store.Line{Key: id, At: now, Account: "acme", Enrollment: id, Kind: "email"}); err != nil {
		return err
	}
	return tx.MetaSet("last", id)
}

// The same statements without a store between, prepared once: what a program
// with nothing but this one transaction would write.
var bareClaim = []string{
	"SELECT value FROM meta WHERE key = 'stop' AND ?1 IS NOT NULL AND ?2 > 0",
	"SELECT account, scope, until, reason, unless, enrollment FROM rests WHERE account = 'acme' AND (until IS NULL OR until > ?2) AND ?1 <> ''",
	"SELECT count(*) FROM touches WHERE account = 'acme' AND state IN ('claimed', 'sending', 'unknown', 'reconciled', 'unconfirmed', 'sent') AND claimed_at >= ?2 AND contact = 'dana' AND channel = 'email' AND ?1 <> ''",
	`INSERT INTO touches (id, enrollment, account, contact, playbook, step, path, channel, recipient, state, reason, provider_id, attempts, claimed_at, human_work, final)
		VALUES (?1, ?1, 'acme', 'dana', '', '', 'mail', 'email', 'dana', 'claimed', '', '', 0, ?2, 0, 0)`,
	`INSERT INTO lines (key, at, account, playbook, enrollment, step, path, kind, channel, recipient, local, outcome, reason, touch)
		VALUES (?1, ?2, 'acme', '', ?1, '', '', 'email', '', '', '', '', '', '')`,
	"INSERT INTO meta (key, value) VALUES ('last', ?1) ON CONFLICT (key) DO UPDATE SET value = excluded.value || substr(?2, 1, 0)",
}

func bareStatements(b *testing.B, path string) (*sql.Conn, []*sql.Stmt) {
	b.Helper()
	db, err := sql.Open("sqlite", path+"?_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=cache_size(-16384)")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	conn, err := db.Conn(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	var stmts []*sql.Stmt
	for _, query := range append([]string{"BEGIN IMMEDIATE"}, append(bareClaim, "COMMIT")...) {
		st, err := conn.PrepareContext(b.Context(), query)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = st.Close() })
		stmts = append(stmts, st)
	}
	return conn, stmts
}

func bareTransaction(stmts []*sql.Stmt, n int) error {
	id, now := fmt.Sprintf("%026d", n), time.Unix(int64(n), 0).UnixMicro()
	for i, st := range stmts {
		switch {
		case i == 0 || i == len(stmts)-1:
			if _, err := st.ExecContext(context.Background()); err != nil {
				return err
			}
		case i <= 3:
			if err := bareRead(st, id, now); err != nil {
				return err
			}
		default:
			if _, err := st.ExecContext(context.Background(), id, now); err != nil {
				return err
			}
		}
	}
	return nil
}

func bareRead(st *sql.Stmt, args ...any) error {
	rows, err := st.QueryContext(context.Background(), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}

// BenchmarkClaim compares claims through the store with the bare statements, in
// alternating blocks of one run, and reports the ratio of their speeds.
func BenchmarkClaim(b *testing.B) {
	dir := b.TempDir()
	s, err := sqlite.Open(b.Context(), filepath.Join(dir, "a.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	shape, err := sqlite.Open(b.Context(), filepath.Join(dir, "b.db"))
	if err != nil {
		b.Fatal(err)
	}
	if err := shape.Close(); err != nil {
		b.Fatal(err)
	}
	_, stmts := bareStatements(b, filepath.Join(dir, "b.db"))
	const block = 200
	var ours, bare time.Duration
	n := 0
	for b.Loop() {
		start := time.Now()
		for i := range block {
			if err := s.Update(b.Context(), func(tx store.Tx) error { return claim(tx, n+i) }); err != nil {
				b.Fatal(err)
			}
		}
		middle := time.Now()
		for i := range block {
			if err := bareTransaction(stmts, n+i); err != nil {
				b.Fatal(err)
			}
		}
		ours, bare = ours+middle.Sub(start), bare+time.Since(middle)
		n += block
	}
	b.ReportMetric(float64(n)/ours.Seconds(), "claims/s")
	b.ReportMetric(float64(n)/bare.Seconds(), "bare/s")
	b.ReportMetric(bare.Seconds()/ours.Seconds(), "ratio")
}

// BenchmarkClaimsAtOnce is many claims that wait for each other and share commits.
func BenchmarkClaimsAtOnce(b *testing.B) {
	s, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "a.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	ids := make(chan int, 1)
	go func() {
		for i := range b.N {
			ids <- i
		}
	}()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n := <-ids
			if err := s.Update(b.Context(), func(tx store.Tx) error { return claim(tx, n) }); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "claims/s")
}
