package store

import (
	"time"

	"holdfast"
)

// Sighting is one thing that a provider told of a touch. Key is
// holdfast.Sighting's; nothing in it names a person.
type Sighting struct {
	Key     string
	Touch   string
	Message string // the provider's id of the message
	Kind    holdfast.SightingKind
	At      time.Time // by the provider's clock
	Detail  string
}

// TouchFilter narrows a listing of the ledger; empty fields do not narrow.
type TouchFilter struct {
	Account, Playbook string
	State             holdfast.TouchState
	Since             time.Time // claimed at or after
	After             string    // id, for paging
	Limit             int       // 0: 1000
}

// Sightings remember what providers told.
type Sightings interface {
	// PutSighting keeps s once for each Key; fresh is false, and nothing changes,
	// when it was there already.
	PutSighting(s Sighting) (fresh bool, err error)
	SightingsOf(touch string) ([]Sighting, error) // by At, Key
	// ManySightings by touch, each by At, Key.
	ManySightings(touches []string) (map[string][]Sighting, error)

	// Touches are a page of the ledger, by ID.
	Touches(f TouchFilter) ([]Touch, error)
	// TouchByProvider is the touch of a channel that a provider took under id.
	TouchByProvider(channel, id string) (Touch, error)
	// ManyTouchesOf enrollments, each as TouchesOf.
	ManyTouchesOf(enrollments []string) (map[string][]Touch, error)
}
