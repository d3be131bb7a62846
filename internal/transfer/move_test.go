package transfer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
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
	if _, err := transfer.Move(t.Context(), from, used, moveOptions()); holdfast.CodeOf(err) != holdfast.Conflict || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("into a database in use: %v", err)
	}
	elsewhere := moveOptions()
	elsewhere.To = "database x at y"
	if _, err := transfer.Move(t.Context(), from, other, elsewhere); holdfast.CodeOf(err) != holdfast.Conflict || !strings.Contains(err.Error(), "being moved to database b at c") {
		t.Errorf("to another place than was begun: %v", err)
	}
	if err := transfer.Cancel(t.Context(), from, used); err != nil {
		t.Errorf("give up: %v", err)
	}
	if err := from.View(t.Context(), transfer.Admit); err != nil {
		t.Errorf("after it was given up: %v", err)
	}
	if n := len(storetest.Content(t, used)); n == 0 {
		t.Error("giving up emptied a database that was another's")
	}

	if err := transfer.MoveUntil(t.Context(), from, other, elsewhere, 6); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err := transfer.Cancel(t.Context(), from, other); err != nil {
		t.Errorf("give up on the way: %v", err)
	}
	if err := other.View(t.Context(), transfer.Admit); err != nil {
		t.Errorf("the new database after that: %v", err)
	}
	if m, err := transfer.Move(t.Context(), from, other, elsewhere); err != nil || m.Resumed || m.Started == 0 {
		t.Errorf("from the beginning: %+v, %v", m, err)
	}
	if err := transfer.Cancel(t.Context(), from, other); holdfast.CodeOf(err) != holdfast.Conflict {
		t.Errorf("give up what is done: %v", err)
	}
}
