package intake

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"holdfast/internal/store"
)

// returnedKind is the kind of dues of feeds that were silent and speak again.
const returnedKind = "returned"

const (
	// settleIn is how long a feed speaks before those who waited for it go on: what
	// it was silent about comes first.
	settleIn = time.Hour
	// returnOver spreads them, as a person who lets them in does by default: who is
	// active again meanwhile is dropped.
	returnOver = 24 * time.Hour
)

// speaksAgain puts on the agenda that a feed is back.
func (b *batch) speaksAgain(key string) error {
	return b.tx.PutDue(store.Due{Key: returnedKind + "/" + key, Kind: returnedKind, At: b.now.Add(settleIn)})
}

// silenceMoved lets triggers go on whose feed counts as silent no longer since settings
// have changed; who waits for it goes on at once.
func (in *Intake) silenceMoved(ctx context.Context) error {
	err := in.Store.Update(ctx, func(tx store.Tx) error {
		b := in.batch(tx, Live)
		for _, r := range b.watch.states {
			p, err := readSuspension(tx, r.book.Name, r.trig.ID)
			if err != nil {
				return err
			}
			if !p.On {
				continue
			}
			f, err := readFeed(tx, p.Feed)
			if err != nil {
				return err
			}
			if _, is := b.judge(p.Feed, f); !is {
				if err := tx.PutDue(store.Due{Key: returnedKind + "/" + p.Feed, Kind: returnedKind, At: b.now}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("look at silent feeds again: %w", err)
	}
	return nil
}

// fireReturned lets those go on who waited for a feed, a page at a time, and ends
// the suspension of their triggers with the last.
func (b *batch) fireReturned(d store.Due) error {
	key := strings.TrimPrefix(d.Key, returnedKind+"/")
	all, err := b.tx.DueBefore(Ever, 0, WaitingKind)
	if err != nil {
		return fmt.Errorf("list what waits: %w", err)
	}
	n := 0
	for _, one := range all {
		var p waiting
		if json.Unmarshal(one.Data, &p) != nil || p.Feed != key {
			continue
		}
		if n == answerPage {
			d.At = b.now
			return b.tx.PutDue(d)
		}
		one.Kind, one.At = admittedKind, b.now.Add(offset(one.Key, returnOver))
		if err := b.tx.PutDue(one); err != nil {
			return err
		}
		n++
	}
	for _, r := range b.watch.states {
		p, err := b.suspensionOf(r)
		if err != nil {
			return err
		}
		if !p.On || p.Feed != key {
			continue
		}
		if err := b.suspend(r, suspension{}); err != nil {
			return err
		}
		b.in.Log.Info("a feed is back: its triggers go on", "feed", key, "playbook", r.book.Name, "trigger", r.trig.ID, "waited", n)
	}
	return nil
}
