package transfer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/internal/store/postgres"
	"holdfast/internal/store/postgres/pgtest"
	"holdfast/internal/store/storetest"
	"holdfast/internal/transfer"
)

func moveOptions() transfer.MoveOptions {
	return transfer.MoveOptions{To: "database b at c", Engine: "their-engine", Now: now, Plain: postgres.Plain}
}

// However often a move is cut off, it comes to the same, and nobody can use either
// store before it has.
func TestAMoveGoesOnWhereItWasCutOff(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	from, to := sqliteStore(t), postgresStore(t, server)
	storetest.Fill(t, from, 11, 5000)
	want := storetest.Content(t, from)
	cuts := 0
	for n := 1; ; n += 2 {
		err := transfer.MoveUntil(t.Context(), from, to, moveOptions(), n)
		if err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		cuts++
		if err := from.View(t.Context(), transfer.Admit); holdfast.CodeOf(err) != holdfast.Conflict ||
			!strings.Contains(err.Error(), "this store is being moved to database b at c") {
			t.Fatalf("the old store is admitted: %v", err)
		}
		if err := to.View(t.Context(), transfer.Admit); n > 1 && (holdfast.CodeOf(err) != holdfast.Conflict || !strings.Contains(err.Error(), "a move into this database was begun")) {
			t.Fatalf("the new store is admitted: %v", err)
		}
	}
	if cuts < 5 {
		t.Fatalf("cut off %d times: the test sees too little", cuts)
	}
	again, err := transfer.Move(t.Context(), from, to, moveOptions())
	if err != nil || !again.Finished {
		t.Errorf("a move that is done, again: %+v, %v", again, err)
	}
	err = from.View(t.Context(), transfer.Admit)
	if holdfast.CodeOf(err) != holdfast.Conflict || !strings.Contains(err.Error(), "was moved to database b at c on 2026-03-02T09:00:00Z") {
		t.Errorf("the old store: %v", err)
	}
	if err := to.View(t.Context(), transfer.Admit); err != nil {
		t.Errorf("the new store: %v", err)
	}
	got := storetest.Content(t, to)
	starts := map[string]bool{}
	for _, r := range got["relay"].([]store.Relayed) {
		if r.Kind == "start" && starts[r.Enrollment] {
			t.Errorf("enrollment %s is started twice", r.Enrollment)
		}
		starts[r.Enrollment] = starts[r.Enrollment] || r.Kind == "start"
	}
	for _, e := range want["enrollments"].([]store.Enrollment) {
		if e.Status == "active" && !starts[e.ID] {
			t.Errorf("enrollment %s is not started", e.ID)
		}
	}
	for _, c := range []map[string]any{want, got} {
		for _, what := range []string{"relay", "unsettled", "meta engine"} {
			delete(c, what)
		}
	}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("(-old +new):\n%s", d)
	}
}

// The new store says in its audit log who moved it, and who restored it, after what
// the log held before: once, however often it was cut off.
func TestWhoMovedOrRestoredAStoreIsInItsAuditLog(t *testing.T) {
	t.Parallel()
	from, moved, revived := sqliteStore(t), postgresStore(t, pgtest.Start(t)), sqliteStore(t)
	storetest.Fill(t, from, 21, 900)
	ctx := store.As(t.Context(), "os:mira")
	archive := export(t, from)
	was := auditsOf(t, from)
	if err := transfer.MoveUntil(ctx, from, moved, moveOptions(), 9); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, err := transfer.Move(ctx, from, moved, moveOptions()); err != nil {
		t.Fatal(err)
	}
	if m, err := transfer.Move(ctx, from, moved, moveOptions()); err != nil || !m.Finished {
		t.Fatalf("again: %+v, %v", m, err)
	}
	r, err := transfer.Restore(ctx, revived, bytes.NewReader(archive), transfer.RestoreOptions{Name: "a.gz", Now: now})
	if err != nil {
		t.Fatal(err)
	}
	rows := int64(0)
	for _, table := range r.Tables {
		rows += table.Rows
	}
	for name, c := range map[string]struct {
		st   store.Store
		what string
		want map[string]any
	}{
		"move":    {moved, "store.move", map[string]any{"rows": float64(rows), "started": float64(r.Started)}},
		"restore": {revived, "store.restore", map[string]any{"rows": float64(rows), "started": float64(r.Started), "unknown": float64(r.Unknown), "made": r.Made.Format(time.RFC3339Nano)}},
	} {
		all := auditsOf(t, c.st)
		if len(all) != len(was)+1 {
			t.Errorf("%s: %d lines, want one more than %d", name, len(all), len(was))
			continue
		}
		last := all[len(all)-1]
		var details map[string]any
		if err := json.Unmarshal([]byte(last.Details), &details); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(c.want, details); d != "" || last.Who != "os:mira" || last.What != c.what || last.On != "" || !last.At.Equal(now) {
			t.Errorf("%s: the log ends with %+v (-want +got):\n%s", name, last, d)
		}
	}
}

