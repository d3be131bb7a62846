package suppressions

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/intake"
	"holdfast/internal/store"
)

// Who is a contact, or an address with everybody behind it. One of the two is set.
type Who struct{ Contact, Address string }

// person is an address, and the contact who has it; "" when nobody we know does.
type person struct {
	store.Contact
	address string
}

// people finds who is meant. The error is a *holdfast.Error.
func (w Who) people(tx store.Tx) ([]person, error) {
	address := strings.ToLower(strings.TrimSpace(w.Address))
	if (w.Contact == "") == (address == "") {
		return nil, holdfast.Errorf(holdfast.Invalid, "name a contact or an address, one of the two")
	}
	if w.Contact != "" {
		c, err := tx.Contact(w.Contact)
		if errors.Is(err, store.ErrNotFound) {
			return nil, holdfast.Errorf(holdfast.NotFound, "there is no contact %q", w.Contact)
		}
		at, _ := c.Fields["email"].Value.(string)
		return []person{{c, strings.ToLower(strings.TrimSpace(at))}}, err
	}
	if !strings.Contains(address, "@") {
		return nil, holdfast.Errorf(holdfast.Invalid, "%q is no address", w.Address)
	}
	by, err := tx.ManyContactsAt([]string{address})
	all := []person{{address: address}} // the address itself, whoever has it tomorrow
	for _, c := range by[address] {
		all = append(all, person{c, address})
	}
	return all, err
}

// Add suppresses somebody by hand. Playbooks learn of it as of a provider's word:
// exits act in the same transaction. The provider is told of what binds all its
// mail: an opt-out and an erasure. emit comes last; afterwards the relay is poked.
func Add(tx store.Tx, emit func(store.Tx, holdfast.Message) error, who Who, kind, by string, now time.Time) error {
	if !slices.Contains(Kinds, kind) {
		return holdfast.Errorf(holdfast.Invalid, "there is no suppression of kind %q; the kinds are %s", kind, strings.Join(Kinds, ", "))
	}
	people, err := who.people(tx)
	if err != nil {
		return err
	}
	told := func(p person) bool { return p.ID != "" && kind != "erased" } // nobody is told more about who was erased
	for _, p := range people {
		var errs []error
		if !told(p) {
			errs = append(errs, tx.Suppress(store.Suppression{Contact: p.ID, Address: p.address, Kind: kind, At: now}))
		}
		if kind == "opted_out" || kind == "erased" {
			errs = append(errs, intake.TellProvider(tx, p.Account, p.address, kind, false, now))
		}
		if err := errors.Join(errs...); err != nil {
			return err
		}
	}
	for _, p := range people {
		if !told(p) { // the event of the others suppresses them
			continue
		}
		m := event(kind, p.Contact, p.address, now)
		m.ID, m.Props["by"] = "hand/"+p.ID+"/"+kind+"/"+strconv.FormatInt(now.UnixMicro(), 10), by
		if err := emit(tx, m); err != nil {
			return err
		}
	}
	return nil
}

// Lift ends suppressions of a kind. The provider is told to write to the address
// again. The error is a *holdfast.Error when there is none, and for an erasure,
// which is not lifted.
func Lift(tx store.Tx, who Who, kind string, now time.Time) error {
	if kind == "erased" {
		return holdfast.Errorf(holdfast.Invalid, "an erasure is not lifted: whoever comes back is a new contact with a new address")
	}
	if !slices.Contains(Kinds, kind) {
		return holdfast.Errorf(holdfast.Invalid, "there is no suppression of kind %q; the kinds are %s", kind, strings.Join(Kinds, ", "))
	}
	people, err := who.people(tx)
	if err != nil {
		return err
	}
	there := false
	for _, p := range people {
		was, err := tx.Suppressions(p.ID, p.address)
		if err != nil {
			return err
		}
		there = there || slices.ContainsFunc(was, func(s store.Suppression) bool { return s.Kind == kind })
		if err := tx.Unsuppress(p.ID, p.address, kind); err != nil {
			return err
		}
	}
	if !there {
		return holdfast.Errorf(holdfast.NotFound, "nobody there is suppressed as %s", kind)
	}
	for _, p := range people {
		left, err := tx.Suppressions(p.ID, p.address)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(left, func(s store.Suppression) bool { return s.Kind == "erased" }) {
			continue // the global list holds an erasure too
		}
		if err := intake.TellProvider(tx, p.Account, p.address, kind, true, now); err != nil {
			return err
		}
	}
	return nil
}
