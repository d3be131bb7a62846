package privacy_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"holdfast"
	"holdfast/internal/erased"
	"holdfast/internal/intake"
	"holdfast/internal/privacy"
	"holdfast/internal/store"
	"holdfast/internal/store/memory"
	"holdfast/internal/store/postgres"
	"holdfast/internal/store/postgres/pgtest"
	"holdfast/internal/store/sqlite"
)

func (w *world) erase(contact string) privacy.Report {
	w.t.Helper()
	r, err := w.eraser.Begin(w.t.Context(), contact, "Mira", "asked on the phone, says Dana")
	if err == nil {
		r, err = w.eraser.Run(w.t.Context(), r.ID)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func sqliteFile(t *testing.T) (*sqlite.Store, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "holdfast.db")
	st, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st, path
}

func TestNothingOfAnErasedPersonIsLeftInTheFile(t *testing.T) {
	t.Parallel()
	st, path := sqliteFile(t)
	w := lived(t, st)
	files := func() (all string) {
		for _, name := range []string{path, path + "-wal"} {
			b, err := os.ReadFile(name)
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
			all += string(b)
		}
		return all
	}
	before := strings.ToLower(files())
	for _, trace := range traces {
		if !strings.Contains(before, trace) {
			t.Fatalf("%q was never there", trace)
		}
	}
	r := w.erase("dana@old.test")
	if err := st.Compact(true); err != nil {
		t.Fatal(err)
	}
	gone(t, "the file", files())
	gone(t, "the rows", everything(t, st))
	gone(t, "the report", fmt.Sprintf("%+v", r))
	if r.Done.IsZero() || r.Rows["events"] == 0 || r.Rows["messages"] == 0 || r.Rows["tasks"] == 0 {
		t.Errorf("the report says %+v", r)
	}
	if !strings.Contains(files(), "Bob") {
		t.Error("Bob is gone with her")
	}
}

func TestNothingOfAnErasedPersonIsLeftInPostgres(t *testing.T) {
	t.Parallel()
	address := pgtest.Start(t).Database(t)
	st, err := postgres.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	w := lived(t, st)
	if before := strings.ToLower(dump(t, address)); !strings.Contains(before, "doelling") {
		t.Fatal("she was never there")
	}
	w.erase("dana@old.test")
	gone(t, "the database", dump(t, address))
}

// dump reads every column of every table as text.
func dump(t *testing.T, address string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context())) //nolint:errcheck // it only read
	rows, err := conn.Query(t.Context(), "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()")
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 20 {
		t.Fatal(tables, err)
	}
	var b strings.Builder
	for _, table := range tables {
		rows, err := conn.Query(t.Context(), "SELECT to_json(x)::text FROM "+pgx.Identifier{table}.Sanitize()+" x")
		if err != nil {
			t.Fatal(err)
		}
		all, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(table + ": " + strings.Join(all, "\n") + "\n")
	}
	return b.String()
}

func TestAnErasureEndsWhatIsForThePersonAndKeepsTheCounts(t *testing.T) {
	t.Parallel()
	w := lived(t, memory.New())
	counts := func() (out string) {
		w.view(func(tx store.Tx) error {
			days, err := tx.AllBuckets("acme", "")
			touches, errTouches := tx.Touches(store.TouchFilter{})
			events, errEvents := tx.Events("acme", nil, time.Time{}, time.Time{}, 0)
			lines, errLines := tx.CountLines()
			goals := 0
			for _, e := range w.books {
				goals += lines[e.Name]["enroll"]
			}
			var ids []string
			for _, h := range touches {
				ids = append(ids, h.ID)
			}
			out = fmt.Sprint(days["logins"], ids, len(events), goals)
			return errors.Join(err, errTouches, errEvents, errLines)
		})
		return out
	}
	before := counts()
	r := w.erase("dana@old.test")
	events := 0
	w.view(func(tx store.Tx) error { // the closing of her task is an event
		all, err := tx.Events("acme", []string{holdfast.EventTaskCannot}, time.Time{}, time.Time{}, 0)
		events = len(all)
		return err
	})
	if events != 1 {
		t.Errorf("%d tasks were closed, want hers", events)
	}
	if got := strings.Replace(counts(), " 14 ", " 13 ", 1); got != before {
		t.Errorf("the counts were %s, are %s", before, got)
	}
	if r.Enrollments != 1 {
		t.Errorf("%d enrollments were told to end, want hers", r.Enrollments)
	}
	w.settle()
	var ended []string
	for _, e := range w.runs() {
		ended = append(ended, e.Playbook+" "+e.Status+" "+e.Outcome+" "+strings.Replace(e.Contact, r.ID, "she", 1))
	}
	slices.Sort(ended)
	if diff := cmp.Diff([]string{"care active  ", "nudge ended erased she"}, ended); diff != "" {
		t.Error(diff)
	}
	w.view(func(tx store.Tx) error {
		tasks, err := tx.Tasks("acme", "", "", 0)
		for _, k := range tasks {
			if k.Channel != "phone" {
				continue
			}
			if k.Title != "Call [erased] of Acme Ltd" || k.Brief != "Talk to [erased], [erased]." || k.Status != "cannot" || k.Reason != "the contact was erased" {
				t.Errorf("her task is %+v", k)
			}
			if _, err := tx.Due("card/" + k.ID); err != nil {
				t.Errorf("her card is not drawn anew: %v", err)
			}
		}
		// The sequence went on, to the champion who is left.
		drafts := slices.DeleteFunc(tasks, func(k store.Task) bool { return k.Channel != "review" })
		if len(drafts) != 1 || drafts[0].Contact != "robert" {
			t.Errorf("drafts: %+v", drafts)
		}
		return err
	})
}

