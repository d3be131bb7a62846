package intake

import (
	"errors"
	"fmt"
	"slices"

	"holdfast"
	"holdfast/internal/store"
)

// mergeContacts makes from part of into. Neither has become another. Nothing is known
// of the survivor when the sheet is nil.
func (b *batch) mergeContacts(m holdfast.Message, from, into string) (*sheet, changes, error) {
	ch := changes{}
	if err := b.tx.PutAlias(store.Alias{Kind: store.OfContact, ID: from, Into: into, At: m.At}); err != nil {
		return nil, ch, err
	}
	old, err := b.person(from)
	if err := none(err); err != nil {
		return nil, ch, fmt.Errorf("read contact: %w", err)
	}
	p, err := b.person(into)
	if err := none(err); err != nil {
		return nil, ch, fmt.Errorf("read contact: %w", err)
	}
	var accounts []string
	for _, one := range []*person{old, p} {
		if one != nil {
			note(&accounts, one.Account)
		}
	}
	if old != nil {
		if p, err = b.onePerson(old, p, into, &ch); err != nil {
			return nil, ch, err
		}
	}
	if err := b.stillNo(from, p); err != nil {
		return nil, ch, err
	}
	if err := b.tx.MoveContact(from, into, accounts); err != nil {
		return nil, ch, fmt.Errorf("move contact: %w", err)
	}
	b.joined = &Joined{Fields: slices.Sorted(slices.Values(ch.Contact))}
	delete(b.people, from)
	b.group, b.waiting = nil, nil
	b.in.outlook.forgetAll()
	if p == nil {
		return nil, ch, nil
	}
	b.met = append(b.met, into) // what waited for the other is theirs
	if err := errors.Join(b.mergeLine("contact", p.Account, from, into), b.awaken(accounts, into)); err != nil {
		return nil, ch, err
	}
	s, err := b.sheet(p.Account)
	return s, ch, err
}

// onePerson gives p, who may be nobody yet, the fields of old that are newer, and its
// account where that was said later.
func (b *batch) onePerson(old, p *person, into string, ch *changes) (*person, error) {
	if p == nil {
		p = &person{Contact: store.Contact{ID: into, Account: old.Account, Fields: map[string]store.Field{}}}
		if f, placed := old.Fields[store.PlacedBy]; placed {
			p.Fields[store.PlacedBy] = f
		}
		b.people[into] = p
	}
	p.joins(old)
	for name, f := range old.Fields {
		was, there := p.Fields[name]
		if name == store.PlacedBy || there && !newer(was, f) {
			continue
		}
		p.Fields[name] = f
		if !equal(was.Value, f.Value) {
			note(&ch.Contact, name)
		}
	}
	p.rec = nil
	return p, b.tx.PutContact(p.Contact)
}

// stillNo tells the e-mail provider of a no to the one that holds for the other's
// address too.
func (b *batch) stillNo(from string, p *person) error {
	if p == nil {
		return nil
	}
	noes, err := b.tx.Suppressions(from, "")
	if err != nil {
		return fmt.Errorf("read suppressions: %w", err)
	}
	address, _ := p.Fields["email"].Value.(string)
	if !slices.ContainsFunc(noes, func(s store.Suppression) bool { return s.Kind == optedOut && !sameAddress(s.Address, address) }) {
		return nil
	}
	b.poke = true
	return TellProvider(b.tx, p.Account, address, optedOut, false, b.now)
}

// awaken has enrollments that are about a contact look at them again.
func (b *batch) awaken(accounts []string, contact string) error {
	for _, id := range accounts {
		s, err := b.sheet(id)
		if err != nil {
			return err
		}
		s.runs, s.loaded = nil, false
		runs, err := b.runs(s)
		if err != nil {
			return err
		}
		for _, e := range runs {
			if e.Contact != contact || e.Status != "active" {
				continue
			}
			b.poke = true
			if err := b.tx.Wake(e.ID); err != nil {
				return err
			}
		}
	}
	return nil
}
