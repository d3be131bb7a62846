package postgres

import (
	"cmp"

	"holdfast/internal/store"
)

const sightingColumns = "key, touch, message, kind, at, detail"

func scanSighting(row scanner) (store.Sighting, error) {
	var s store.Sighting
	return s, row.Scan(&s.Key, &s.Touch, &s.Message, &s.Kind, at(&s.At), &s.Detail)
}

// PutSighting keeps the first of a key.
func (t *tx) PutSighting(s store.Sighting) (fresh bool, err error) {
	n, err := t.exec("keep sighting", "INSERT INTO sightings ("+sightingColumns+") VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
		s.Key, s.Touch, s.Message, string(s.Kind), when(s.At), s.Detail)
	return n == 1, err
}

func (t *tx) SightingsOf(touch string) ([]store.Sighting, error) {
	return all(t, "list sightings", scanSighting,
		"SELECT "+sightingColumns+" FROM sightings WHERE touch = $1 ORDER BY at NULLS FIRST, key", touch)
}

func (t *tx) ManySightings(touches []string) (map[string][]store.Sighting, error) {
	return lists(t, "list sightings", scanSighting, func(s store.Sighting) string { return s.Touch },
		"SELECT "+sightingColumns+" FROM sightings WHERE touch = ANY ($1) ORDER BY at NULLS FIRST, key", touches)
}

// pageOfTouches is how many Touches gives when it is not told.
const pageOfTouches = 1000

func (t *tx) Touches(f store.TouchFilter) ([]store.Touch, error) {
	w := narrowed("account", f.Account, "playbook", f.Playbook, "state", string(f.State))
	w.and("id > ", f.After)
	if !f.Since.IsZero() {
		w.and("claimed_at >= ", f.Since)
	}
	return all(t, "list touches", scanTouch, "SELECT "+touchColumns+" FROM touches"+w.clause()+
		" ORDER BY id LIMIT "+w.arg(cmp.Or(f.Limit, pageOfTouches)), w.values()...)
}

func (t *tx) TouchByProvider(channel, id string) (store.Touch, error) {
	return one(t, "read touch", scanTouch,
		"SELECT "+touchColumns+" FROM touches WHERE channel = $1 AND provider_id = $2 AND provider_id <> '' ORDER BY id LIMIT 1", channel, id)
}

func (t *tx) ManyTouchesOf(enrollments []string) (map[string][]store.Touch, error) {
	return lists(t, "list touches", scanTouch, func(h store.Touch) string { return h.Enrollment },
		"SELECT "+touchColumns+" FROM touches WHERE enrollment = ANY ($1) ORDER BY claimed_at NULLS FIRST, id", enrollments)
}
