package facts_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"holdfast/internal/facts"
	"holdfast/internal/store"
	"holdfast/internal/store/memory"
)

const perSeat = `
schema: account
fields:
  share: {type: int}
---
object: subscription
of: account
key: subscription_id
fields:
  seats: {type: int}
derive:
  account.share: 100 % subscriptions.map(s, s.seats).sum()
`

// Who asks again after a MistakeError asks for ever; who does not after an error of the
// store takes an outage for an author's mistake.
func TestAMistakeIsNoErrorOfTheStore(t *testing.T) {
	t.Parallel()
	set := project(t, perSeat)
	for name, tc := range map[string]struct {
		stop    bool
		load    func(tx store.Tx) error
		mistake bool
		words   string
	}{
		"a field that cannot be derived": {load: func(tx store.Tx) error {
			_, err := facts.Load(tx, set, "acme", "", noon)
			return err
		}, mistake: true, words: "derive fields of account acme: derive account.share: division by zero"},
		"a worker that stops before it is derived": {stop: true, load: func(tx store.Tx) error {
			_, err := facts.Load(tx, set, "acme", "", noon)
			return err
		}, words: "context canceled"},
		"numbers that are none": {load: func(tx store.Tx) error {
			_, err := facts.Population(tx, "odd")
			return err
		}, mistake: true, words: "read what percentile(odd) ranks"},
		"a worker that stops before numbers are read": {stop: true, load: func(tx store.Tx) error {
			_, err := facts.Population(tx, "odd")
			return err
		}, words: "context canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := memory.New()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			err := db.Update(ctx, func(tx store.Tx) error {
				if err := errors.Join(
					tx.PutAccount(store.Account{ID: "acme"}),
					tx.PutObject(store.Object{Kind: "subscription", Key: "s1", Account: "acme", Fields: map[string]store.Field{"seats": value(0)}}),
					tx.MetaSet(facts.PopulationKey("odd"), "[1, many]"),
				); err != nil {
					t.Error(err)
				}
				if tc.stop {
					tx = stopping{tx, cancel}
				}
				return tc.load(tx)
			})
			_, mistake := errors.AsType[facts.MistakeError](err)
			if err == nil || mistake != tc.mistake || !strings.Contains(err.Error(), tc.words) {
				t.Errorf("got %v, a mistake: %v; want %v and %q", err, mistake, tc.mistake, tc.words)
			}
		})
	}
}

// stopping ends its context before the last reads of a test.
type stopping struct {
	store.Tx
	cancel func()
}

func (s stopping) Objects(account, kind string) ([]store.Object, error) {
	s.cancel()
	return s.Tx.Objects(account, kind)
}

func (s stopping) MetaGet(key string) (string, error) {
	s.cancel()
	return s.Tx.MetaGet(key)
}
