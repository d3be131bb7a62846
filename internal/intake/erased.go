package intake

import (
	"fmt"
	"slices"

	"holdfast"
	"holdfast/internal/erased"
	"holdfast/internal/store"
)

// forget keeps what is told again of people who were erased from coming back: a
// message of theirs keeps nothing that tells of them, and is the mark's; whoever
// comes with an address that was erased is erased; an address elsewhere is gone.
func (b *batch) forget(m *holdfast.Message) error {
	if err := b.readMarks(); err != nil || !b.marks.Any() {
		return err
	}
	if m.Contact != "" {
		is, err := b.wasErased(m.Contact)
		if err != nil {
			return err
		}
		if is {
			if !erased.Is(m.Contact) {
				m.Contact = b.markOf(m.Contact)
			}
			*m = b.marks.Strip(*m)
		}
	}
	var known []string
	for _, a := range erased.Addresses(any(m.Props)) {
		is, err := b.isGone("", b.marks.Address(a))
		if err != nil {
			return err
		}
		if is && !slices.Contains(known, a) {
			known = append(known, a)
		}
	}
	if len(known) == 0 {
		return nil
	}
	if m.Contact != "" {
		says, err := b.set.Apply(*m)
		if email, _ := says.Contact["email"].(string); err == nil && slices.ContainsFunc(known, func(a string) bool { return sameAddress(a, email) }) {
			if err := b.tx.Suppress(store.Suppression{Contact: m.Contact, Kind: erased.Kind, At: b.now}); err != nil {
				return fmt.Errorf("suppress who comes back: %w", err)
			}
			b.forgot[m.Contact] = true
			*m = b.marks.Strip(*m)
			return nil
		}
	}
	m.Props, _ = erased.Without(m.Props, known).(map[string]any)
	return nil
}

func (b *batch) readMarks() error {
	if b.marks != nil {
		return nil
	}
	marks, err := erased.Read(b.tx)
	if err != nil {
		return fmt.Errorf("read erasures: %w", err)
	}
	b.marks, b.forgot = &marks, map[string]bool{}
	return nil
}

// wasErased reports whether somebody was, under this id or before it became a mark.
func (b *batch) wasErased(contact string) (bool, error) {
	if erased.Is(contact) {
		return true, nil
	}
	if is, err := b.isGone(b.marks.Contact(contact), ""); is || err != nil {
		return is, err
	}
	return b.isGone(contact, "")
}

// markOf is who stands for a contact: their mark, or they themselves when they came
// back under another id.
func (b *batch) markOf(contact string) string {
	if mark := b.marks.Contact(contact); b.forgot[mark] {
		return mark
	}
	return contact
}

func (b *batch) isGone(contact, address string) (bool, error) {
	if is, known := b.forgot[contact+address]; known {
		return is, nil
	}
	is, err := erased.Holds(b.tx, contact, address)
	if err == nil {
		b.forgot[contact+address] = is
	}
	return is, err
}
