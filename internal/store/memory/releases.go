package memory

import (
	"bytes"
	"cmp"

	"holdfast/internal/store"
)

func releaseTables(t *tables) {
	t.releases.key = func(r *store.Release) int64 { return r.Number }
	t.releasesByNumber = t.releases.indexed(nil, nil, func(a, b *store.Release) int { return cmp.Compare(b.Number, a.Number) })
}

func (t *tx) AddRelease(r store.Release) (int64, error) {
	if err := t.writes("write release"); err != nil {
		return 0, err
	}
	r = ownRelease(&r)
	r.Number, r.At = int64(len(t.releases.rows))+1, moment(r.At)
	t.releases.put(t, r)
	return r.Number, nil
}

func (t *tx) Release(number int64) (store.Release, error) {
	return one(t, &t.releases, number, ownRelease)
}

func (t *tx) Releases(before int64, limit int) ([]store.Release, error) {
	older := func(r *store.Release) bool { return before == 0 || r.Number < before }
	return some(t, t.releasesByNumber.of(), limit, older, func(r *store.Release) store.Release {
		bare := *r
		bare.Files = nil
		return bare
	})
}

func (t *tx) DropHead(playbook string) error {
	if err := t.writes("drop head"); err != nil {
		return err
	}
	t.heads.drop(t, playbook)
	return nil
}

func ownRelease(r *store.Release) store.Release {
	own := *r
	own.Files = bytes.Clone(r.Files)
	return own
}
