package intake

import (
	"fmt"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

// via is where a contact said no or yes again, when that was not to us: one group
// of a provider, or all of it.
func via(m holdfast.Message) string {
	v, _ := m.Props["via"].(string)
	return v
}

// optedOut reports whether an opt-out of the contact stands after all that they said,
// in the order in which they said it: providers tell of it in another. A yes takes
// back the noes of the same via; a yes said to us takes back every one.
func (b *batch) optedOut(m holdfast.Message) (bool, error) {
	all, err := b.tx.Events(m.Account, []string{holdfast.EventOptedOut, holdfast.EventOptedIn}, time.Time{}, time.Time{}, 0)
	if err != nil {
		return false, fmt.Errorf("read opt-outs: %w", err)
	}
	open := map[string]bool{}
	for _, e := range all {
		switch {
		case e.Contact != m.Contact:
		case e.Event == holdfast.EventOptedOut:
			open[via(e.Message)] = true
		case via(e.Message) == "":
			clear(open)
		default:
			delete(open, via(e.Message))
		}
	}
	return len(open) > 0, nil
}

// optIn lifts the opt-outs of a contact when none stands any more. What bounced,
// was reported as spam or erased stays as it is.
func (b *batch) optIn(m holdfast.Message, address string) error {
	stands, err := b.optedOut(m)
	if err != nil || stands {
		return err
	}
	noes, err := b.tx.Suppressions(m.Contact, address)
	if err != nil {
		return fmt.Errorf("read suppressions: %w", err)
	}
	for _, no := range noes {
		if no.Kind != "opted_out" {
			continue
		}
		if err := b.tx.Lift(no); err != nil {
			return err
		}
	}
	return nil
}

// optOut keeps a no, unless the contact has taken it back since.
func (b *batch) optOut(m holdfast.Message, no store.Suppression) error {
	if m.Contact != "" && via(m) != "" {
		stands, err := b.optedOut(m)
		if err != nil || !stands {
			return err
		}
	}
	return b.tx.Suppress(no)
}