func TestWhoIsErasedGetsNothingWhateverComesBack(t *testing.T) {
	t.Parallel()
	w := lived(t, memory.New())
	r := w.erase("dana@old.test")
	w.settle()
	sent := w.mails()
	w.clock.Move(w.clock.Now().Add(time.Hour))
	again := map[string]any{"email": "DANA.doelling@acme.test ", "first_name": "Dana", "last_name": "Doelling", "role": "champion"}
	w.take(intake.History,
		holdfast.Message{Kind: holdfast.Identify, Account: "acme", Contact: "dana@old.test", Props: again},
		holdfast.Message{Kind: holdfast.Identify, Account: "acme", Contact: "d2", Props: again},
		holdfast.Message{Kind: holdfast.Identify, Contact: r.ID, Props: again},
		holdfast.Message{Kind: holdfast.Track, Event: "Login", Account: "acme", Contact: "robert", Props: map[string]any{"count": 1.0, "invited": "dana.doelling@acme.test"}})
	w.take(intake.Live,
		holdfast.Message{Kind: holdfast.Track, Event: "ping", Account: "acme", Contact: "d2"},
		holdfast.Message{Kind: holdfast.Track, Event: "ping", Account: "acme", Contact: "dana@old.test"})
	w.settle()
	gone(t, "the rows", everything(t, w.store))
	if got := w.mails(); got != sent {
		t.Errorf("%d mails went to her", got-sent)
	}
	w.view(func(tx store.Tx) error {
		is, err := erased.Holds(tx, "d2", "")
		if !is {
			t.Error("who comes back with her address is not erased")
		}
		c, errContact := tx.Contact("d2")
		if delete(c.Fields, store.PlacedBy); len(c.Fields) > 0 { // when, and an id that is a mark
			t.Errorf("who comes back has %v", c.Fields)
		}
		return errors.Join(err, errContact)
	})
	// An address that came in by no message is looked at by the claim itself.
	err := w.store.Update(t.Context(), func(tx store.Tx) error {
		return tx.PutContact(store.Contact{ID: "d3", Account: "acme", Fields: map[string]store.Field{
			"email": {Value: "dana.doelling@acme.test"}, "first_name": {Value: "D"}, "last_name": {Value: "D"},
		}})
	})
	if err != nil {
		t.Fatal(err)
	}
	w.take(intake.Live, holdfast.Message{Kind: holdfast.Track, Event: "ping", Account: "acme", Contact: "d3"})
	w.settle()
	if got := w.mails(); got != sent {
		t.Errorf("%d mails went to her address", got-sent)
	}
}

func (w *world) mails() (n int) {
	w.view(func(tx store.Tx) error {
		all, err := tx.Messages("acme", 0, 0)
		for _, m := range all {
			if m.Channel == "email" {
				n++
			}
		}
		return err
	})
	return n
}

// dying is a store whose process dies at the n-th commit from now.
type dying struct {
	store.Store
	left int
}

var errDied = errors.New("the process died")

func (d *dying) Update(ctx context.Context, fn func(tx store.Tx) error) error {
	if d.left--; d.left < 0 {
		return errDied
	}
	return d.Store.Update(ctx, fn)
}

