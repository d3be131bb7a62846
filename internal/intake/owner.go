package intake

import (
	"errors"
	"fmt"

	"holdfast"
	"holdfast/internal/store"
)

// owner gives a message that names neither an account nor a contact the account of
// the object that it changes: a CRM says that a deal was lost, and not whose it
// is. What cannot be read stays without one, and is refused for that.
func (b *batch) owner(m *holdfast.Message) error {
	if m.Account != "" || m.Contact != "" || m.Kind != holdfast.Track {
		return nil
	}
	says, err := b.set.Apply(*m)
	if err != nil {
		return nil //nolint:nilerr // take says it when the message has an account
	}
	for _, o := range says.Objects {
		kept, err := b.tx.Object(o.Kind, o.Key)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", o.Kind, err)
		}
		m.Account = kept.Account
		return nil
	}
	return nil
}
