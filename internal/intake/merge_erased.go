package intake

import (
	"errors"
	"fmt"
	"slices"

	"holdfast"
	"holdfast/internal/erased"
	"holdfast/internal/store"
)

// mergedErased is why an alias of somebody who was erased is not taken. It names
// nobody: an id may be an address.
const mergedErased = "one of the two was erased: nobody is merged with them, and nothing is sent to the other; to erase the other too: holdfast erase"

// parted keeps somebody who was erased from coming back by a merge. Whoever is said
// to be them is bound as erased, as a merge would bind them; nothing of m is kept.
func (b *batch) parted(m holdfast.Message) (bool, error) {
	if m.Contact == "" {
		return false, nil
	}
	if err := b.readMarks(); err != nil || !b.marks.Any() {
		return false, err
	}
	ids := []string{previous(m), m.Contact}
	for _, id := range slices.Clone(ids) {
		now, err := b.whoIs(id)
		if err != nil {
			return false, err
		}
		ids = append(ids, now)
	}
	var others []string
	for _, id := range ids {
		is, err := b.wasErased(id)
		if err == nil && !is && len(erased.Addresses(id)) > 0 {
			is, err = b.isGone("", b.marks.Address(id))
		}
		if err != nil {
			return false, err
		}
		if !is {
			others = append(others, id)
		}
	}
	if len(others) == len(ids) {
		return false, nil
	}
	for _, id := range others {
		if _, err := b.person(id); errors.Is(err, store.ErrNotFound) {
			continue
		} else if err != nil {
			return false, fmt.Errorf("read contact: %w", err)
		}
		if err := b.tx.Suppress(store.Suppression{Contact: id, Kind: erased.Kind, At: b.now}); err != nil {
			return false, fmt.Errorf("suppress who is said to be erased: %w", err)
		}
		b.forgot[id] = true
	}
	return true, nil
}
