package sqlite

import (
	"strings"
	"time"

	"holdfast/internal/store"
)

func (t *tx) PutVersion(v store.Version) error {
	return t.put("write version", `INSERT INTO versions (digest, playbook, bundle, published_at) VALUES (?, ?, ?, ?)
		ON CONFLICT DO NOTHING`, v.Digest, v.Playbook, v.Bundle, micros(v.PublishedAt))
}

func (t *tx) Version(digest string) (store.Version, error) {
	return one(t, "read version", func(row scanner) (store.Version, error) {
		var v store.Version
		return v, row.Scan(&v.Digest, &v.Playbook, &v.Bundle, at(&v.PublishedAt))
	}, "SELECT digest, playbook, bundle, published_at FROM versions WHERE digest = ?", digest)
}

func (t *tx) SetHead(playbook, digest string, at time.Time) error {
	return t.put("write head", `INSERT INTO heads (playbook, digest, at) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET digest = excluded.digest, at = excluded.at`, playbook, digest, micros(at))
}

func (t *tx) Heads() (map[string]string, error) {
	heads := map[string]string{}
	err := each(t, "list heads", "SELECT playbook, digest FROM heads", nil, func(row scanner) (bool, error) {
		var playbook, digest string
		err := row.Scan(&playbook, &digest)
		heads[playbook] = digest
		return true, err
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
		WHERE playbook = ? AND trigger = ? AND account = ?`, playbook, trigger, account)
}

func (t *tx) PutTruth(v store.Truth) error {
	return t.put("write truth", `INSERT INTO truths (playbook, trigger, account, truth, since, fired)
		VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
		truth = excluded.truth, since = excluded.since, fired = excluded.fired`,
		v.Playbook, v.Trigger, v.Account, flag(v.True), micros(v.Since), flag(v.Fired))
}

func (t *tx) PutDue(d store.Due) error {
	return t.put("write due", `INSERT INTO dues (key, kind, at, account, data) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (key) DO UPDATE SET
		kind = excluded.kind, at = excluded.at, account = excluded.account, data = excluded.data`,
		d.Key, d.Kind, d.At.UnixMicro(), d.Account, document(d.Data))
}

func (t *tx) DropDue(key string) error {
	return t.put("drop due", "DELETE FROM dues WHERE key = ?", key)
}

func (t *tx) Due(key string) (store.Due, error) {
	return one(t, "read due", scanDue, "SELECT key, kind, at, account, data FROM dues WHERE key = ?", key)
}

func scanDue(row scanner) (store.Due, error) {
	var d store.Due
	return d, row.Scan(&d.Key, &d.Kind, at(&d.At), &d.Account, text{&d.Data})
}

func (t *tx) DueBefore(moment time.Time, limit int, kinds ...string) ([]store.Due, error) {
	kind, args := ofKinds(kinds)
	return all(t, "list dues", scanDue, "SELECT key, kind, at, account, data FROM dues WHERE "+kind+"at <= ? ORDER BY at, key LIMIT ?",
		append(args, moment.UnixMicro(), limited(limit))...)
}

func (t *tx) NextDue(kinds ...string) (time.Time, bool, error) {
	if len(kinds) == 0 {
		return t.earliest("read next due", "SELECT min(at) FROM dues")
	}
	// One look into the index for each kind: there may be many dues of others.
	_, args := ofKinds(kinds)
	each := strings.Repeat(" UNION ALL SELECT min(at) AS at FROM dues WHERE kind = ?", len(kinds))
	return t.earliest("read next due", "SELECT min(at) FROM ("+strings.TrimPrefix(each, " UNION ALL ")+")", args...)
}

// ofKinds narrows dues to kinds, when there are any.
func ofKinds(kinds []string) (condition string, args []any) {
	if len(kinds) == 0 {
		return "", nil
	}
	for _, k := range kinds {
		args = append(args, k)
	}
	return "kind IN (" + marks(len(kinds)) + ") AND ", args
}

// earliest reads one time; false when it is NULL.
func (t *tx) earliest(what, query string, args ...any) (time.Time, bool, error) {
	next, err := one(t, what, func(row scanner) (m time.Time, err error) {
		return m, row.Scan(at(&m))
	}, query, args...)
	return next, !next.IsZero(), err
}
