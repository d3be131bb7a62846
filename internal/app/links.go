package app

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"

	"holdfast"
	"holdfast/internal/links"
	"holdfast/internal/store"
)

const (
	metaLinkKey = "link_key" // the drawn one, base64
	linkKeyBits = 256
	minLinkKey  = 32 // characters of a key from the environment
)

// linkKeys are the keys of the environment, the newest first, and behind them
// the one that this directory drew at its first use: links that it signed go on
// working when keys come from the environment later.
func (a *App) linkKeys(ctx context.Context) (links.Keys, error) {
	var keys links.Keys
	for i, key := range a.cfg.Env.LinkKeys {
		if len(key) < minLinkKey {
			e := holdfast.Errorf(holdfast.Invalid, "key %d of HOLDFAST_LINK_KEYS has %d characters; %d is the least", i+1, len(key), minLinkKey)
			e.Hint = "draw one with: openssl rand -base64 32"
			return nil, e
		}
		keys = append(keys, []byte(key))
	}
	var drawn string
	err := a.Store.View(ctx, func(tx store.Tx) (err error) {
		drawn, err = tx.MetaGet(metaLinkKey)
		return err
	})
	if err == nil && drawn == "" && len(keys) == 0 {
		err = a.Store.Update(ctx, func(tx store.Tx) (err error) {
			if drawn, err = tx.MetaGet(metaLinkKey); err != nil || drawn != "" {
				return err // another process was first
			}
			key := make([]byte, linkKeyBits/8)
			_, _ = rand.Read(key) // it never fails (crypto/rand)
			drawn = base64.StdEncoding.EncodeToString(key)
			return tx.MetaSet(metaLinkKey, drawn)
		})
	}
	if err != nil {
		return nil, fmt.Errorf("read the key of links: %w", err)
	}
	if drawn != "" {
		keys = append(keys, []byte(drawn))
	}
	return keys, nil
}
