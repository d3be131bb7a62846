package intake

import (
	"slices"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

// What a contact can choose about outreach. optedIn is no suppression: it lifts
// the other two.
const (
	optedOut = "opted_out"
	paused   = "paused"
	optedIn  = "opted_in"
)

// choose writes a suppression, or takes one back. Of what a contact says about outreach the newest
// word holds: a no takes a pause back, and a pause a no. An older word that comes
// late lifts nothing.
func (b *batch) choose(m holdfast.Message, s store.Suppression) error {
	if via(m) != "" && m.Contact != "" && s.Kind != paused {
		no, err := b.refuses(m)
		if err != nil || no != (s.Kind == optedOut) {
			return err
		}
	}
	lifts := map[string][]string{optedOut: {paused}, paused: {optedOut}, optedIn: {optedOut, paused}}[s.Kind]
	if s.Kind == optedIn && via(m) != "" {
		lifts = []string{optedOut} // a pause was said to us
	}
	if s.Kind == paused {
		until, _ := m.Props["until"].(string)
		if end, err := time.Parse(time.RFC3339, until); err == nil {
			s.Until = end.UTC()
		} // a pause without an end lasts until it is taken back
	}
	if len(lifts) > 0 {
		kept, err := b.tx.Suppressions(s.Contact, s.Address)
		if err != nil {
			return err
		}
		for _, old := range kept {
			if !slices.Contains(lifts, old.Kind) || old.At.After(m.At) {
				continue
			}
			if err := b.tx.Unsuppress(old.Contact, old.Address, old.Kind); err != nil {
				return err
			}
		}
	}
	if s.Kind != optedIn {
		if err := b.tx.Suppress(s); err != nil {
			return err
		}
	}
	return b.tellProvider(m, s)
}

// tellProvider leaves word of an opt-out, and of its end. Bounces and complaints
// the provider knows by itself, and what it told or holds on its list too.
func (b *batch) tellProvider(m holdfast.Message, s store.Suppression) error {
	if (s.Kind != optedOut && s.Kind != optedIn) || via(m) != "" || m.Props["list"] != nil {
		return nil
	}
	b.poke = true
	return TellProvider(b.tx, m.Account, s.Address, optedOut, s.Kind == optedIn, b.now)
}
