package intake

import (
	"holdfast"
	"holdfast/internal/store"
)

// Whose a contact is, is decided by the newest group or identify that names their
// account itself, by event time, ties by message id; a CRM's and a file's are such.
// An event that names one places only somebody of whom none of these says anything:
// of several the first that happened counts, so that one more from the same account
// need not be written. In whatever order all of them come, the same account is left.
//
// What has placed them is kept as the field store.PlacedBy; true of a group or an
// identify. Somebody without it was there before it was kept: any group or identify
// is newer.

// word is what m says of whose its contact is.
func word(m holdfast.Message) store.Field {
	return field(m, m.Kind != holdfast.Track && m.Event == "")
}

// heeds reports whether f counts more than what has placed p.
func (p *person) heeds(f store.Field) bool {
	old, placed := p.Fields[store.PlacedBy]
	firm, was := f.Value == true, old.Value == true
	switch {
	case firm != was:
		return firm
	case firm:
		return later(old, f)
	}
	return placed && later(f, old)
}

// joins is p, into whom old has become, at the account that counts for both.
func (p *person) joins(old *person) {
	if f, placed := old.Fields[store.PlacedBy]; placed && p.heeds(f) {
		p.Account, p.Fields[store.PlacedBy] = old.Account, f
	}
}
