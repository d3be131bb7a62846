package postgres_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/store"
	"holdfast/internal/store/postgres"
	"holdfast/internal/store/postgres/pgtest"
)

// traced opens an empty database; what it gives counts the statements since, by
// their first three words.
func traced(t *testing.T) (store.Store, func() map[string]int) {
	t.Helper()
	counts := map[string]int{}
	s, err := postgres.OpenTraced(t.Context(), pgtest.Start(t).Database(t), func(query string, _ []any) {
		words := strings.Fields(query)
		if words[0] == "BEGIN" || words[0] == "SET" || words[0] == "LOCK" {
			return
		}
		counts[strings.Join(words[:min(3, len(words))], " ")]++
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, func() map[string]int {
		got := counts
		counts = map[string]int{}
		return got
	}
}

func TestRowsOfOneFormAreOneStatement(t *testing.T) {
	t.Parallel()
	s, since := traced(t)
	since()
	if err := s.Update(t.Context(), func(tx store.Tx) error {
		for i := range 9 { // few enough that none goes early
			id := fmt.Sprint("a", i%6) // three come twice
			err := errors.Join(tx.PutAccount(store.Account{ID: id, Known: i >= 6}), tx.PutContact(store.Contact{ID: "c" + id, Account: id}),
				tx.AddToBucket(id, "logins", "2026-03-02", 1, float64(i)))
			if err != nil {
				return err
			}
			if _, err := tx.Heads(); err != nil { // another table: nothing has to be written for it
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"INSERT INTO accounts": 1, "INSERT INTO contacts": 1, "INSERT INTO buckets": 1, "SELECT playbook, digest": 9, "INSERT INTO writers": 1, "COMMIT": 1, "SELECT set_config('enable_seqscan', 'off',": 1}
	if diff := cmp.Diff(want, since()); diff != "" {
		t.Error(diff)
	}
	if err := s.View(t.Context(), func(tx store.Tx) error {
		a, err := tx.Account("a2")
		days, errDays := tx.Buckets("a2", "logins", "", "9")
		if diff := cmp.Diff([]store.Bucket{{Day: "2026-03-02", Count: 2, Sum: 10, Min: 2, Max: 8}}, days); diff != "" || !a.Known {
			t.Errorf("the later account does not hold (%v), or %s", a, diff)
		}
		return errors.Join(err, errDays)
	}); err != nil {
		t.Fatal(err)
	}
}

// Whoever read what accounts have enrols them by one statement for all.
func TestAPageIsEnrolledByOneStatement(t *testing.T) {
	t.Parallel()
	s, since := traced(t)
	since()
	var accounts []string
	for i := range 9 { // few enough that none goes early
		accounts = append(accounts, fmt.Sprint("a", i))
	}
	if err := s.Update(t.Context(), func(tx store.Tx) error {
		_, err := tx.ManyEnrollments(accounts)
		for _, a := range accounts {
			won, errEnroll := tx.Enroll(store.Enrollment{ID: "e" + a, Playbook: "save", Account: a, EntryKey: "k", StartedAt: time.Unix(1, 0)})
			err = errors.Join(err, errEnroll, tx.PutTruth(store.Truth{Playbook: "save", Trigger: "t", Account: a, True: true}),
				tx.AddLine(store.Line{Key: a, Account: a}), tx.PutArm("save", a, "treated"), tx.PutDue(store.Due{Key: a, At: time.Unix(1, 0)}))
			if !won {
				t.Errorf("%s was not enrolled", a)
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"SELECT found.* FROM": 1, "INSERT INTO enrollments": 1, "INSERT INTO relay": 1, "INSERT INTO truths": 1, "INSERT INTO lines": 1, "INSERT INTO arms": 1,
		"INSERT INTO dues": 1, "INSERT INTO writers": 1, "COMMIT": 1, "SELECT set_config('enable_seqscan', 'off',": 1}
	if diff := cmp.Diff(want, since()); diff != "" {
		t.Error(diff)
	}
}

// What is read in a transaction is what it has written, and what comes after a
// statement about the same table stays after it.
func TestWhatWaitsIsSeen(t *testing.T) {
	t.Parallel()
	s, _ := traced(t)
	if err := s.Update(t.Context(), func(tx store.Tx) error {
		err := errors.Join(tx.PutAccount(store.Account{ID: "old"}), tx.AddToBucket("old", "m", "2026-03-02", 1, 1), tx.AddToBucket("new", "m", "2026-03-02", 1, 5),
			tx.MoveAccount("old", "new"), tx.PutAccount(store.Account{ID: "old", Known: true}), tx.AddToBucket("old", "m", "2026-03-02", 1, 7))
		if err != nil {
			return err
		}
		known, _, err := tx.CountAccounts()
		moved, errMoved := tx.Buckets("new", "m", "", "9")
		stayed, errStayed := tx.Buckets("old", "m", "", "9")
		if len(moved) != 1 || moved[0].Sum != 6 || len(stayed) != 1 || stayed[0].Sum != 7 || known != 1 {
			t.Errorf("%d known, moved %v, stayed %v", known, moved, stayed)
		}
		return errors.Join(err, errMoved, errStayed)
	}); err != nil {
		t.Fatal(err)
	}
}

// A row that the database refuses undoes the transaction, and its error says what
// was being written.
func TestABadRowUndoesTheTransaction(t *testing.T) {
	t.Parallel()
	address := pgtest.Start(t).Database(t)
	s := open(t, address)
	mustExec(t, raw(t, address), "ALTER TABLE contacts ADD CONSTRAINT nobody CHECK (id <> 'nobody')")
	err := s.Update(t.Context(), func(tx store.Tx) error {
		return errors.Join(tx.PutAccount(store.Account{ID: "a"}), tx.PutContact(store.Contact{ID: "somebody"}), tx.PutContact(store.Contact{ID: "nobody"}), tx.PutContact(store.Contact{ID: "x"}))
	})
	if err == nil || !strings.Contains(err.Error(), "write contact") || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("got %v", err)
	}
	if err := s.View(t.Context(), func(tx store.Tx) error {
		if _, err := tx.Account("a"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the account was kept: %v", err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
