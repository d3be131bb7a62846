package scale

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"holdfast"
	"holdfast/internal/intake"
	"holdfast/internal/paired"
	"holdfast/internal/store/memory"
	"holdfast/internal/store/postgres"
	"holdfast/internal/store/postgres/pgtest"
)

// eventBooks are ten playbooks, three of which read what the traffic changes.
func eventBooks() []string {
	return append([]string{
		"playbook: ticket\ntrigger: {id: t, on: Ticket Opened, when: 'event.priority == \"urgent\"'}",
		"playbook: quiet\ntrigger: {id: t, when: 'metric.logins < 1 && account.status == \"active\"'}",
		"playbook: large\ntrigger: {id: t, when: 'account.seats >= 90 && account.arr >= 900000'}",
	}, many(7, "playbook: other-%d\ntrigger: {id: t, when: 'account.plan == \"none\" && days_until(account.renewal_date) < 10'}")...)
}

const batchSize = 100

// accountsOf says who the accounts are, as their application does.
func accountsOf(n int) (ms []holdfast.Message) {
	for i := range n {
		ms = append(ms, holdfast.Message{ID: fmt.Sprintf("g-%06d", i), Source: "bench", Kind: holdfast.Group, Account: fmt.Sprintf("acc-%05d", i), At: start.Add(-time.Hour),
			Props: map[string]any{"name": fmt.Sprintf("Company %d", i), "status": "active", "arr": json.Number("1200"), "seats": json.Number("12"), "plan": "pro"}})
	}
	return ms
}

// firstsOf is what happens first to each account, which makes its people known.
func firstsOf(n int) (ms []holdfast.Message) {
	for i := range n {
		account := fmt.Sprintf("acc-%05d", i)
		ms = append(ms, holdfast.Message{ID: fmt.Sprintf("f-%06d", i), Source: "bench", Kind: holdfast.Track, Event: "Login", Account: account, Contact: "owner-" + account,
			At: start.Add(-time.Minute), Props: map[string]any{"count": json.Number("1")}})
	}
	return ms
}

// traffic is the n-th block of messages, none of which was there before.
func traffic(block, n, accounts int) (ms []holdfast.Message) {
	for i := range n {
		at := i*7919 + block
		account := fmt.Sprintf("acc-%05d", at%accounts)
		m := holdfast.Message{ID: fmt.Sprintf("m-%04d-%06d", block, i), Source: "bench", Kind: holdfast.Track, Event: "Login", Account: account, Contact: "owner-" + account,
			At: start.Add(-time.Minute), Props: map[string]any{"count": json.Number("3"), "feature": "reports", "secs": json.Number("38.5"), "beta": false, "path": "/reports/weekly"}}
		switch {
		case i%10 == 0:
			m.Event, m.Props = "Ticket Opened", map[string]any{"priority": "low", "subject": "a question"}
		case i%5 == 0:
			m.Kind, m.Event, m.Contact, m.Props = holdfast.Group, "", "", map[string]any{"seats": json.Number(fmt.Sprint(10 + at%60)), "plan": "pro"}
		}
		ms = append(ms, m)
	}
	return ms
}

// raw inserts messages as they are: what any system would have to do.
func raw(t testing.TB, conn *pgx.Conn, ms []holdfast.Message) {
	t.Helper()
	n := len(ms)
	source, id, kind, name, account, contact, props := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	at, received := make([]time.Time, n), make([]time.Time, n)
	for i, m := range ms {
		b, err := json.Marshal(m.Props)
		if err != nil {
			t.Fatal(err)
		}
		source[i], id[i], kind[i], name[i], account[i], contact[i], props[i], at[i], received[i] = m.Source, m.ID, m.Kind, m.Event, m.Account, m.Contact, string(b), m.At, start
	}
	_, err := conn.Exec(t.Context(), `INSERT INTO events (source, id, kind, name, account, contact, at, received, props)
		SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::timestamptz[], $9::text[])
		ON CONFLICT (source, id) DO NOTHING`, source, id, kind, name, account, contact, at, received, props)
	if err != nil {
		t.Fatal(err)
	}
}

