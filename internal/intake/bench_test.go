package intake_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/intake"
	"holdfast/internal/store"
	"holdfast/internal/store/sqlite"
)

// traffic is n messages of 500 accounts over half a year, in order of time.
func traffic(n int) []holdfast.Message {
	ms := make([]holdfast.Message, n)
	for i := range ms {
		account := fmt.Sprintf("acc-%03d", i*7919%500)
		m := holdfast.Message{ID: fmt.Sprintf("m-%06d", i), Source: "bench", Kind: holdfast.Track, Event: "Login",
			Account: account, Contact: "owner-" + account, At: start.Add(-time.Duration(n-i) * 10 * time.Minute),
			Props: map[string]any{"count": float64(i % 9), "feature": "feature_7", "secs": 3880.0, "beta": false}}
		switch {
		case i < 500:
			m.Kind, m.Event, m.Props = holdfast.Group, "", map[string]any{"name": account, "status": "active", "arr": float64(i)}
			m.Account = fmt.Sprintf("acc-%03d", i)
		case i%20 == 0:
			m.Event, m.Props = "Subscription Started", map[string]any{"subscription_id": fmt.Sprintf("s-%d", i), "seats": float64(i % 50)}
		case i%15 == 0:
			m.Event, m.Props = "Ticket Opened", map[string]any{"priority": "low"}
		}
		ms[i] = m
	}
	return ms
}

func onDisk(b *testing.B, w *world) {
	b.Helper()
	st, err := sqlite.Open(context.Background(), filepath.Join(b.TempDir(), "holdfast.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = st.Close() })
	w.Store = st
}

// BenchmarkInsert is the floor: the raw messages into the events table.
func BenchmarkInsert(b *testing.B) {
	ms := traffic(10_000)
	for b.Loop() {
		b.StopTimer()
		w := newWorld(b)
		onDisk(b, w)
		b.StartTimer()
		for from := 0; from < len(ms); from += 500 {
			err := w.Store.Update(context.Background(), func(tx store.Tx) error {
				for _, m := range ms[from : from+500] {
					if _, _, err := tx.AppendEvent(m, start); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.N)*float64(len(ms))/b.Elapsed().Seconds(), "messages/s")
}

func benchmarkTake(b *testing.B, mode intake.Mode) {
	ms := traffic(10_000)
	for b.Loop() {
		b.StopTimer()
		w := newWorld(b, onTicket, onQuiet, onRenewal)
		onDisk(b, w)
		w.Options.LateLimit = 10 * 365 * 24 * time.Hour
		b.StartTimer()
		w.takeAll(mode, ms)
	}
	b.ReportMetric(float64(b.N)*float64(len(ms))/b.Elapsed().Seconds(), "messages/s")
}

func BenchmarkTakeHistory(b *testing.B) { benchmarkTake(b, intake.History) }
func BenchmarkTakeLive(b *testing.B)    { benchmarkTake(b, intake.Live) }

// BenchmarkScan is one daily scan of 500 accounts in which nothing changes.
func BenchmarkScan(b *testing.B) {
	w := newWorld(b, onQuiet, onRenewal, `playbook: slow
trigger: {id: slow, when: "trend(metric.logins, days(7), 1.0) < -1.0"}`, `playbook: soon
trigger: {id: soon, when: "days_until(account.renewal_date) < 30"}`)
	onDisk(b, w)
	w.takeAll(intake.History, traffic(10_000))
	if err := w.MarkTruths(context.Background()); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := w.Scan(context.Background(), start.Add(time.Hour)); err != nil {
			b.Fatal(err)
		}
	}
}
