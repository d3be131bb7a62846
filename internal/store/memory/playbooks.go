package memory

import (
	"bytes"
	"slices"
	"time"

	"holdfast/internal/store"
)

func playbookTables(t *tables) {
	t.versions.key = func(v *store.Version) string { return v.Digest }
	t.truths.key = func(v *store.Truth) key { return key{v.Playbook, v.Trigger, v.Account} }
	t.dues.key = func(d *store.Due) string { return d.Key }
	t.duesByTime = t.dues.indexed(nil, nil, func(a, b *store.Due) int { return byTime(a.At, b.At, a.Key, b.Key) })
}

func ownVersion(v *store.Version) store.Version {
	own := *v
	own.Bundle = bytes.Clone(v.Bundle)
	return own
}

func (t *tx) PutVersion(v store.Version) error {
	if err := t.writes("write version"); err != nil {
		return err
	}
	if t.versions.rows[v.Digest] == nil {
		v.PublishedAt = moment(v.PublishedAt)
		t.versions.put(t, ownVersion(&v))
	}
	return nil
}

func (t *tx) Version(digest string) (store.Version, error) {
	return one(t, &t.versions, digest, ownVersion)
}

func (t *tx) SetHead(playbook, digest string, _ time.Time) error {
	if err := t.writes("write head"); err != nil {
		return err
	}
	t.heads.put(t, entry{playbook, digest})
	return nil
}

func (t *tx) Heads() (map[string]string, error) {
	heads := make(map[string]string, len(t.heads.rows))
	for _, e := range t.heads.rows {
		heads[e.name] = e.value
	}
	return heads, t.ready()
}

func (t *tx) Truth(playbook, trigger, account string) (store.Truth, error) {
	return one(t, &t.truths, key{playbook, trigger, account}, self)
}

func (t *tx) PutTruth(v store.Truth) error {
	if err := t.writes("write truth"); err != nil {
		return err
	}
	v.Since = moment(v.Since)
	t.truths.put(t, v)
	return nil
}

func ownDue(d *store.Due) store.Due {
	own := *d
	own.Data = bytes.Clone(d.Data)
	return own
}

func (t *tx) PutDue(d store.Due) error {
	if err := t.writes("write due"); err != nil {
		return err
	}
	d.At = moment(d.At)
	t.dues.put(t, ownDue(&d))
	return nil
}

func (t *tx) DropDue(key string) error {
	if err := t.writes("drop due"); err != nil {
		return err
	}
	t.dues.drop(t, key)
	return nil
}

func (t *tx) Due(key string) (store.Due, error) { return one(t, &t.dues, key, ownDue) }

func (t *tx) DueBefore(at time.Time, limit int, kinds ...string) ([]store.Due, error) {
	rows := t.duesByTime.of()
	at = moment(at)
	rows = rows[:len(rows)-len(from(rows, func(d *store.Due) bool { return d.At.After(at) }))]
	return some(t, rows, limit, ofKinds(kinds), ownDue)
}

func (t *tx) NextDue(kinds ...string) (time.Time, bool, error) {
	fits := ofKinds(kinds)
	for _, d := range t.duesByTime.of() {
		if fits(d) {
			return d.At, true, t.ready()
		}
	}
	return time.Time{}, false, t.ready()
}

func ofKinds(kinds []string) func(*store.Due) bool {
	return func(d *store.Due) bool { return len(kinds) == 0 || slices.Contains(kinds, d.Kind) }
}
