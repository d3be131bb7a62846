package privacy_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/intake"
	"holdfast/internal/privacy"
	"holdfast/internal/store"
	"holdfast/internal/store/memory"
	"holdfast/internal/transfer"
)

// Whoever adds a table has to say whether it may name a customer: in store.Texts,
// so that an erasure looks at it, or in store.Nobody. Both databases have the same
// tables: another test says so.
func TestEveryTableWithTextsIsLookedAtOrNamesNobody(t *testing.T) {
	t.Parallel()
	st, _ := sqliteFile(t)
	texts := map[string]store.TextTable{}
	for _, tt := range store.Texts {
		texts[tt.Name] = tt
		if store.Nobody[tt.Name] != "" {
			t.Errorf("%s is in store.Texts and in store.Nobody", tt.Name)
		}
	}
	there := map[string]bool{"leases": true} // it is about processes, and not copied
	err := st.View(t.Context(), func(tx store.Tx) error {
		tables, err := tx.(store.Bulk).Tables() //nolint:forcetypeassert // SQLite's is one
		for _, table := range tables {
			there[table.Name] = true
			holds := false
			for _, c := range table.Columns {
				holds = holds || c.Kind == store.KindText || c.Kind == store.KindBytes
			}
			if _, looked := texts[table.Name]; holds && !looked && store.Nobody[table.Name] == "" {
				t.Errorf("table %s has texts: put it into store.Texts, or say in store.Nobody why it names no customer", table.Name)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range store.Nobody {
		if !there[name] {
			t.Errorf("store.Nobody has %s, which is no table", name)
		}
	}
}

func TestAnExportAfterAnErasureHoldsNothingOfThePerson(t *testing.T) {
	t.Parallel()
	st, _ := sqliteFile(t)
	w := lived(t, st)
	archive := func() string {
		var b bytes.Buffer
		if _, err := transfer.Export(t.Context(), st, &b, "production", monday, nil); err != nil {
			t.Fatal(err)
		}
		r, err := gzip.NewReader(&b)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if !strings.Contains(archive(), "dd-crm") {
		t.Fatal("an export does not hold her")
	}
	w.erase("dana@old.test")
	gone(t, "the archive", archive())
}

func TestWhoIsErasedIsErasedByEachOfTheirIDs(t *testing.T) {
	t.Parallel()
	w := lived(t, memory.New())
	r := w.erase("dd-crm") // an id that she had before
	if r.Account != "acme" || r.Rows["aliases"] != 2 || r.Rows["parked"] != 2 || r.Rows["audit"] != 2 || r.Rows["meta"] != 1 || r.Rows["tokens"] != 1 || r.Rows["erasures"] != 1 {
		t.Errorf("the report says %+v", r)
	}
	gone(t, "the rows", everything(t, w.store))
	for _, id := range []string{"dana@old.test", "dd-crm", "dd-visitor"} {
		again, err := w.eraser.Begin(t.Context(), id, "Mira", "")
		if err != nil || again.ID != r.ID {
			t.Errorf("erased again as %s: %+v, %v", id, again, err)
		}
	}
	sent := w.mails()
	w.clock.Move(w.clock.Now().Add(time.Hour))
	w.take(intake.Live,
		holdfast.Message{Kind: holdfast.Identify, Account: "acme", Contact: "dd-crm", Props: map[string]any{"email": "new.address@home.test", "first_name": "Dana"}},
		holdfast.Message{Kind: holdfast.Track, Event: "ping", Account: "acme", Contact: "dd-crm"})
	w.settle()
	if got := w.mails(); got != sent {
		t.Errorf("%d mails went to an id that she had before", got-sent)
	}
	gone(t, "the rows", everything(t, w.store))
	if p, err := privacy.Access(t.Context(), w.store, "dd-crm"); err != nil || p.Erased == nil {
		t.Errorf("shown by an id that she had before: %+v, %v", p, err)
	}
}

func TestAMergeBringsNobodyBackWhoWasErased(t *testing.T) {
	t.Parallel()
	w := lived(t, memory.New())
	w.take(intake.History, holdfast.Message{Kind: holdfast.Identify, Account: "acme", Contact: "d9", Props: map[string]any{"email": "d9@acme.test"}})
	w.erase("dana@old.test")
	same := func(old, into string) holdfast.Message {
		return holdfast.Message{ID: "a/" + old + "/" + into, Source: "import", Kind: holdfast.Alias, Contact: into, At: w.clock.Now(), Props: map[string]any{holdfast.Previous: old}}
	}
	for _, m := range []holdfast.Message{same("dana@old.test", "d9"), same("robert", "dana@old.test"), same("dd-crm", "d10"), same("dana.doelling@acme.test", "d11")} {
		if _, err := w.intake.Merge(t.Context(), m, false); holdfast.CodeOf(err) == "" || strings.Contains(err.Error(), "dana") {
			t.Errorf("merged by hand: %v", err)
		}
		r, err := w.intake.Take(t.Context(), []holdfast.Message{m}, intake.Live)
		if err != nil || r.Rejected != 1 {
			t.Errorf("%s: %+v, %v", m.ID, r, err)
		}
	}
	r, err := w.intake.Receive(t.Context(), intake.Call{Messages: []holdfast.Message{
		{ID: "v1", Source: "app", Kind: holdfast.Identify, Contact: "stranger", At: w.clock.Now(), Props: map[string]any{"first_name": "Dana"}},
	}, Same: []intake.Same{{Old: "stranger", New: "dana@old.test"}}})
	if err != nil || r.Parked != 1 {
		t.Errorf("received %+v, %v", r, err)
	}
	r, err = w.intake.Receive(t.Context(), intake.Call{Messages: []holdfast.Message{
		{ID: "v2", Source: "app", Kind: holdfast.Identify, Contact: "visitor", At: w.clock.Now(), Props: map[string]any{"first_name": "Dana"}},
		same("visitor", "dana@old.test"),
	}, Same: []intake.Same{{Old: "visitor", New: "dana@old.test", Of: 2}}})
	if err != nil || r.Parked != 1 || r.Rejected != 1 {
		t.Errorf("received %+v, %v", r, err)
	}
	gone(t, "the rows", everything(t, w.store))
	w.view(func(tx store.Tx) error {
		no, err := tx.Suppressions("d9", "")
		if len(no) != 1 || no[0].Kind != "erased" {
			t.Errorf("whom a message said to be her is bound by %+v", no)
		}
		return err
	})
}
