package memory

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"holdfast/internal/store"
)

func sightingTables(t *tables) {
	t.sightings.key = func(s *store.Sighting) string { return s.Key }
	t.sightingsOf = t.sightings.indexed(nil, func(s *store.Sighting) key { return key{s.Touch} },
		func(a, b *store.Sighting) int { return byTime(a.At, b.At, a.Key, b.Key) })
}

// PutSighting keeps the first of a key.
func (t *tx) PutSighting(s store.Sighting) (fresh bool, err error) {
	if err := t.writes("keep sighting"); err != nil {
		return false, err
	}
	if t.sightings.rows[s.Key] != nil {
		return false, nil
	}
	s.At = moment(s.At)
	t.sightings.put(t, s)
	return true, nil
}

func (t *tx) SightingsOf(touch string) ([]store.Sighting, error) {
	return some(t, t.sightingsOf.of(touch), 0, nil, self)
}

func (t *tx) ManySightings(touches []string) (map[string][]store.Sighting, error) {
	return each(t, touches, t.SightingsOf)
}

func (t *tx) ManyTouchesOf(enrollments []string) (map[string][]store.Touch, error) {
	return each(t, enrollments, t.TouchesOf)
}

// each reads rows of several, by name.
func each[V any](t *tx, of []string, read func(string) ([]V, error)) (map[string][]V, error) {
	by := map[string][]V{}
	for _, name := range of {
		rows, err := read(name)
		if err != nil {
			return nil, err
		}
		if len(rows) > 0 {
			by[name] = rows
		}
	}
	return by, t.ready()
}

// pageOfTouches is how many Touches gives when it is not told.
const pageOfTouches = 1000

func (t *tx) Touches(f store.TouchFilter) ([]store.Touch, error) {
	rows := slices.SortedFunc(maps.Values(t.touches.rows), func(a, b *store.Touch) int { return strings.Compare(a.ID, b.ID) })
	since := moment(f.Since)
	return some(t, rows, cmp.Or(f.Limit, pageOfTouches), func(h *store.Touch) bool {
		return h.ID > f.After && (f.Account == "" || h.Account == f.Account) && (f.Playbook == "" || h.Playbook == f.Playbook) &&
			(f.State == "" || h.State == f.State) && (f.Since.IsZero() || !h.ClaimedAt.Before(since))
	}, self)
}

func (t *tx) TouchByProvider(channel, id string) (store.Touch, error) {
	if err := t.ready(); err != nil {
		return store.Touch{}, err
	}
	var found *store.Touch
	for _, h := range t.touches.rows {
		if id != "" && h.ProviderID == id && h.Channel == channel && (found == nil || h.ID < found.ID) {
			found = h
		}
	}
	if found == nil {
		return store.Touch{}, store.ErrNotFound
	}
	return *found, nil
}
