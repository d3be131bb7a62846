package storetest

import (
	"errors"
	"testing"
	"time"

	"holdfast/internal/store"
)

func releasesAreKept(t *testing.T, s store.Store) {
	first := store.Release{Digest: "d1", Files: []byte{1, 2}, By: "mira", Source: "commit abc", At: t0}
	second := store.Release{Digest: "d2", Files: []byte{3}, By: "ci", Of: 1, At: t0.Add(time.Hour)}
	update(t, s, func(tx store.Tx) error {
		n, err := tx.AddRelease(first)
		m, err2 := tx.AddRelease(second)
		first.Number, second.Number = 1, 2
		return errors.Join(err, err2, same("numbers", []int64{n, m}, []int64{1, 2}))
	})
	view(t, s, func(tx store.Tx) error {
		got, err := tx.Release(1)
		_, gone := tx.Release(3)
		bare := []store.Release{second, first}
		bare[0].Files, bare[1].Files = nil, nil
		all, err2 := tx.Releases(0, 0)
		one, err3 := tx.Releases(0, 1)
		older, err4 := tx.Releases(2, 10)
		return errors.Join(err, err2, err3, err4, same("release", got, first), missing("release 3", gone),
			same("releases", all, bare), same("the newest", one, bare[:1]), same("before 2", older, bare[1:]))
	})
	update(t, s, func(tx store.Tx) error {
		return errors.Join(tx.SetHead("a", "d1", t0), tx.SetHead("b", "d2", t0), tx.DropHead("a"), tx.DropHead("none"))
	})
	view(t, s, func(tx store.Tx) error {
		heads, err := tx.Heads()
		return errors.Join(err, same("heads", heads, map[string]string{"b": "d2"}))
	})
}
