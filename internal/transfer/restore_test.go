package transfer_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/internal/store/migrations"
	"holdfast/internal/store/postgres"
	"holdfast/internal/store/postgres/pgtest"
	"holdfast/internal/store/sqlite"
	"holdfast/internal/store/storetest"
	"holdfast/internal/transfer"
)

// judgeRevived holds what a restore changes on purpose against what was there.
func judgeRevived(t *testing.T, name string, want map[string]any, into store.Store, done *transfer.Restored) {
	t.Helper()
	got := storetest.Content(t, into)
	starts, unknown := map[string]bool{}, 0
	for _, r := range got["relay"].([]store.Relayed) {
		starts[r.Enrollment] = starts[r.Enrollment] || r.Kind == "start"
	}
	active := 0
	for _, e := range want["enrollments"].([]store.Enrollment) {
		if e.Status == "active" {
			active++
		}
		if starts[e.ID] != (e.Status == "active") {
			t.Errorf("%s: enrollment %s is %s, and is started anew: %v", name, e.ID, e.Status, starts[e.ID])
		}
	}
	touches := map[string]store.Touch{}
	for _, h := range got["touches"].([]store.Touch) {
		touches[h.ID] = h
	}
	for _, h := range want["touches"].([]store.Touch) {
		if h.State == holdfast.Claimed || h.State == holdfast.Sending {
			unknown++
			if now := touches[h.ID].State; now != holdfast.Unknown && (now != holdfast.Reconciled || h.Channel != "email") {
				t.Errorf("%s: touch %s was %s and is %s", name, h.ID, h.State, now)
			}
			continue
		}
		if d := cmp.Diff(h, touches[h.ID]); d != "" {
			t.Errorf("%s: touch %s:\n%s", name, h.ID, d)
		}
	}
	if done.Started != active || done.Unknown != unknown || !done.Stopped {
		t.Errorf("%s: done %+v; want %d started, %d unknown, stopped", name, done, active, unknown)
	}
	engine, _ := want["meta engine"].(string)
	if err := into.View(t.Context(), func(tx store.Tx) error {
		former, err := transfer.Former(tx)
		if engine != "" && former != engine {
			t.Errorf("%s: ran in %q before, want %q", name, former, engine)
		}
		was, errRan := transfer.RanIn(tx, engine)
		if engine != "" && !was {
			t.Errorf("%s: the engine %q is not known", name, engine)
		}
		now, errNow := tx.MetaGet(transfer.MetaEngine)
		stopped, errStop := tx.MetaGet(store.StopAllKey)
		if now != "" || stopped == "" {
			t.Errorf("%s: engine %q, stopped by %q", name, now, stopped)
		}
		return errors.Join(err, errRan, errNow, errStop, transfer.Admit(tx))
	}); err != nil {
		t.Error(err)
	}
}

