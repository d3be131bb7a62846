package postgres_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"holdfast/internal/store"
	"holdfast/internal/store/postgres"
	"holdfast/internal/store/postgres/pgtest"
)

// raw is a connection beside the store's own.
func raw(t *testing.T, address string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return conn
}

func mustExec(t *testing.T, conn *pgx.Conn, statements ...string) {
	t.Helper()
	for _, st := range statements {
		if _, err := conn.Exec(t.Context(), st); err != nil {
			t.Fatalf("%s: %v", st, err)
		}
	}
}

func TestOpening(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)

	// Processes that start together make the tables once, and all can work.
	empty := server.Database(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			s, err := postgres.Open(t.Context(), empty)
			if err == nil {
				err = errors.Join(s.Update(t.Context(), func(tx store.Tx) error { return tx.MetaSet("k", "v") }), s.Close())
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := open(t, empty).View(t.Context(), func(tx store.Tx) error {
		if v, err := tx.MetaGet("k"); v != "v" {
			t.Errorf("reopened: got %q, %v", v, err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	conn := raw(t, empty)
	var left int
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM writers").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d closed processes are still in writers, %v", left, err)
	}

	// A newer one is refused, untouched.
	mustExec(t, conn, "UPDATE holdfast_schema SET version = 999")
	_, err := postgres.Open(t.Context(), empty)
	if !errors.Is(err, store.ErrNewer) || !strings.Contains(err.Error(), "version 999") {
		t.Errorf("a newer database: got %v, want ErrNewer that names the version", err)
	}
	var version int
	if err := conn.QueryRow(t.Context(), "SELECT version FROM holdfast_schema").Scan(&version); err != nil || version != 999 {
		t.Errorf("version is %d, %v; want 999 still", version, err)
	}

	other, latin, mine := server.Database(t), server.Database(t), server.Database(t)
	mustExec(t, raw(t, other), "CREATE TABLE accounts (x int)", "CREATE SCHEMA ours")
	mustExec(t, conn, "CREATE DATABASE latin ENCODING LATIN1 LC_COLLATE 'C' LC_CTYPE 'C' LOCALE_PROVIDER libc TEMPLATE template0", "CREATE ROLE guest LOGIN")
	latin = strings.Replace(latin, "/t3", "/latin", 1)
	for _, c := range []struct{ what, address, want string }{
		{"another program's tables", other, "schema public has table accounts of another program"},
		{"a schema that is not there", other + "&search_path=nowhere", "CREATE SCHEMA"},
		{"another encoding", latin, "encoding is LATIN1, not UTF8"},
		{"a role without rights", strings.Replace(mine, "holdfast@", "guest@", 1), "may not make tables"},
		{"a role that is not there", strings.Replace(mine, "holdfast@", "nobody:s3cret@", 1), `role "nobody" does not exist`},
		{"a database that is not there", strings.Replace(mine, "/t4", "/none", 1), `database "none" does not exist`},
		{"nobody there", "postgres://holdfast:s3cret@127.0.0.1:1/x", "is it running"},
		{"no address", "postgres://holdfast:s3cret@127.0.0.1:port/x", "write postgres://user:password@host"},
	} {
		s, err := postgres.Open(t.Context(), c.address)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.what, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: the error has the password: %v", c.what, err)
		}
		if s != nil {
			t.Errorf("%s: got a store", c.what)
		}
	}
	var names []string
	ours := open(t, other+"&search_path=ours") // a schema of its own beside them
	if err := ours.Update(t.Context(), func(tx store.Tx) (err error) {
		names, err = tx.AccountIDs("", 0)
		return errors.Join(err, tx.PutAccount(store.Account{ID: "acme"}))
	}); err != nil || len(names) != 0 {
		t.Errorf("in a schema of its own: got %v, %v", names, err)
	}
}

func TestOddTextsDoNotStopATransaction(t *testing.T) {
	t.Parallel()
	s := open(t, pgtest.Start(t).Database(t))
	if err := s.Update(t.Context(), func(tx store.Tx) error {
		return errors.Join(tx.PutTask(store.Task{ID: "a\x00b", Title: "x\xffy\x00", Owner: "dänä\u2028"}),
			tx.PutAccount(store.Account{ID: "c\x00", Fields: map[string]store.Field{}}))
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.View(t.Context(), func(tx store.Tx) error {
		k, err := tx.Task("a\x00b")
		if k.Title != "x\uFFFDy\uFFFD" || k.Owner != "dänä\u2028" {
			t.Errorf("got %q of %q", k.Title, k.Owner)
		}
		many, errMany := tx.ManyAccounts([]string{"c\x00"})
		if len(many) != 1 {
			t.Errorf("got %v", many)
		}
		return errors.Join(err, errMany)
	}); err != nil {
		t.Fatal(err)
	}
}

func TestTheAuditLogIsNotChanged(t *testing.T) {
	t.Parallel()
	address := pgtest.Start(t).Database(t)
	s, err := postgres.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Update(t.Context(), func(tx store.Tx) error { return tx.AddAudit(store.Audit{Who: "os:mira", What: "stop"}) }), s.Close()); err != nil {
		t.Fatal(err)
	}
	conn := raw(t, address)
	for _, change := range []string{"UPDATE audit SET who = 'os:nobody'", "DELETE FROM audit", "TRUNCATE audit"} {
		if _, err := conn.Exec(t.Context(), change); err == nil {
			t.Errorf("%s: it was done", change)
		}
	}
}

// Two databases that are not the same have not the same name.
func TestTheNameOfADatabaseTellsItFromOthers(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"postgres://me:s3cret@db.internal/hf":                                "database hf at db.internal",
		"postgres://me:s3cret@db.internal:5432/hf?sslmode=require":           "database hf at db.internal",
		"postgres://me:s3cret@db.internal:5433/hf":                           "database hf at db.internal:5433",
		"postgres://me:s3cret@db.internal:5433/hf?search_path=retention":     "database hf at db.internal:5433, schema retention",
		"host=db.internal user=me password=s3cret dbname=hf search_path=two": "database hf at db.internal, schema two",
	} {
		if got, err := postgres.Where(address); err != nil || got != want {
			t.Errorf("%s: got %q, %v; want %q", address, got, err, want)
		}
	}
}
