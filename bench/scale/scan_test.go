package scale

import (
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"holdfast/internal/paired"
	"holdfast/internal/store"
	"holdfast/internal/store/postgres"
	"holdfast/internal/store/postgres/pgtest"
)

var accounts = flag.Int("bench-accounts", 1_000_000, "the most accounts there are")

// sizesTo are sizes, none greater than the most there are, each once.
func sizesTo(sizes ...int) []int {
	for i := range sizes {
		sizes[i] = min(sizes[i], *accounts)
	}
	return slices.Compact(sizes)
}

// clockBooks are 25 playbooks whose conditions only the clock makes true: each of
// about 400 in a million accounts on a day.
func clockBooks() (books []string) {
	for i := range 10 {
		books = append(books, fmt.Sprintf("playbook: renewal-%d\ntrigger: {id: t, when: 'days_until(account.renewal_date) == %d && account.status == \"active\"'}", i, 20+7*i))
	}
	for i := range 8 {
		books = append(books, fmt.Sprintf("playbook: trial-%d\ntrigger: {id: t, when: 'days_until(account.trial_ends) == %d && account.seats >= 20'}", i, i))
	}
	for i := range 7 {
		books = append(books, fmt.Sprintf("playbook: review-%d\ntrigger: {any: [{id: t, when: 'days_since(account.last_review) == %d && account.plan != \"free\"'}], when: account.arr >= 1000}", i, 90+30*i))
	}
	return books
}

// fill makes n accounts, whose days lie evenly over some years, as PutAccount writes
// them, and the same columns as a table with types.
func fill(t testing.TB, conn *pgx.Conn, n int) {
	t.Helper()
	for _, q := range []string{
		fmt.Sprintf(`INSERT INTO accounts (id, known, fields) SELECT 'acc-' || lpad(i::text, 8, '0'), true, replace(replace(json_build_object(
			'name', json_build_object('v', 'Company ' || i, 't', 1772000000000000, 'm', 'm-' || i),
			'status', json_build_object('v', CASE i %% 5 WHEN 0 THEN 'churned' ELSE 'active' END, 't', 1772000000000000, 'm', 'm-' || i),
			'plan', json_build_object('v', CASE i %% 3 WHEN 0 THEN 'free' ELSE 'pro' END, 't', 1772000000000000, 'm', 'm-' || i),
			'arr', json_build_object('v', i %% 9973, 't', 1772000000000000, 'm', 'm-' || i),
			'seats', json_build_object('v', i %% 97, 't', 1772000000000000, 'm', 'm-' || i),
			'renewal_date', json_build_object('v', (date '2026-03-02' + (i * 7919::bigint %% 2003)::int - 400)::text, 't', 1772000000000000, 'm', 'm-' || i),
			'trial_ends', json_build_object('v', (date '2026-03-02' + (i * 104729::bigint %% 1999)::int - 900)::text, 't', 1772000000000000, 'm', 'm-' || i),
			'last_review', json_build_object('v', (date '2026-03-02' - (i * 15485863::bigint %% 1499)::int)::text, 't', 1772000000000000, 'm', 'm-' || i))::text, ' : ', ':'), ', ', ',')
			FROM generate_series(1, %d) i`, n),
		`CREATE TABLE plain AS SELECT id, fields::json #>> '{status,v}' AS status, fields::json #>> '{plan,v}' AS plan,
			(fields::json #>> '{arr,v}')::bigint AS arr, (fields::json #>> '{seats,v}')::bigint AS seats,
			(fields::json #>> '{renewal_date,v}')::date AS renewal_date, (fields::json #>> '{trial_ends,v}')::date AS trial_ends,
			(fields::json #>> '{last_review,v}')::date AS last_review FROM accounts`,
		"VACUUM ANALYZE plain",
	} {
		if _, err := conn.Exec(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
}

// stream reads what the conditions read of every account into Go, once.
func stream(t testing.TB, conn *pgx.Conn) (n int) {
	t.Helper()
	rows, err := conn.Query(t.Context(), "SELECT id, status, plan, arr, seats, renewal_date, trial_ends, last_review FROM plain")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, status, plan string
		var arr, seats int64
		var renewal, trial, review time.Time
		if err := rows.Scan(&id, &status, &plan, &arr, &seats, &renewal, &trial, &review); err != nil {
			t.Fatal(err)
		}
		n++
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestBenchScan: one night's scan of all accounts by 25 playbooks, to the commit of
// the last row for the relay, beside reading the same columns once.
func TestBenchScan(t *testing.T) { //nolint:paralleltest // it measures
	sizes := []int{2000}
	if *pairs > 0 {
		sizes = sizesTo(10_000, 100_000, *accounts)
	}
	for _, n := range sizes {
		address := pgtest.StartDurable(t).Database(t)
		st, err := postgres.Open(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := pgx.Connect(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		in := newIntake(t, st, clockBooks())
		fill(t, conn, n)
		clear := func() {
			for _, q := range []string{"TRUNCATE enrollments, relay, lines, truths, buckets, arms CASCADE", "VACUUM ANALYZE truths, enrollments", "CHECKPOINT"} {
				if _, err := conn.Exec(t.Context(), q); err != nil {
					t.Fatal(err)
				}
			}
		}
		scan := func() {
			if err := in.Scan(t.Context(), start); err != nil {
				t.Fatal(err)
			}
		}
		scan() // makes the indexes
		if _, err := conn.Exec(t.Context(), "VACUUM ANALYZE accounts"); err != nil {
			t.Fatal(err)
		}
		clear()
		matches := 0
		row := paired.Row{Name: "scan", Size: n}
		row.Run(max(*pairs, 1), func() float64 {
			began := paired.Measure(t, scan).Wall
			err := st.View(t.Context(), func(tx store.Tx) (err error) {
				matches, err = tx.Unsettled()
				return err
			})
			matches /= 2 // each is waiting and has its row
			if want := n / 100; err != nil || matches < want*8/10 || matches > want*12/10 {
				t.Fatalf("%d accounts have %d new enrollments (%v), want about %d", n, matches, err, want)
			}
			clear()
			return began
		}, func() float64 {
			return paired.Measure(t, func() {
				if got := stream(t, conn); got != n {
					t.Fatalf("%d rows read, want %d", got, n)
				}
			}).Wall
		})
		row.Note = fmt.Sprintf("%d matches", matches)
		row.Report(t, *pairs > 0)
		if err := conn.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}
}