func receive(t testing.TB, in *intake.Intake, ms []holdfast.Message) {
	t.Helper()
	for from := 0; from < len(ms); from += batchSize {
		part := ms[from:min(from+batchSize, len(ms))]
		res, err := in.Receive(t.Context(), intake.Call{Messages: part})
		if err != nil || res.Fresh != len(part) {
			t.Fatalf("%d of %d messages were taken: %v %+v", res.Fresh, len(part), err, res.Problems)
		}
	}
}

// TestBenchIngest: messages taken in, deduplicated, and held against ten playbooks,
// beside the same messages inserted and nothing more; in batches of 100 both.
func TestBenchIngest(t *testing.T) { //nolint:paralleltest // it measures
	ingest(t, "ingest", firstsOf, 10_000, 100_000, *accounts)
}

// TestBenchIngestNew: the same while nearly everybody is new.
func TestBenchIngestNew(t *testing.T) { //nolint:paralleltest // it measures
	ingest(t, "ingest-new", func(int) []holdfast.Message { return nil }, 10_000, 100_000)
}

func ingest(t *testing.T, name string, before func(accounts int) []holdfast.Message, sizes ...int) {
	t.Helper()
	size := 12_000 // so long that the disk's moods even out
	if *pairs == 0 {
		sizes, size = []int{500}, 300
	}
	for _, n := range sizesTo(sizes...) {
		address := pgtest.StartDurable(t).Database(t)
		st, err := postgres.Open(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := pgx.Connect(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		in := newIntake(t, st, eventBooks())
		receive(t, in, accountsOf(n))
		receive(t, in, before(n))
		if _, err := conn.Exec(t.Context(), "VACUUM ANALYZE"); err != nil { // as the server does by itself within a minute of so many rows
			t.Fatal(err)
		}
		block := 0
		next := func() []holdfast.Message { block++; return traffic(block, size, n) }
		row := paired.Row{Name: name, Size: n, Note: fmt.Sprintf("seconds of %d messages", size)}
		row.Run(max(*pairs, 1), func() float64 {
			ms := next()
			return paired.Measure(t, func() { receive(t, in, ms) }).Wall
		}, func() float64 {
			ms := next()
			return paired.Measure(t, func() {
				for from := 0; from < len(ms); from += batchSize {
					raw(t, conn, ms[from:min(from+batchSize, len(ms))])
				}
			}).Wall
		})
		row.Report(t, *pairs > 0)
		if err := conn.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestBenchManyPlaybooks: a message that changes a field which ten playbooks read,
// with a thousand published and with those ten alone. The store is in memory, so
// that nothing else hides the difference.
func TestBenchManyPlaybooks(t *testing.T) { //nolint:paralleltest // it measures
	readers := many(10, "playbook: reader-%d\ntrigger: {id: t, when: 'account.seats >= 90 && account.status == \"active\"'}")
	others := func(n int) []string {
		return append(many(n-10, "playbook: other-%d\ntrigger: {id: t, when: 'account.plan == \"none\" && account.arr > 100000000'}"), readers...)
	}
	sizes, size := []int{100}, 200
	if *pairs > 0 {
		sizes, size = []int{100, 1000}, 20_000
	}
	for _, n := range sizes {
		few, all := newIntake(t, memory.New(), readers), newIntake(t, memory.New(), others(n))
		block := 0
		messages := func() (ms []holdfast.Message) {
			block++
			for i := range size {
				ms = append(ms, holdfast.Message{ID: fmt.Sprintf("s-%d-%d", block, i), Source: "bench", Kind: holdfast.Group, Account: fmt.Sprintf("acc-%05d", i%500),
					At: start.Add(time.Duration(block) * time.Second), Props: map[string]any{"seats": json.Number(fmt.Sprint(10 + (i+block)%60))}})
			}
			return ms
		}
		for _, in := range []*intake.Intake{few, all} {
			receive(t, in, accountsOf(500))
		}
		side := func(in *intake.Intake) func() float64 {
			return func() float64 {
				ms := messages()
				return paired.Measure(t, func() { receive(t, in, ms) }).CPU
			}
		}
		row := paired.Row{Name: "playbooks", Size: n, Note: fmt.Sprintf("seconds of %d messages", size)}
		row.Run(max(*pairs, 1), side(all), side(few))
		row.Report(t, *pairs > 0)
		for _, in := range []*intake.Intake{few, all} {
			if err := in.Store.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}
