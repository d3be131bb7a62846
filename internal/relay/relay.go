// Package relay hands what the store decided to Temporal: enrollments to start
// and to wake. It is at-least-once and in order for each enrollment, which is
// enough because a start and a wake done twice are as good as once. It decides
// nothing, and holds no transaction open while it talks to Temporal.
package relay

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/client"

	"holdfast/internal/clock"
	"holdfast/internal/store"
	"holdfast/steps"
	"holdfast/workflows"
)

const (
	poll     = time.Second     // how late a row is when nobody pokes
	lease    = 5 * time.Second // how long a relay that died keeps an enrollment from the others
	perRound = 256             // enrollments leased at once
	parallel = 16              // of them in delivery at once
	slowest  = 5 * time.Second // longest pause between tries while Temporal is away
)

// Relay delivers rows of the store's outbox. Set the fields, then Run once; the
// other methods are safe for concurrent use.
type Relay struct {
	Store      store.Store
	Client     client.Client
	TaskQueue  string
	Compressed bool         // the enrollments started wait for the conductor, and those of one account work in turn
	Holder     string       // names this relay's leases; one per process
	Clock      clock.Clock  // the machine's, never a virtual one: leases are about processes
	Log        *slog.Logger // nil discards
	OnIdle     func()       // called when there is nothing left to deliver; may be nil

	bell     clock.Bell
	inFlight atomic.Int64
	turns    map[string]string // Compressed: account -> the enrollment delivered last; only Round's
}

// Poke says that rows were committed. It never blocks; pokes collapse.
func (r *Relay) Poke() { r.bell.Ring() }

// InFlight is how many enrollments are leased and not yet marked as delivered.
func (r *Relay) InFlight() int { return int(r.inFlight.Load()) }

// Run delivers until ctx ends, and returns its error.
func (r *Relay) Run(ctx context.Context) error {
	pause := time.Duration(0)
	for ctx.Err() == nil {
		n, err := r.Round(ctx)
		switch {
		case err != nil:
			if pause == 0 && ctx.Err() == nil {
				r.log().WarnContext(ctx, "relay waits", "error", err)
			}
			pause = min(max(2*pause, poll/10), slowest)
			r.wait(ctx, pause, nil)
		case n > 0:
			pause = 0
		default:
			pause = 0
			if r.OnIdle != nil {
				r.OnIdle()
			}
			r.wait(ctx, poll, r.bell.Rung())
		}
	}
	return ctx.Err()
}

func (r *Relay) log() *slog.Logger {
	if r.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return r.Log
}

// wait ends after d, or when until is ready, or with ctx.
func (r *Relay) wait(ctx context.Context, d time.Duration, until <-chan struct{}) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	select {
	case <-ctx.Done():
	case <-until:
	}
}

// Round delivers what is there now and returns how many enrollments it took. The
// error is the first of Temporal's or the store's; what it stopped is given back.
func (r *Relay) Round(ctx context.Context) (int, error) {
	parcels, err := r.lease(ctx)
	if err != nil || len(parcels) == 0 {
		return 0, err
	}
	r.inFlight.Add(int64(len(parcels)))
	defer r.inFlight.Add(-int64(len(parcels)))
	return len(parcels), r.deliverAll(ctx, parcels)
}

// parcel is everything undelivered of one enrollment.
type parcel struct {
	enrollment string
	upTo       int64
	start      *workflows.Input
	wake       int64 // greatest wake number, 0 if none
}

// lease takes enrollments with undelivered rows and packs each one's rows.
func (r *Relay) lease(ctx context.Context) ([]parcel, error) {
	var parcels []parcel
	err := r.Store.Update(ctx, func(tx store.Tx) error {
		parcels = nil
		now := r.Clock.Now()
		rows, err := tx.Lease(r.Holder, now.Add(lease), now, perRound)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if len(parcels) == 0 || parcels[len(parcels)-1].enrollment != row.Enrollment {
				parcels = append(parcels, parcel{enrollment: row.Enrollment})
			}
			if err := r.pack(tx, &parcels[len(parcels)-1], row); err != nil {
				return err
			}
		}
		if r.Compressed {
			parcels, err = r.inTurn(tx, parcels)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("lease rows to deliver: %w", err)
	}
	return parcels, nil
}

// inTurn keeps those whose account has no other enrollment at work, and gives the
// rest back until it rests. On a compressed clock many wake at one instant, and
// which of two comes to a cap first must be the same in every run.
func (r *Relay) inTurn(tx store.Tx, parcels []parcel) ([]parcel, error) {
	if r.turns == nil {
		r.turns = map[string]string{}
	}
	var now []parcel
	for _, p := range parcels {
		e, err := tx.Enrollment(p.enrollment)
		if err != nil {
			return nil, fmt.Errorf("read enrollment %s: %w", p.enrollment, err)
		}
		busy, err := r.busy(tx, e)
		if err != nil {
			return nil, err
		}
		if busy {
			if err := tx.Unlease(p.enrollment); err != nil {
				return nil, err
			}
			continue
		}
		r.turns[e.Account] = e.ID
		now = append(now, p)
	}
	return now, nil
}

// busy reports whether another enrollment of e's account was delivered to and
// has not come to rest.
func (r *Relay) busy(tx store.Tx, e store.Enrollment) (bool, error) {
	id := r.turns[e.Account]
	if id == "" || id == e.ID {
		return false, nil
	}
	other, err := tx.Enrollment(id)
	if err != nil {
		return false, fmt.Errorf("read enrollment %s: %w", id, err)
	}
	return other.Status == "active" && other.Woken != other.Echoed, nil
}

func (r *Relay) pack(tx store.Tx, p *parcel, row store.Relayed) error {
	p.upTo = row.Seq
	p.wake = max(p.wake, row.N)
	if row.Kind != "start" {
		return nil
	}
	e, err := tx.Enrollment(row.Enrollment)
	if err != nil {
		return fmt.Errorf("read enrollment %s: %w", row.Enrollment, err)
	}
	p.start, err = r.input(e)
	return err
}

// input starts e's workflow where its portable state says, or at the beginning.
func (r *Relay) input(e store.Enrollment) (*workflows.Input, error) {
	in := workflows.Input{Enrollment: e.ID, Digest: e.Digest, Compressed: r.Compressed, Local: true}
	if len(e.State) > 0 {
		if err := json.Unmarshal(e.State, &in.State); err != nil {
			return nil, fmt.Errorf("read state of enrollment %s: %w", e.ID, err)
		}
	}
	if in.State.V == 0 {
		in.State = steps.State{V: 1, Started: e.StartedAt}
	}
	return &in, nil
}