// unpacked is an archive as text.
func unpacked(t *testing.T, archive []byte) string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func packed(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(text))
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestABadArchiveIsRefusedWithThePlaceAndLeavesNothing(t *testing.T) {
	t.Parallel()
	from, into := sqliteStore(t), sqliteStore(t)
	storetest.Fill(t, from, 7, 900)
	archive := export(t, from)
	text := unpacked(t, archive)
	lines := strings.SplitAfter(text, "\n")
	at := func(prefix string) int {
		for i, l := range lines {
			if strings.HasPrefix(l, prefix) {
				return i
			}
		}
		t.Fatalf("no line %s", prefix)
		return 0
	}
	without := func(i int) string { return strings.Join(lines[:i], "") + strings.Join(lines[i+1:], "") }
	swap := func(i int, with string) string {
		return strings.Join(lines[:i], "") + with + strings.Join(lines[i+1:], "")
	}
	events := at(`{"table":"events"`)
	_, rest, _ := strings.Cut(lines[events+1], ",")
	flipped := bytes.Clone(archive)
	flipped[len(flipped)/2] ^= 0x10
	for name, c := range map[string]struct {
		archive []byte
		code    holdfast.Code
		want    string
	}{
		"cut":                  {archive[:len(archive)/2], holdfast.Invalid, "it ends too early: it was cut short"},
		"a byte short":         {archive[:len(archive)-1], holdfast.Invalid, "it ends too early"},
		"empty":                {nil, holdfast.Invalid, "a.gz: it ends too early"},
		"a bit flipped":        {flipped, holdfast.Invalid, "a.gz: line "},
		"not packed":           {[]byte(text), holdfast.Invalid, "it is no archive of holdfast export"},
		"another file":         {packed(t, "{\"a\":1}\n"), holdfast.Invalid, "it is no archive of holdfast export"},
		"newer format":         {packed(t, strings.Replace(text, `"format":1`, `"format":2`, 1)), holdfast.Conflict, "a.gz was written by a newer holdfast: its format is 2 and this holdfast knows 1"},
		"newer schema":         {packed(t, strings.Replace(text, `"schema":`, `"schema":9`, 1)), holdfast.Conflict, "was written by a newer holdfast: its schema is version 9"},
		"a row less":           {packed(t, without(events+1)), holdfast.Invalid, "(table events): 1 rows are missing or too many"},
		"a row changed":        {packed(t, swap(events+1, strings.Replace(lines[events+1], `"track"`, `"alter"`, 1))), holdfast.Invalid, "(table events): it was altered"},
		"a value of no kind":   {packed(t, swap(events+1, "[true,"+rest)), holdfast.Invalid, "(table events): column account: expected text, found"},
		"a table less":         {packed(t, without(events)), holdfast.Invalid, "expected table events"},
		"ends after a table":   {packed(t, strings.Join(lines[:at(`{"end":"events"`)+1], "")), holdfast.Invalid, "cut short"},
		"something follows":    {packed(t, text+"more\n"), holdfast.Invalid, "something follows the end"},
		"a column of no table": {packed(t, strings.Replace(text, `{"name":"known","kind":"int"}`, `{"name":"unheard","kind":"int"}`, 1)), holdfast.Invalid, "column unheard (int) of table accounts is none of schema"},
	} {
		_, err := transfer.Restore(t.Context(), into, bytes.NewReader(c.archive), transfer.RestoreOptions{Name: "a.gz", Now: now})
		if holdfast.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
		if err := into.View(t.Context(), transfer.Admit); err != nil {
			t.Errorf("%s: the database cannot be used any more: %v", name, err)
		}
	}
	restore(t, into, archive) // it is empty still
	_, err := transfer.Restore(t.Context(), into, bytes.NewReader(archive), transfer.RestoreOptions{Name: "a.gz", Now: now})
	if holdfast.CodeOf(err) != holdfast.Conflict || !strings.Contains(err.Error(), "the database is not empty: table accounts has rows") {
		t.Errorf("over a store that is in use: %v", err)
	}
}

// An archive of an older holdfast goes into tables of its own time, which are brought
// up to date afterwards.
func TestAnOlderArchiveIsBroughtUpToDate(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	old, err := sqlite.OpenAs(t.Context(), filepath.Join(t.TempDir(), "old.db"), migrations.Keep)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = old.Close() })
	if err := old.Migrate(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	if err := old.Update(t.Context(), func(tx store.Tx) error {
		_, _, err := tx.AppendEvent(holdfast.Message{ID: "1", Source: "s", Account: "acme", At: now}, now)
		return errors.Join(err, tx.MetaSet("k", "v"))
	}); err != nil {
		t.Fatal(err)
	}
	archive := export(t, old)
	fresh, err := postgres.OpenAs(t.Context(), server.Database(t), migrations.Keep)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = fresh.Close() })
	if done := restore(t, fresh, archive); done.Schema != 3 {
		t.Errorf("done %+v", done)
	}
	version, newest, err := fresh.Schema(t.Context())
	if err != nil || version != newest {
		t.Errorf("schema %d of %d, %v", version, newest, err)
	}
	if err := fresh.View(t.Context(), func(tx store.Tx) error {
		v, err := tx.MetaGet("k")
		e, errE := tx.LastEvent("acme", "")
		if v != "v" || e.ID != "1" {
			t.Errorf("got %q, %+v", v, e)
		}
		return errors.Join(err, errE)
	}); err != nil {
		t.Fatal(err)
	}
	_, err = transfer.Restore(t.Context(), postgresStore(t, server), bytes.NewReader(archive), transfer.RestoreOptions{Name: "a.gz", Now: now})
	if holdfast.CodeOf(err) != holdfast.Conflict || !strings.Contains(err.Error(), "make the database anew") {
		t.Errorf("into tables of today: %v", err)
	}
}

// What came in by no driver of ours, such as bytes that are no text, is the same
// again in the database it came from; PostgreSQL has no NUL, and says U+FFFD.
func TestOddBytesAreTheSameAgain(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	from, into, away := sqliteStore(t), sqliteStore(t), postgresStore(t, server)
	odd := "a\xff\x00b"
	if err := from.Update(t.Context(), func(tx store.Tx) error { return tx.MetaSet("odd", odd) }); err != nil {
		t.Fatal(err)
	}
	archive := export(t, from)
	for want, st := range map[string]transfer.Database{odd: into, postgres.Plain(odd): away} {
		restore(t, st, archive)
		if err := st.View(t.Context(), func(tx store.Tx) error {
			got, err := tx.MetaGet("odd")
			if got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	moved := postgresStore(t, server)
	if _, err := transfer.Move(t.Context(), from, moved, moveOptions()); err != nil {
		t.Errorf("moved: %v", err)
	}
}
