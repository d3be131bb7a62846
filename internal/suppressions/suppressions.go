// Package suppressions keeps the list of those who must not be written to: what
// people do to it by hand, and that it and the e-mail provider's lists say the
// same. Push tells the provider what we learnt, Pull learns what it knows.
package suppressions

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"holdfast"
	"holdfast/channels/email"
	"holdfast/internal/clock"
	"holdfast/internal/intake"
	"holdfast/internal/store"
)

// Kinds of suppressions, the ones a person may give by hand.
var Kinds = []string{"opted_out", "bounced", "complained", "erased"}

// kindOf is what each of the provider's lists means, and listsOf where an address
// of a kind stands there.
var (
	kindOf  = map[string]string{email.Bounces: "bounced", email.Invalid: "bounced", email.Complaints: "complained", email.Unsubscribed: "opted_out"}
	listsOf = map[string][]string{
		"bounced": {email.Bounces, email.Invalid}, "complained": {email.Complaints},
		"opted_out": {email.Unsubscribed}, "erased": {email.Unsubscribed},
	}
)

// Config of Push and Pull. All but Log and Poke are required.
type Config struct {
	Store store.Store
	Clock clock.Clock
	Lists *email.Lists
	// Emit takes a message of our own into the same transaction: see intake.Emit.
	Emit func(tx store.Tx, m holdfast.Message) error
	Poke func()       // called after a commit that may have woken something
	Log  *slog.Logger // nil: says nothing
}

func (c Config) log() *slog.Logger {
	if c.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.Log
}

// pause after the n-th failure in a row, counted from 1; the provider's wish
// counts when it is longer.
func pause(n int, err error) time.Duration {
	wait := time.Hour
	if n < 8 {
		wait = min(30*time.Second<<max(n-1, 0), time.Hour)
	}
	if d, ok := errors.AsType[*holdfast.DeliveryError](err); ok {
		wait = max(wait, d.After)
	}
	return wait
}

// resting is when a source may try again after a failure. Safe for concurrent use.
type resting struct {
	mu     sync.Mutex
	until  time.Time
	failed int
}

func (r *resting) get() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.until
}

// after takes in how an attempt ended; next is when the next is due after a success.
func (r *resting) after(ctx context.Context, log *slog.Logger, what string, now, next time.Time, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		r.failed, r.until = 0, next
		return
	}
	r.failed++
	r.until = now.Add(pause(r.failed, err))
	log.WarnContext(ctx, "the provider's suppression list was not reached, is tried again", "part", what, "until", r.until, "error", err)
}

// waiting are the words for the provider that nobody has passed on yet, by key.
func waiting(tx store.Tx) (map[string]store.Due, error) {
	all, err := tx.DueBefore(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), 0, intake.SuppressKind)
	if err != nil {
		return nil, err
	}
	by := make(map[string]store.Due, len(all))
	for _, d := range all {
		by[d.Key] = d
	}
	return by, nil
}
