package postgres_test

import (
	"encoding/json"
	"maps"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/internal/store/postgres"
	"holdfast/internal/store/postgres/pgtest"
)

// asked are the questions of every event, claim or tick.
func asked(tx store.Tx, now time.Time) {
	for _, ask := range []func(){
		func() { _, _ = tx.DueEnrollments(now, 10) },
		func() { _, _, _ = tx.NextEnrollmentDue() },
		func() { _, _ = tx.Unsettled() },
		func() { _, _ = tx.EnrollmentsOf("a", true) },
		func() { _, _ = tx.Listeners("a", "e") },
		func() { _, _ = tx.CountTouches("a", "c", "email", now) },
		func() { _, _ = tx.CountTouches("a", "", "", now) },
		func() { _, _ = tx.TouchesOf("e") },
		func() { _, _ = tx.TouchByProvider("email", "m") },
		func() { _, _ = tx.ManyTouchesOf([]string{"e", "f"}) },
		func() { _, _ = tx.SightingsOf("t") },
		func() { _, _ = tx.ManySightings([]string{"t", "u"}) },
		func() { _, _ = tx.Touch("t") },
		func() { _, _ = tx.TouchesIn([]holdfast.TouchState{holdfast.Claimed, holdfast.Unknown}, 5) },
		func() { _, _ = tx.LastTouch("a") },
		func() { _, _ = tx.Lines(5, 10) },
		func() { _, _ = tx.LinesOf("e") },
		func() { _, _ = tx.LastLine() },
		func() { _, _ = tx.Lease("h", now, now, 10) },
		func() { _ = tx.Delivered("e", 5, "ok") },
		func() { _, _ = tx.Events("a", []string{"login"}, now, now, 10) },
		func() { _, _ = tx.LastEvent("a", "login") },
		func() { _, _, _ = tx.AppendEvent(holdfast.Message{ID: "x"}, now) },
		func() { _, _ = tx.DueBefore(now, 10) },
		func() { _, _ = tx.DueBefore(now, 10, "act") },
		func() { _, _, _ = tx.NextDue() },
		func() { _, _, _ = tx.NextDue("act") },
		func() { _, _ = tx.Due("k") },
		func() { _, _ = tx.ExitOf("e") },
		func() { _, _ = tx.Signals("e", 1) },
		func() { _, _ = tx.Rests("a", now) },
		func() { _, _ = tx.Holds("a", now) },
		func() { _, _ = tx.Suppressions("c", "a@b") },
		func() { _, _ = tx.OptOuts("c") },
		func() { _ = tx.MoveContact("c", "d", nil) },
		func() { _, _ = tx.Contacts("a") },
		func() { _, _ = tx.Objects("a", "subscription") },
		func() { _, _ = tx.AllBuckets("a", "2026-01-01") },
		func() { _, _ = tx.ManyAccounts([]string{"a", "b"}) },
		func() { _, _ = tx.ManyBuckets("logins", []string{"a", "b"}, "2026-01-01", "2026-01-31") },
		func() { _, _ = tx.ManyTruths("p", "t", []string{"a", "b"}) },
		func() { _, _ = tx.ManyEnrollments([]string{"a", "b"}) },
		func() { _, _ = tx.ManyRests([]string{"a", "b"}, now) },
		func() { _, _ = tx.ManyArms("h", []string{"a", "b"}) },
		func() { _, _ = tx.ManyExits([]string{"e", "f"}) },
		func() { _, _ = tx.TasksOf("e") },
		func() { _, _ = tx.CountTasks("max", now) },
		func() { _, _ = tx.AccountIDs("a", 10) },
		func() { _, _ = tx.Look(store.Wanted{Truths: []string{"a", "b"}}) },
	} {
		ask()
	}
}

// dayOrNoMore is what a nightly scan asks for `days_until(account.renewal_date) == 0 &&
// account.status == "active"`: who may match and did not, and who may match no more.
func dayOrNoMore(day time.Time) store.Sieve {
	truth := func(op store.SieveOp) store.Sieve { return store.Sieve{Op: op, Playbook: "p", Trigger: "t"} }
	is := func(op store.SieveOp) store.Sieve {
		return store.Sieve{Op: op, Field: "status", Texts: []string{"active"}}
	}
	return store.Any(
		store.All(truth(store.SieveUntrue), store.Sieve{Op: store.SieveDay, Field: "renewal_date", From: day, Till: day}, is(store.SieveText)),
		store.All(truth(store.SieveTrue), store.Any(store.Sieve{Op: store.SieveDay, Field: "renewal_date"}, is(store.SieveNot), is(store.SieveUnset))))
}