func TestAnErasureThatDiesAnywhereIsFinishedByTheServer(t *testing.T) {
	t.Parallel()
	want := ""
	for n, last := 1, 1; ; n, last = n+last, n {
		w := lived(t, memory.New())
		d := &dying{w.store, n}
		w.eraser.Store = d
		r, err := w.eraser.Begin(t.Context(), "dana@old.test", "Mira", "")
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.eraser.Run(t.Context(), r.ID)
		whole := err == nil
		if !whole && !errors.Is(err, errDied) {
			t.Fatal(err)
		}
		w.eraser.Store = w.store // the next process
		f := &privacy.Finisher{Eraser: w.eraser}
		_, open, err := f.Next(t.Context())
		if err != nil || open == whole {
			t.Fatalf("after %d commits: something is under way: %v, %v", n, open, err)
		}
		if err := f.Fire(t.Context(), w.clock.Now()); err != nil {
			t.Fatal(err)
		}
		if _, open, err := f.Next(t.Context()); err != nil || open {
			t.Fatalf("after %d commits it is not finished: %v", n, err)
		}
		gone(t, "the rows", everything(t, w.store))
		again, err := w.eraser.Begin(t.Context(), "dana@old.test", "Mira", "")
		if err != nil || again.ID != r.ID || again.Done.IsZero() {
			t.Fatalf("erased twice: %+v, %v", again, err)
		}
		if got := fmt.Sprint(again.Rows); want == "" {
			want = got
		} else if got != want {
			t.Errorf("dying after %d commits changed %s, want %s", n, got, want)
		}
		if whole {
			if n < 5 {
				t.Errorf("it took %d commits: they are not pages", n)
			}
			return
		}
	}
}

func TestADryRunSaysWhatAnErasureDoes(t *testing.T) {
	t.Parallel()
	w := lived(t, memory.New())
	before := everything(t, w.store)
	would, err := w.eraser.Look(t.Context(), "dana@old.test")
	if err != nil {
		t.Fatal(err)
	}
	if everything(t, w.store) != before {
		t.Error("a dry run wrote")
	}
	did := w.erase("dana@old.test")
	if diff := cmp.Diff(did.Rows, would.Rows); diff != "" || would.Enrollments != did.Enrollments {
		t.Errorf("it did (-) what it said (+):\n%s", diff)
	}
	for _, f := range []func(context.Context, string) error{
		func(ctx context.Context, who string) error { _, err := w.eraser.Look(ctx, who); return err },
		func(ctx context.Context, who string) error { _, err := w.eraser.Begin(ctx, who, "", ""); return err },
	} {
		if err := f(t.Context(), "nobody@x.test"); holdfast.CodeOf(err) != holdfast.NotFound || strings.Contains(err.Error(), "nobody") {
			t.Errorf("of somebody unknown: %v", err)
		}
	}
}

func TestWhoSharesAnErasedAddressIsBound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, memory.New())
	both := func(id string) holdfast.Message {
		return holdfast.Message{Kind: holdfast.Identify, Account: "acme", Contact: id, Props: map[string]any{"email": "office@acme.test", "first_name": id}}
	}
	w.take(intake.History, both("d1"), both("bob"))
	r := w.erase("d1")
	w.view(func(tx store.Tx) error {
		is, err := erased.Holds(tx, "bob", "")
		if !is || r.Shared != 1 {
			t.Errorf("Bob is bound: %v; said of %d", is, r.Shared)
		}
		c, errContact := tx.Contact("bob")
		if c.Fields["email"].Value != erased.Gone || c.Fields["first_name"].Value != "bob" {
			t.Errorf("Bob has %v", c.Fields)
		}
		return errors.Join(err, errContact)
	})
}

// A batch reads what its messages say before it knows who was erased.
func TestNothingComesBackInABatch(t *testing.T) {
	t.Parallel()
	w := lived(t, memory.New())
	w.erase("dana@old.test")
	w.take(intake.Live,
		holdfast.Message{Kind: holdfast.Group, Account: "acme", Props: map[string]any{"champion_mail": "dana.doelling@acme.test"}},
		holdfast.Message{Kind: holdfast.Identify, Account: "acme", Contact: "dana@old.test", Props: map[string]any{"last_name": "Doelling"}},
		holdfast.Message{Kind: holdfast.Group, Account: "acme", Props: map[string]any{"name": "Acme Parts"}})
	text := everything(t, w.store)
	gone(t, "the store", text)
	if !strings.Contains(text, "Acme Parts") {
		t.Error("what tells of nobody is not in")
	}
}
