package intake

import (
	"fmt"

	"holdfast"
)

// via is where a contact said no or yes again, when that was not to us: one group
// of a provider, or all of it.
func via(m holdfast.Message) string {
	v, _ := m.Props["via"].(string)
	return v
}

// refuses reports whether an opt-out of the contact stands after all that they said,
// in the order in which they said it: providers tell of it in another. It counts
// whichever account it stands under: people change theirs. A yes takes back the noes
// of the same via; a yes said to us takes back every one.
func (b *batch) refuses(m holdfast.Message) (bool, error) {
	all, err := b.tx.OptOuts(m.Contact)
	if err != nil {
		return false, fmt.Errorf("read opt-outs: %w", err)
	}
	open := map[string]bool{}
	for _, e := range all {
		switch {
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
