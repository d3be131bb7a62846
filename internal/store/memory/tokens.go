package memory

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

func tokenTables(t *tables) {
	t.tokens.key = func(k *store.Token) string { return k.ID }
	t.tokensByHash = t.tokens.indexed(nil, func(k *store.Token) key { return key{k.Hash} }, nil)
	t.tokensByCreation = t.tokens.indexed(nil, nil, func(a, b *store.Token) int { return byTime(a.CreatedAt, b.CreatedAt, a.ID, b.ID) })

	t.parked.key = func(p *store.Parked) key { return key{p.Source, p.ID} }
	t.parkedOf = t.parked.indexed(nil, func(p *store.Parked) key { return key{p.Contact} }, byHappening)
	t.parkedByReceipt = t.parked.indexed(nil, nil, func(a, b *store.Parked) int {
		return cmp.Or(a.Received.Compare(b.Received), byHappening(a, b))
	})
}

func byHappening(a, b *store.Parked) int {
	return cmp.Or(a.At.Compare(b.At), strings.Compare(a.Source, b.Source), strings.Compare(a.ID, b.ID))
}

func ownToken(k *store.Token) store.Token {
	own := *k
	own.Scopes = slices.Clone(k.Scopes)
	return own
}

func (t *tx) PutToken(k store.Token) error {
	if err := t.writes("write token"); err != nil {
		return err
	}
	if other := t.tokensByHash.unique(k.Hash); other != nil && other.ID != k.ID {
		return t.fail("write token", errors.New("another token has its hash"))
	}
	k = ownToken(&k)
	k.CreatedAt, k.ExpiresAt, k.UsedAt, k.RevokedAt = moment(k.CreatedAt), moment(k.ExpiresAt), moment(k.UsedAt), moment(k.RevokedAt)
	t.tokens.put(t, k)
	return nil
}

func (t *tx) Token(id string) (store.Token, error) { return one(t, &t.tokens, id, ownToken) }

func (t *tx) TokenByHash(hash string) (store.Token, error) {
	if err := t.ready(); err != nil {
		return store.Token{}, err
	}
	if k := t.tokensByHash.unique(hash); k != nil {
		return ownToken(k), nil
	}
	return store.Token{}, store.ErrNotFound
}

func (t *tx) AllTokens() ([]store.Token, error) {
	return some(t, t.tokensByCreation.of(), 0, nil, ownToken)
}

func ownParked(p *store.Parked) store.Parked {
	own := *p
	if p.Props != nil {
		own.Props, _ = cloned(p.Props).(map[string]any)
	}
	return own
}

func (t *tx) Park(m holdfast.Message, received time.Time) (fresh bool, err error) {
	props, err := shapedMap(m.Props)
	if err != nil {
		return false, fmt.Errorf("encode props of %s: %w", m.ID, err)
	}
	if err := t.writes("park message"); err != nil {
		return false, err
	}
	if t.parked.rows[key{m.Source, m.ID}] != nil {
		return false, nil
	}
	m.Props, _ = props.(map[string]any)
	m.At = moment(m.At)
	t.parked.put(t, store.Parked{Message: m, Received: moment(received)})
	return true, nil
}

func (t *tx) CountParked(contact string) (int, error) {
	return len(t.parkedOf.of(contact)), t.ready()
}

func (t *tx) Parked(contacts []string) ([]store.Parked, error) {
	contacts = slices.Compact(slices.Sorted(slices.Values(contacts)))
	var rows []*store.Parked
	for _, c := range contacts {
		rows = append(rows, t.parkedOf.of(c)...)
	}
	slices.SortFunc(rows, byHappening)
	return some(t, rows, 0, nil, ownParked)
}

func (t *tx) Unpark(source, id string) error {
	if err := t.writes("unpark message"); err != nil {
		return err
	}
	t.parked.drop(t, key{source, id})
	return nil
}

func (t *tx) ForgetParked(before time.Time, limit int) (n int, err error) {
	if err := t.writes("forget parked messages"); err != nil {
		return 0, err
	}
	for _, p := range slices.Clone(t.parkedByReceipt.of()) {
		if !p.Received.Before(moment(before)) || limit > 0 && n == limit {
			break
		}
		t.parked.drop(t, key{p.Source, p.ID})
		n++
	}
	return n, nil
}