// node is one step of a plan.
type node struct {
	Type  string `json:"Node Type"`
	Table string `json:"Relation Name"`
	Index string `json:"Index Name"`
	Cond  string `json:"Index Cond"`
	Plans []node
}

// whole are the tables and indexes of which all is read. Of those named, reading
// all is the point: they hold only what is open, or stop at the first row.
func (n node) whole() (found []string) {
	open := regexp.MustCompile(`^(enrollments_due|enrollments_unsettled|relay_waiting|relay_waiting_by_enrollment|touches_open|dues_by_time)$`)
	switch {
	case n.Type == "Seq Scan":
		found = append(found, "table "+n.Table)
	case strings.Contains(n.Type, "Index") && n.Cond == "" && !open.MatchString(n.Index):
		found = append(found, "index "+n.Index)
	}
	for _, p := range n.Plans {
		found = append(found, p.whole()...)
	}
	return found
}

// The questions asked for every event, claim or tick must not read a whole table.
func TestHotQuestionsUseTheirIndexes(t *testing.T) {
	t.Parallel()
	address := pgtest.Start(t).Database(t)
	queries := map[string][]any{}
	s, err := postgres.OpenTraced(t.Context(), address, func(query string, args []any) {
		if !strings.HasPrefix(query, "INSERT") && strings.Contains(query, "$1") {
			queries[query] = args
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1, 0)
	if err := s.Update(t.Context(), func(tx store.Tx) error {
		if _, err := tx.Enroll(store.Enrollment{ID: "e", Account: "a"}); err != nil {
			return err
		}
		asked(tx, now)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if len(queries) < 30 {
		t.Fatalf("only %d queries were recorded", len(queries))
	}
	conn := raw(t, address)
	// A table of few rows is read whole whatever there is; this asks what could be done.
	mustExec(t, conn, "SET enable_seqscan = off")
	byTruth := false // the index of what is true names goals as the code does
	for query, args := range queries {
		if strings.HasPrefix(query, "DELETE FROM writers") || strings.Contains(query, "pg_advisory") {
			continue
		}
		top := plan(t, conn, query, args)
		for _, n := range top.whole() {
			t.Errorf("%s\n\treads all of %s", query, n)
		}
		_, is := top.indexes()["truths_true"]
		byTruth = byTruth || is
	}
	if !byTruth {
		t.Error("what is true of accounts is not read by its index")
	}
}

// A sift of many accounts reads those whose day it asks for, by the index of that
// field's days, and those that were true by the truths.
func TestASiftUsesTheIndexOfDays(t *testing.T) {
	t.Parallel()
	address := pgtest.Start(t).Database(t)
	var query string
	var args []any
	s, err := postgres.OpenTraced(t.Context(), address, func(q string, as []any) {
		if strings.Contains(q, "UNION") {
			query, args = q, as
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	conn := raw(t, address)
	mustExec(t, conn, `INSERT INTO accounts SELECT 'a' || i, true, '{"status":{"v":"active"},"renewal_date":{"v":"' || date '2026-01-01' + i % 1000 || '"}}' FROM generate_series(1, 20000) i`)
	if err := s.Update(t.Context(), func(tx store.Tx) error { return tx.Sifts([]string{"renewal_date"}) }); err != nil {
		t.Fatal(err)
	}
	if err := s.View(t.Context(), func(tx store.Tx) error {
		ids, err := tx.Sift(dayOrNoMore(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)), "a", 1000)
		if len(ids) != 20 {
			t.Errorf("%d accounts have that day, want 20", len(ids))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	top := plan(t, conn, query, args)
	if whole := top.whole(); len(whole) > 0 {
		t.Errorf("it reads all of %v", whole)
	}
	for index, by := range top.indexes() {
		if !strings.HasPrefix(index, "accounts_day_") && index != "accounts_pkey" && index != "truths_pkey" || index == "accounts_pkey" && !strings.Contains(by, "account)") {
			t.Errorf("it reads by %s (%s)", index, by)
		}
	}
}

// indexes are those that a plan reads, with the condition of each.
func (n node) indexes() map[string]string {
	all := map[string]string{}
	if n.Index != "" {
		all[n.Index] = n.Cond
	}
	for _, p := range n.Plans {
		maps.Copy(all, p.indexes())
	}
	return all
}

func plan(t *testing.T, conn *pgx.Conn, query string, args []any) node {
	t.Helper()
	var text []byte
	if err := conn.QueryRow(t.Context(), "EXPLAIN (FORMAT JSON) "+query, args...).Scan(&text); err != nil {
		t.Fatalf("explain %s: %v", query, err)
	}
	var plans []struct{ Plan node }
	if err := json.Unmarshal(text, &plans); err != nil {
		t.Fatal(err)
	}
	return plans[0].Plan
}
