package transfer_test

import (
	"context"
	"errors"
	"strings"
	"testing"

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
