package sqlite

import (
	"cmp"
	"strings"

	"holdfast/internal/store"
)

const sightingColumns = "key, touch, message, kind, at, detail"

func scanSighting(row scanner) (store.Sighting, error) {
	var s store.Sighting
	return s, row.Scan(&s.Key, &s.Touch, &s.Message, &s.Kind, at(&s.At), &s.Detail)
}

// PutSighting keeps the first of a key.
func (t *tx) PutSighting(s store.Sighting) (fresh bool, err error) {
	n, err := t.exec("keep sighting", "INSERT INTO sightings ("+sightingColumns+") VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
		s.Key, s.Touch, s.Message, string(s.Kind), micros(s.At), s.Detail)
	return n == 1, err
}

func (t *tx) SightingsOf(touch string) ([]store.Sighting, error) {
	return all(t, "list sightings", scanSighting,
		"SELECT "+sightingColumns+" FROM sightings WHERE touch = ? ORDER BY at, key", touch)
}

func (t *tx) ManySightings(touches []string) (map[string][]store.Sighting, error) {
	return lists(t, "list sightings", scanSighting, func(s store.Sighting) string { return s.Touch },
		"SELECT "+sightingColumns+" FROM sightings WHERE touch IN "+among+" ORDER BY at, key", touches)
}

// pageOfTouches is how many Touches gives when it is not told.
const pageOfTouches = 1000

func (t *tx) Touches(f store.TouchFilter) ([]store.Touch, error) {
	where, args := []string{"id > ?"}, []any{f.After}
	for _, is := range []struct{ column, value string }{{"account", f.Account}, {"playbook", f.Playbook}, {"state", string(f.State)}} {
		if is.value != "" {
			where, args = append(where, is.column+" = ?"), append(args, is.value)
		}
	}
	if !f.Since.IsZero() {
		where, args = append(where, "claimed_at >= ?"), append(args, f.Since.UnixMicro())
	}
	return all(t, "list touches", scanTouch,
		"SELECT "+touchColumns+" FROM touches WHERE "+strings.Join(where, " AND ")+" ORDER BY id LIMIT ?",
		append(args, cmp.Or(f.Limit, pageOfTouches))...)
}

func (t *tx) TouchByProvider(channel, id string) (store.Touch, error) {
	return one(t, "read touch", scanTouch,
		"SELECT "+touchColumns+" FROM touches WHERE channel = ? AND provider_id = ? AND provider_id <> '' ORDER BY id LIMIT 1", channel, id)
}

func (t *tx) ManyTouchesOf(enrollments []string) (map[string][]store.Touch, error) {
	return lists(t, "list touches", scanTouch, func(h store.Touch) string { return h.Enrollment },
		"SELECT "+touchColumns+" FROM touches WHERE enrollment IN "+among+" ORDER BY claimed_at, id", enrollments)
}
