package intake

import (
	"cmp"
	"errors"
	"fmt"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/rules"
)

// A message of kind alias says that an account or a contact was another one all
// along: Props["previous"] is the id that is no more, and Contact or, without one,
// Account is the survivor. The survivor takes all that was kept under the id, here
// and in the ledger, and every later message that names it. When the two differ:
//
//   - of each field the newer event time counts, ties by message id, as ever
//   - of two running enrollments of a playbook the older goes on, and the younger
//     ends as merged; what either entered by enters no more
//   - suppressions are the union, and so are holds; the longer rest holds
//   - metrics are added
//   - a condition that was true of either was true before, so it starts nothing
//   - the survivor's arm of a holdout counts, where it has one
//
// It may come before, between or after the messages about either, and again.

// Merged is the outcome of an enrollment that ended because its account has become
// another one that is in the playbook already.
const Merged = "merged"

// previous is the id that an alias is about, or "".
func previous(m holdfast.Message) string {
	id, _ := m.Props[holdfast.Previous].(string)
	return id
}

// who is the id under which an account is kept: id itself, or whom it has become.
func (b *batch) who(id string) (string, error) {
	if id == "" || b.sheets[id] != nil {
		return id, nil
	}
	a, err := b.account(id)
	if err == nil {
		if b.read == nil {
			b.read = map[string]store.Account{}
		}
		b.read[id] = a
	}
	if !errors.Is(err, store.ErrNotFound) {
		return id, err
	}
	return b.became(store.OfAccount, id)
}

// whoIs is who for a contact.
func (b *batch) whoIs(id string) (string, error) {
	if id == "" {
		return id, nil
	}
	_, err := b.person(id)
	if !errors.Is(err, store.ErrNotFound) {
		return id, err
	}
	return b.became(store.OfContact, id)
}

// became looks an id up of which nothing is kept.
func (b *batch) became(kind, id string) (string, error) {
	prefix := ""
	if kind == store.OfContact {
		prefix = "/"
	}
	if b.group != nil && b.group.asked[prefix+id] {
		return cmp.Or(b.group.became[prefix+id], id), nil
	}
	all, err := b.tx.Aliases(kind, []string{id})
	if err != nil {
		return id, fmt.Errorf("read aliases: %w", err)
	}
	return cmp.Or(all[id], id), nil
}

// named puts whom they have become in the place of the account and the contact
// of m.
func (b *batch) named(m *holdfast.Message) (err error) {
	if m.Contact, err = b.whoIs(m.Contact); err == nil {
		m.Account, err = b.who(m.Account)
	}
	if err != nil {
		return fmt.Errorf("read who it is about: %w", err)
	}
	return nil
}

// takeMerge takes the i-th message, an alias.
func (b *batch) takeMerge(i int, m holdfast.Message) error {
	if is, err := b.parted(m); err != nil {
		return err
	} else if is {
		b.reject(i, b.marks.ID(m.ID), mergedErased)
		return nil
	}
	from, into, why, err := b.pair(&m)
	if err != nil {
		return err
	}
	if err := b.forget(&m); err != nil { // addresses in what else it says
		return err
	}
	if why != "" {
		b.reject(i, m.ID, why)
		return nil
	}
	seq, fresh, err := b.enter(m)
	if err != nil || !fresh || from == into { // equal: they are one already
		return err
	}
	b.former, b.joined = nil, nil
	var s *sheet
	var ch changes
	if m.Contact != "" {
		s, ch, err = b.mergeContacts(m, from, into)
	} else {
		s, ch, err = b.mergeAccounts(m, from, into)
	}
	if err == nil && b.actor != "" && b.joined != nil {
		err = audited(b.actor, b.tx, m, b)
	}
	if err != nil || s == nil || b.mode == History {
		return err
	}
	return b.react(s, m, seq, rules.Changes{}, ch)
}

// pair is the two that m makes one, each as it is known today; why it cannot be.
func (b *batch) pair(m *holdfast.Message) (from, into, why string, err error) {
	raw, old, who := m.Account, previous(*m), b.who
	if m.Contact != "" {
		raw, who = m.Contact, b.whoIs
	}
	if from, err = who(old); err != nil {
		return "", "", "", err
	}
	if into, err = who(raw); err != nil {
		return "", "", "", err
	}
	if from == into && raw != into && old == into {
		return "", "", fmt.Sprintf("%q has become %q already, and cannot take it in", clip(raw), clip(old)), nil
	}
	if m.Contact == "" {
		m.Account = into
		return from, into, "", nil
	}
	m.Contact = into
	if m.Account, err = b.who(m.Account); err != nil {
		return "", "", "", err
	}
	for _, id := range []string{from, into} { // where the survivor is, or else the other
		p, err := b.person(id)
		if err == nil {
			m.Account = p.Account
		} else if !errors.Is(err, store.ErrNotFound) {
			return "", "", "", err
		}
	}
	return from, into, "", nil
}

// mergeLine says on the timeline that two are one.
func (b *batch) mergeLine(kind, account, from, into string) error {
	return b.tx.AddLine(store.Line{
		Key: "merge/" + kind + "/" + from, At: b.now, Account: account, Kind: "merge", Outcome: Merged,
		Reason: kind + " " + clip(from) + " has become " + clip(into),
	})
}
