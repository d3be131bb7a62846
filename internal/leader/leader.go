// Package leader lets one process of several do what only one should: scans, the
// agenda, digests, lists of a provider. Which one it is stands in a row of the store,
// with a number that the leader moves. Nobody compares the clocks of two machines:
// who sees the number stand still for long enough, by their own clock, takes over.
//
// It spares work and is no lock. A leader that was stopped for a while and goes on
// may act beside its successor for a moment; what it does is a transaction that
// finds done what is done, as after a crash.
package leader

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"holdfast/internal/clock"
	"holdfast/internal/store"
)

const (
	beat    = time.Second     // how often the number moves
	silence = 6 * time.Second // for how long it stands still when its leader is gone
	resign  = 4 * time.Second // after which a leader that cannot move it stops: before another begins
	goodbye = 3 * time.Second // longest time to give it up in order
	key     = "leader"        // in store.Meta: "holder number"
)

// Leader is one process's candidacy. Set the fields, then Run; one Run at a time.
type Leader struct {
	Store  store.Store
	Holder string       // names the process: unlike any other's, also of another machine; no spaces
	Clock  clock.Clock  // the machine's, never a virtual one
	Log    *slog.Logger // nil discards

	seen string    // the row as it was last read
	at   time.Time // since when it is so
}

// errLost ends the work of a leader that is none any more.
var errLost = errors.New("another process leads")

// Run calls work whenever this process leads, and ends what it was given when it
// does no more. It returns when ctx ends, with ctx's error, or when work ends by
// itself, with work's. work must end soon after its ctx.
func (l *Leader) Run(ctx context.Context, work func(context.Context) error) error {
	for {
		mine, err := l.stand(ctx)
		if err != nil && ctx.Err() == nil {
			l.log().WarnContext(ctx, "who leads cannot be told", "error", err)
		}
		if mine {
			err := l.lead(ctx, work)
			if !errors.Is(err, errLost) || ctx.Err() != nil {
				return err
			}
			l.log().WarnContext(ctx, "this process leads no more")
		}
		if err := clock.Sleep(ctx, beat); err != nil {
			return err
		}
	}
}

// stand takes the row when nobody has it, or whoever has it is gone.
func (l *Leader) stand(ctx context.Context) (mine bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	var row string
	err = l.Store.View(ctx, func(tx store.Tx) (err error) {
		row, err = tx.MetaGet(key)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("read who leads: %w", err)
	}
	now := l.Clock.Now()
	if row != l.seen || l.at.IsZero() {
		l.seen, l.at = row, now
	}
	holder, _, _ := strings.Cut(row, " ")
	if row != "" && holder != l.Holder && now.Sub(l.at) < silence {
		return false, nil
	}
	return l.move(ctx, row)
}

// move writes the next number, unless the row is not as it was any more.
func (l *Leader) move(ctx context.Context, was string) (mine bool, err error) {
	_, number, _ := strings.Cut(was, " ")
	n, _ := strconv.ParseInt(number, 10, 64) // of a row that says something else, it begins again
	next := l.Holder + " " + strconv.FormatInt(n+1, 10)
	err = l.Store.Update(ctx, func(tx store.Tx) error {
		row, err := tx.MetaGet(key)
		if mine = err == nil && row == was; !mine {
			return err
		}
		return tx.MetaSet(key, next)
	})
	if err != nil {
		return false, fmt.Errorf("write who leads: %w", err)
	}
	if mine {
		l.seen = next
	}
	return mine, nil
}

// lead works until it is over, or until the row cannot be kept.
func (l *Leader) lead(ctx context.Context, work func(context.Context) error) error {
	l.log().InfoContext(ctx, "this process leads")
	working, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		done <- work(working)
	}()
	kept := l.keep(ctx, ended)
	stop()
	err := <-done
	l.at = time.Time{} // what was seen is old by now
	if kept == nil {
		l.giveUp(ctx)
		return err
	}
	return kept
}

// keep moves the number until ended or ctx; errLost when it cannot.
func (l *Leader) keep(ctx context.Context, ended <-chan struct{}) error {
	last := l.Clock.Now()
	for {
		if over, err := clock.Wait(ctx, beat, ended); over || err != nil {
			return nil //nolint:nilerr // the end of ctx is an end in order
		}
		began := l.Clock.Now()
		// As long as a leader may be silent, and no longer, although the store may wait for its database.
		try, cancel := context.WithTimeout(ctx, resign-began.Sub(last))
		mine, err := l.move(try, l.seen)
		cancel()
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // as above
		case err == nil && !mine:
			return errLost
		case err == nil:
			last = began
		case l.Clock.Now().Sub(last) >= resign:
			l.log().WarnContext(ctx, "who leads cannot be written", "error", err)
			return errLost
		}
	}
}

// giveUp lets another begin at once.
func (l *Leader) giveUp(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
	defer cancel()
	err := l.Store.Update(ctx, func(tx store.Tx) error {
		row, err := tx.MetaGet(key)
		if err != nil || row != l.seen {
			return err
		}
		return tx.MetaSet(key, "")
	})
	if err != nil {
		l.log().WarnContext(ctx, "it leads no more, and could not say so", "error", err)
	}
}

func (l *Leader) log() *slog.Logger {
	if l.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return l.Log
}
