package postgres

import (
	"math"

	"holdfast/internal/store"
)

func (t *tx) AddRelease(r store.Release) (int64, error) {
	if err := t.put("write release", `INSERT INTO releases (number, digest, files, by, source, of, at)
		VALUES ((SELECT coalesce(max(number), 0) + 1 FROM releases), $1, $2, $3, $4, $5, $6)`,
		r.Digest, r.Files, r.By, r.Source, r.Of, when(r.At)); err != nil {
		return 0, err
	}
	return one(t, "read release number", value[int64], "SELECT max(number) FROM releases")
}

func (t *tx) Release(number int64) (store.Release, error) {
	return one(t, "read release", func(row scanner) (store.Release, error) {
		var r store.Release
		return r, row.Scan(&r.Number, &r.Digest, &r.Files, &r.By, &r.Source, &r.Of, at(&r.At))
	}, "SELECT number, digest, files, by, source, of, at FROM releases WHERE number = $1", number)
}

func (t *tx) Releases(before int64, limit int) ([]store.Release, error) {
	if before == 0 {
		before = math.MaxInt64
	}
	return all(t, "list releases", func(row scanner) (store.Release, error) {
		var r store.Release
		return r, row.Scan(&r.Number, &r.Digest, &r.By, &r.Source, &r.Of, at(&r.At))
	}, "SELECT number, digest, by, source, of, at FROM releases WHERE number < $1 ORDER BY number DESC LIMIT $2", before, limited(limit))
}

func (t *tx) DropHead(playbook string) error {
	return t.put("drop head", "DELETE FROM heads WHERE playbook = $1", playbook)
}
