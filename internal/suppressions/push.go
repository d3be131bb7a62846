package suppressions

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"holdfast"
	"holdfast/internal/intake"
	"holdfast/internal/store"
)

// atOnce is how many words are passed on in one go.
const atOnce = 100

// Push passes on to the provider what intake.TellProvider left. Doing a thing
// twice does no harm there, so whatever may have failed is done again. It is a
// conductor.Source, for one goroutine.
type Push struct {
	Config
	rest resting
}

// word is one of them, read.
type word struct {
	due store.Due
	intake.Suppressing
}

// Next is when the first word is due.
func (p *Push) Next(ctx context.Context) (next time.Time, ok bool, err error) {
	err = p.Store.View(ctx, func(tx store.Tx) (err error) {
		next, ok, err = tx.NextDue(intake.SuppressKind)
		return err
	})
	if until := p.rest.get(); until.After(next) {
		next = until
	}
	return next, ok, err
}

// Fire passes on what is due. It fails only when the store does.
func (p *Push) Fire(ctx context.Context, now time.Time) error {
	for failed := false; !failed; {
		var words []word
		err := p.Store.View(ctx, func(tx store.Tx) error {
			dues, err := tx.DueBefore(now, atOnce, intake.SuppressKind)
			words = words[:0]
			for _, d := range dues {
				w := word{due: d}
				if err := json.Unmarshal(d.Data, &w.Suppressing); err != nil {
					return fmt.Errorf("read due %s: %w", d.Key, err)
				}
				words = append(words, w)
			}
			return err
		})
		if err != nil || len(words) == 0 {
			return err
		}
		done, failure := p.tell(ctx, words)
		if err := p.finish(ctx, done); err != nil {
			return err
		}
		p.rest.after(ctx, p.log(), "push", now, time.Time{}, failure)
		failed = failure != nil
	}
	return nil
}

// tell passes words on, those that suppress together. What is done comes back
// beside the failure that ended it.
func (p *Push) tell(ctx context.Context, words []word) (done []word, failure error) {
	var stop []word
	for _, w := range words {
		if !w.Lift {
			stop = append(stop, w)
			continue
		}
		if err := p.lift(ctx, w); err != nil {
			return done, err
		}
		done = append(done, w)
	}
	if len(stop) == 0 {
		return done, nil
	}
	err := p.suppress(ctx, stop)
	if err == nil {
		return append(done, stop...), nil
	}
	if !refusedForGood(err) {
		return done, err
	}
	for _, w := range stop { // one of them cannot be taken: the others can
		if err := p.suppress(ctx, []word{w}); err != nil && !p.givenUp(ctx, w, err) {
			return done, err
		}
		done = append(done, w)
	}
	return done, nil
}

func (p *Push) suppress(ctx context.Context, words []word) error {
	var addresses []string
	for _, w := range words {
		addresses = append(addresses, w.Address)
	}
	return p.Lists.Suppress(ctx, addresses)
}

func (p *Push) lift(ctx context.Context, w word) error {
	for _, list := range listsOf[w.Kind] {
		if err := p.Lists.Lift(ctx, list, w.Address); err != nil && !p.givenUp(ctx, w, err) {
			return err
		}
	}
	return nil
}

// refusedForGood reports whether the provider will never take this. A key without
// the right to is a matter for whoever runs us, and waits for them.
func refusedForGood(err error) bool {
	d, ok := errors.AsType[*holdfast.DeliveryError](err)
	return ok && d.Permanent && d.Reason != "bad_credentials"
}

// givenUp lets go of a word that the provider will never take: our own list holds
// without it.
func (p *Push) givenUp(ctx context.Context, w word, err error) bool {
	if !refusedForGood(err) {
		return false
	}
	p.log().WarnContext(ctx, "the provider does not take a suppression", "account", w.due.Account, "error", err)
	return true
}

// finish takes words off the agenda, unless another has come meanwhile.
func (p *Push) finish(ctx context.Context, done []word) error {
	return p.Store.Update(ctx, func(tx store.Tx) error {
		there, err := waiting(tx)
		if err != nil {
			return err
		}
		for _, w := range done {
			if now, ok := there[w.due.Key]; ok && bytes.Equal(now.Data, w.due.Data) {
				if err := tx.DropDue(w.due.Key); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