func auditsOf(t *testing.T, st store.Store) (all []store.Audit) {
	t.Helper()
	if err := st.View(t.Context(), func(tx store.Tx) (err error) {
		all, err = tx.Audits(store.AuditFilter{})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestAMoveIsRefusedWhereItWouldMixOrLose(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	from, used, other := sqliteStore(t), postgresStore(t, server), postgresStore(t, server)
	storetest.Fill(t, from, 5, 900)
	storetest.Fill(t, used, 6, 50)
	is := func(err error, words string) bool {
		return holdfast.CodeOf(err) == holdfast.Conflict && strings.Contains(err.Error(), words)
	}
	admitted := func(when string, st store.Store) {
		t.Helper()
		if err := st.View(t.Context(), transfer.Admit); err != nil {
			t.Errorf("%s: %v", when, err)
		}
	}
	if _, err := transfer.Move(t.Context(), from, used, moveOptions()); !is(err, "is not empty") {
		t.Errorf("into a database in use: %v", err)
	}
	admitted("after that, the old store", from)
	if _, err := transfer.Move(t.Context(), from, filledMeanwhile{other, used}, moveOptions()); !is(err, "is not empty") {
		t.Errorf("into a database that is used in the moment after it was looked at: %v", err)
	}
	admitted("after that, the old store", from)
	if n := len(storetest.Content(t, used)); n == 0 {
		t.Error("a database that was another's was emptied")
	}

	aged := barePostgres(t, server.Database(t))
	if err := errors.Join(aged.Migrate(t.Context(), 3), aged.Update(t.Context(), func(tx store.Tx) error { return tx.MetaSet("k", "v") })); err != nil {
		t.Fatal(err)
	}
	if _, err := transfer.Move(t.Context(), from, aged, moveOptions()); !is(err, "is not empty") {
		t.Errorf("into one of an older holdfast: %v", err)
	}
	if version, _, err := aged.Schema(t.Context()); err != nil || version != 3 {
		t.Errorf("that was brought to schema %d, %v", version, err)
	}

	elsewhere := moveOptions()
	elsewhere.To = "database x at y"
	elsewhere.Temporal = "z:7233"
	if err := transfer.MoveUntil(t.Context(), from, other, elsewhere, 6); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, err := transfer.Move(t.Context(), from, other, moveOptions()); !is(err, "being moved to database x at y and Temporal at z:7233") {
		t.Errorf("to another place than was begun: %v", err)
	}
	if _, err := transfer.Move(t.Context(), from, used, elsewhere); !is(err, "is not empty") || !strings.Contains(err.Error(), "move --cancel") {
		t.Errorf("into a database in use under the name of the one that was begun: %v", err)
	}
	third := sqliteStore(t)
	storetest.Fill(t, third, 7, 50)
	if _, err := transfer.Move(t.Context(), third, other, elsewhere); !is(err, "a move into this database was begun") {
		t.Errorf("into what another move fills: %v", err)
	}
	admitted("after that, the third store", third)
	if err := transfer.Cancel(t.Context(), from, other, "database x at y"); err != nil {
		t.Errorf("give up on the way: %v", err)
	}
	admitted("after that, the new database", other)
	if m, err := transfer.Move(t.Context(), from, other, elsewhere); err != nil || m.Resumed || m.Started == 0 {
		t.Errorf("from the beginning: %+v, %v", m, err)
	}
	if err := transfer.Cancel(t.Context(), from, other, "database x at y"); holdfast.CodeOf(err) != holdfast.Conflict {
		t.Errorf("give up what is done: %v", err)
	}
}

// filledMeanwhile is a database that another process begins to use once it has tables.
type filledMeanwhile struct {
	transfer.Database
	used transfer.Database
}

func (f filledMeanwhile) Update(ctx context.Context, fn func(tx store.Tx) error) error {
	return f.used.Update(ctx, fn)
}

// A move is given up in the database that it was begun to, and in no other.
func TestAMoveIsGivenUpWhereItWasBegun(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	from, to, wrong := sqliteStore(t), postgresStore(t, server), postgresStore(t, server)
	storetest.Fill(t, from, 9, 900)
	bare := barePostgres(t, server.Database(t))
	cut := func(to transfer.Database, after int) {
		t.Helper()
		if err := transfer.MoveUntil(t.Context(), from, to, moveOptions(), after); err == nil {
			t.Fatal("it was not cut off")
		}
	}
	cut(to, 6)
	for name, other := range map[string]transfer.Database{"another": wrong, "one without tables": bare} {
		err := transfer.Cancel(t.Context(), from, other, "database w at c")
		if holdfast.CodeOf(err) != holdfast.Conflict || !strings.Contains(err.Error(), "is being moved to database b at c, and database w at c holds nothing of it") {
			t.Errorf("with %s: %v", name, err)
		}
		if err := from.View(t.Context(), transfer.Admit); holdfast.CodeOf(err) != holdfast.Conflict {
			t.Errorf("with %s: the old store is open: %v", name, err)
		}
	}
	// Under another name it is the same database still.
	if err := transfer.Cancel(t.Context(), from, to, "database b at alias"); err != nil {
		t.Errorf("with the right one: %v", err)
	}
	if err := errors.Join(from.View(t.Context(), transfer.Admit), to.View(t.Context(), transfer.Admit)); err != nil {
		t.Error(err)
	}
	var rows int64
	tables, err := transfer.Export(t.Context(), to, io.Discard, "production", now, nil)
	for _, one := range tables {
		rows += one.Rows
	}
	if err != nil || rows != 0 {
		t.Errorf("%d rows were left: %v", rows, err)
	}

	// Cut off between the old store and the new one: nothing began there.
	gone := errors.New("the database is away")
	if _, err := transfer.Move(t.Context(), from, unwritable{to, gone}, moveOptions()); !errors.Is(err, gone) {
		t.Fatal(err)
	}
	if err := from.View(t.Context(), transfer.Admit); holdfast.CodeOf(err) != holdfast.Conflict {
		t.Errorf("the new database may have been taken, and the old store is open: %v", err)
	}
	if err := transfer.Cancel(t.Context(), from, bare, "database b at c"); err != nil {
		t.Errorf("before it began, without tables: %v", err)
	}
	if err := from.View(t.Context(), transfer.Admit); err != nil {
		t.Error(err)
	}
}

// unwritable is a database that goes away.
type unwritable struct {
	transfer.Database
	err error
}

func (u unwritable) Update(context.Context, func(tx store.Tx) error) error { return u.err }
