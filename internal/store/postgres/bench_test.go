package postgres_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/internal/store/postgres"
	"holdfast/internal/store/postgres/pgtest"
)

var t0 = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// BenchmarkClaim is what a touch costs the store: look, claim, write down. The
// test's server does not wait for the disk.
func BenchmarkClaim(b *testing.B) {
	s, err := postgres.Open(b.Context(), pgtest.Start(b).Database(b))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	var n atomic.Int64
	b.SetParallelism(8)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			id := fmt.Sprint(n.Add(1))
			err := s.Update(b.Context(), func(tx store.Tx) error {
				_, err := tx.CountTouches(id, "", "email", t0)
				return errors.Join(err, tx.PutTouch(store.Touch{ID: id, Enrollment: id, Account: id, State: holdfast.Claimed, ClaimedAt: t0}),
					tx.AddLine(store.Line{Key: id, At: t0, Account: id}))
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
