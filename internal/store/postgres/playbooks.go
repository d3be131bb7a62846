package postgres

import (
	"time"

	"holdfast/internal/store"
)

func (t *tx) PutVersion(v store.Version) error {
	return t.put("write version", `INSERT INTO versions (digest, playbook, bundle, published_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT DO NOTHING`, v.Digest, v.Playbook, v.Bundle, when(v.PublishedAt))
}

func (t *tx) Version(digest string) (store.Version, error) {
	return one(t, "read version", func(row scanner) (store.Version, error) {
		var v store.Version
		return v, row.Scan(&v.Digest, &v.Playbook, &v.Bundle, at(&v.PublishedAt))
	}, "SELECT digest, playbook, bundle, published_at FROM versions WHERE digest = $1", digest)
}

func (t *tx) SetHead(playbook, digest string, at time.Time) error {
	return t.put("write head", `INSERT INTO heads (playbook, digest, at) VALUES ($1, $2, $3)
		ON CONFLICT (playbook) DO UPDATE SET digest = excluded.digest, at = excluded.at`, playbook, digest, when(at))
}

func (t *tx) Heads() (map[string]string, error) {
	heads := map[string]string{}
	err := each(t, "list heads", "SELECT playbook, digest FROM heads", nil, func(row scanner) error {
		var playbook, digest string
		err := row.Scan(&playbook, &digest)
		heads[playbook] = digest
		return err
	})
	if err != nil {
		return nil, err
	}
	return heads, nil
}

func scanTruth(row scanner) (store.Truth, error) {
	var v store.Truth
	return v, row.Scan(&v.Playbook, &v.Trigger, &v.Account, &v.True, at(&v.Since), &v.Fired)
}

func (t *tx) Truth(playbook, trigger, account string) (store.Truth, error) {
	return one(t, "read truth", scanTruth, `SELECT playbook, trigger, account, truth, since, fired FROM truths
		WHERE playbook = $1 AND trigger = $2 AND account = $3`, playbook, trigger, account)
}

var truthRows = whole("write truth", "truths", "playbook text, trigger text, account text, truth boolean, since timestamptz, fired boolean", 3)

func (t *tx) PutTruth(v store.Truth) error {
	return t.add(truthRows, v.Playbook, v.Trigger, v.Account, v.True, when(v.Since), v.Fired)
}

var dueRows = whole("write due", "dues", "key text, kind text, at timestamptz, account text, data text", 1)

func (t *tx) PutDue(d store.Due) error {
	return t.add(dueRows, d.Key, d.Kind, d.At, d.Account, document(d.Data))
}

func (t *tx) DropDue(key string) error {
	return t.put("drop due", "DELETE FROM dues WHERE key = $1", key)
}

func (t *tx) Due(key string) (store.Due, error) {
	return one(t, "read due", scanDue, "SELECT key, kind, at, account, data FROM dues WHERE key = $1", key)
}

func scanDue(row scanner) (store.Due, error) {
	var d store.Due
	return d, row.Scan(&d.Key, &d.Kind, at(&d.At), &d.Account, &d.Data)
}

func (t *tx) DueBefore(moment time.Time, limit int, kinds ...string) ([]store.Due, error) {
	w := ofKinds(kinds)
	w.and("at <= ", moment)
	return all(t, "list dues", scanDue, "SELECT key, kind, at, account, data FROM dues"+w.clause()+" ORDER BY at, key LIMIT "+w.arg(limited(limit)), w.values()...)
}

func (t *tx) NextDue(kinds ...string) (time.Time, bool, error) {
	if len(kinds) == 0 {
		return t.earliest("read next due", "SELECT min(at) FROM dues")
	}
	// One look into the index for each kind: there may be many dues of others.
	return t.earliest("read next due", `SELECT min(first.at) FROM unnest($1::text[]) AS of (kind)
		CROSS JOIN LATERAL (SELECT at FROM dues WHERE dues.kind = of.kind ORDER BY at LIMIT 1) AS first`, kinds)
}

// ofKinds narrows dues to kinds, when there are any.
func ofKinds(kinds []string) (w where) {
	if len(kinds) > 0 {
		w.among("kind", kinds)
	}
	return w
}

// earliest reads one time; false when it is NULL.
func (t *tx) earliest(what, query string, args ...any) (time.Time, bool, error) {
	next, err := one(t, what, func(row scanner) (m time.Time, err error) {
		return m, row.Scan(at(&m))
	}, query, args...)
	return next, !next.IsZero(), err
}
