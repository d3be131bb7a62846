package app

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.temporal.io/sdk/client"

	"holdfast"
	"holdfast/internal/clock"
	"holdfast/internal/store"
	"holdfast/internal/temporal"
)

// metaPayloadKeys are the keys with which something may be encrypted that runs: JSON,
// by id a sum that tells the key from another of that id.
const metaPayloadKeys = "payload_keys"

const (
	lookForKey    = time.Minute
	lookedAtOnce  = 1000 // enrollments in a page
	readersOfKeys = 16   // histories read at once
)

// fitKeys writes down which key encrypts from now on, and refuses to start without
// one that the history of a running enrollment needs: its workflow would stand still.
// A key that none needs any more is forgotten.
func (a *App) fitKeys(ctx context.Context, keys *temporal.PayloadKeys) error {
	missing, err := missingKeys(ctx, a.Store, keys)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		raw, err := a.reach(nil)
		if err != nil {
			return err
		}
		defer raw.Close()
		if err := noneNeeds(ctx, a.Store, raw, missing); err != nil {
			return err
		}
	}
	first := ""
	if ids := keys.IDs(); len(ids) > 0 {
		first = ids[0]
	}
	if err := a.putKeys(ctx, missing, first, keys.Sum(first)); err != nil {
		return err
	}
	if first != "" {
		a.background(ctx, "payload keys", func(ctx context.Context) error { return a.keepKey(ctx, first, keys.Sum(first)) })
	}
	return nil
}

// missingKeys are those, by id, with which something that runs may be encrypted, and
// that are not among keys. The error is a *holdfast.Error where one of that id is
// another.
func missingKeys(ctx context.Context, st store.Store, keys *temporal.PayloadKeys) (map[string]bool, error) {
	known, err := knownKeys(ctx, st)
	if err != nil {
		return nil, err
	}
	missing := map[string]bool{}
	for id, sum := range known {
		switch keys.Sum(id) {
		case sum:
		case "":
			missing[id] = true
		default:
			e := holdfast.Errorf(holdfast.Conflict, "key %s of HOLDFAST_PAYLOAD_KEYS is not the key that it was", id)
			e.Hint = "put the old one back, and give the new one an id of its own"
			return nil, e
		}
	}
	return missing, nil
}

// keepKey writes it down again, should a process that does not know the key have
// forgotten it: this one goes on to encrypt with it.
func (a *App) keepKey(ctx context.Context, id, sum string) error {
	for {
		if err := clock.Sleep(ctx, lookForKey); err != nil {
			return err
		}
		known, err := knownKeys(ctx, a.Store)
		if err == nil && known[id] == "" {
			a.log.WarnContext(ctx, "a process that lacks a payload key runs beside this one, which encrypts with it", "key", id)
			err = a.putKeys(ctx, nil, id, sum)
		}
		if err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "which payload keys are in use cannot be kept", "error", err)
		}
	}
}

// putKeys forgets keys, and knows that first encrypts ("": none does).
func (a *App) putKeys(ctx context.Context, forget map[string]bool, first, sum string) error {
	err := a.Store.Update(ctx, func(tx store.Tx) error {
		now, err := readKeys(tx) // another process may have begun with a key meanwhile
		if err != nil {
			return err
		}
		if len(forget) == 0 && (first == "" || now[first] == sum) {
			return nil
		}
		for id := range forget {
			delete(now, id)
		}
		if first != "" {
			now[first] = sum
		}
		text, err := json.Marshal(now)
		if err != nil {
			return err
		}
		return tx.MetaSet(metaPayloadKeys, string(text))
	})
	if err != nil {
		return fmt.Errorf("write which payload keys are in use: %w", err)
	}
	return nil
}

func knownKeys(ctx context.Context, st store.Store) (known map[string]string, err error) {
	err = st.View(ctx, func(tx store.Tx) (err error) {
		known, err = readKeys(tx)
		return err
	})
	return known, err
}

func readKeys(tx store.Tx) (map[string]string, error) {
	known := map[string]string{}
	text, err := tx.MetaGet(metaPayloadKeys)
	if err == nil && text != "" {
		err = json.Unmarshal([]byte(text), &known)
	}
	if err != nil {
		return nil, fmt.Errorf("read which payload keys are in use: %w", err)
	}
	return known, nil
}

// noneNeeds reads the histories of all that runs, and names the first that is
// encrypted with one of these keys.
func noneNeeds(ctx context.Context, st store.Store, raw client.Client, missing map[string]bool) error {
	for f := (store.EnrollmentFilter{Status: "active", Limit: lookedAtOnce}); ; {
		var es []store.Enrollment
		err := st.View(ctx, func(tx store.Tx) (err error) {
			es, err = tx.ListEnrollments(f)
			return err
		})
		if err != nil {
			return fmt.Errorf("list active enrollments: %w", err)
		}
		if err := needed(ctx, raw, es, missing); err != nil {
			return err
		}
		if len(es) < f.Limit {
			return nil
		}
		f.After = es[len(es)-1].ID
	}
}

// needed reads the histories of a page, several at once.
func needed(ctx context.Context, raw client.Client, page []store.Enrollment, missing map[string]bool) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var wg sync.WaitGroup
	for part := range slices.Chunk(page, max(1, (len(page)+readersOfKeys-1)/readersOfKeys)) {
		wg.Go(func() {
			for _, e := range part {
				ids, err := temporal.KeysIn(ctx, raw, e.ID)
				if err != nil {
					stop(err)
					return
				}
				for id := range ids {
					if missing[id] {
						stop(keyNeeded(id, e))
						return
					}
				}
			}
		})
	}
	wg.Wait()
	if ctx.Err() == nil {
		return nil
	}
	return context.Cause(ctx)
}

func keyNeeded(id string, e store.Enrollment) error {
	err := holdfast.Errorf(holdfast.Conflict, "HOLDFAST_PAYLOAD_KEYS lacks key %s, with which histories of running enrollments are encrypted: %s of playbook %s, and perhaps more", id, e.ID, e.Playbook)
	err.Hint = "put it back, behind the others, until the enrollments that began with it have ended"
	return err
}
