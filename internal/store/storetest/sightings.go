package storetest

import (
	"errors"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

func sightingsAreKeptOnce(t *testing.T, s store.Store) {
	taken := store.Sighting{Key: "k2", Touch: "a", Message: "m1", Kind: holdfast.Processed, At: t0}
	opened := store.Sighting{Key: "k1", Touch: "a", Message: "m1", Kind: holdfast.Opened, At: t0.Add(time.Minute), Detail: "twice"}
	other := store.Sighting{Key: "k3", Touch: "b", Message: "m2", Kind: holdfast.Bounced, At: t0}
	update(t, s, func(tx store.Tx) error {
		later, errLater := tx.PutSighting(opened)
		first, err := tx.PutSighting(taken)
		again := taken
		again.Detail = "changed"
		repeated, errAgain := tx.PutSighting(again)
		_, errOther := tx.PutSighting(other)
		return errors.Join(errLater, err, errAgain, errOther, same("later", later, true), same("first", first, true), same("repeated", repeated, false))
	})
	view(t, s, func(tx store.Tx) error {
		of, err := tx.SightingsOf("a")
		many, errMany := tx.ManySightings([]string{"a", "b", "nobody"})
		none, errNone := tx.SightingsOf("nobody")
		return errors.Join(err, errMany, errNone, same("by At", of, []store.Sighting{taken, opened}), same("none", len(none), 0),
			same("many", many, map[string][]store.Sighting{"a": {taken, opened}, "b": {other}}))
	})
}

func touchesPage(t *testing.T, s store.Store) {
	update(t, s, func(tx store.Tx) error {
		var errs []error
		for i, id := range []string{"c", "a", "e", "b", "d"} {
			h := touch(id, holdfast.Sent)
			h.ClaimedAt, h.ProviderID = t0.Add(time.Duration(i)*time.Hour), "prov-"+id
			errs = append(errs, tx.PutTouch(h))
		}
		other := touch("f", holdfast.Failed)
		other.Account, other.Playbook, other.Enrollment, other.Channel, other.ProviderID = "globex", "win-back", "e2", "slack", "prov-a"
		return errors.Join(append(errs, tx.PutTouch(other))...)
	})
	for _, c := range []struct {
		name, want string
		f          store.TouchFilter
	}{
		{"all", "a b c d e f", store.TouchFilter{}},
		{"a page", "c d", store.TouchFilter{After: "b", Limit: 2}},
		{"of an account", "f", store.TouchFilter{Account: "globex"}},
		{"of a playbook", "a b", store.TouchFilter{Playbook: "save", Limit: 2}},
		{"in a state", "f", store.TouchFilter{State: holdfast.Failed}},
		{"since", "b d e", store.TouchFilter{Since: t0.Add(2 * time.Hour)}},
		{"none", "", store.TouchFilter{Account: "acme", State: holdfast.Failed}},
	} {
		view(t, s, func(tx store.Tx) error {
			got, err := tx.Touches(c.f)
			return errors.Join(err, same(c.name, touchIDs(got), c.want))
		})
	}
	view(t, s, func(tx store.Tx) error {
		got, err := tx.TouchByProvider("email", "prov-a")
		_, errNone := tx.TouchByProvider("email", "prov-z")
		_, errEmpty := tx.TouchByProvider("email", "")
		many, errMany := tx.ManyTouchesOf([]string{"e1", "e2", "e3"})
		return errors.Join(err, errMany, same("by provider", got.ID, "a"), missing("another", errNone), missing("no id", errEmpty),
			same("of e1, by claim", touchIDs(many["e1"]), "c a e b d"), same("of e2", touchIDs(many["e2"]), "f"), same("enrollments", len(many), 2))
	})
}
