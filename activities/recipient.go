package activities

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"holdfast"
	"holdfast/guards"
	"holdfast/internal/calendar"
	"holdfast/internal/erased"
	"holdfast/internal/facts"
	"holdfast/internal/store"
	"holdfast/rules"
	"holdfast/steps"
)

// noRecipient is why a touch is dropped that has nobody to go to.
const noRecipient = "no_recipient"

// recipient is who a touch goes to. The ledger, the timeline and Temporal know
// id alone: a contact id, an id of our team, or a #channel.
type recipient struct {
	id           string
	contact      string // "" for our own people
	record       rules.Record
	address      holdfast.Address
	sharing      []string // other contacts of the account with the same address
	suppressions []store.Suppression
	place        place
	work         calendar.Work // of our own people
}

// addressee finds the first of refs (contact, contacts.<role>) who may be
// written to: a suppressed person falls through to the next. The decision is
// Drop when there is none: for the first one's suppression, or no_recipient.
func (w *walk) addressee(refs []string, channel string, byMail bool) (recipient, guards.Decision, error) {
	people, err := w.tx.Contacts(w.e.Account)
	if err != nil {
		return recipient{}, guards.Decision{}, fmt.Errorf("read contacts: %w", err)
	}
	nobody := recipient{id: joined(refs), place: w.place}
	no := guards.Decision{Kind: guards.Drop, Reason: noRecipient, Detail: "nobody is known as " + joined(refs)}
	for _, ref := range refs {
		for _, c := range people {
			r := w.contact(c)
			if !w.means(ref, r) || (byMail && r.address.Email == "") {
				continue
			}
			d, err := w.suppressed(&r, channel)
			if err != nil {
				return recipient{}, guards.Decision{}, err
			}
			if d.Kind == guards.Go {
				r.sharing = w.sharing(r, people)
				return r, d, nil
			}
			if no.Reason == noRecipient {
				nobody, no = r, d
			}
		}
	}
	return nobody, no, nil
}

// sharing are the others of people who read r's mail.
func (w *walk) sharing(r recipient, people []store.Contact) (ids []string) {
	for _, c := range people {
		if c.ID != r.contact && r.address.Email != "" && strings.EqualFold(text(facts.Person(w.set, c), "email"), r.address.Email) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// means reports whether ref names r.
func (w *walk) means(ref string, r recipient) bool {
	if ref == "contact" {
		return r.contact == w.e.Contact
	}
	role, ok := strings.CutPrefix(ref, "contacts.")
	return ok && text(r.record, "role") == role
}

func (w *walk) contact(c store.Contact) recipient {
	rec := facts.Person(w.set, c)
	return recipient{
		id: c.ID, contact: c.ID, record: rec,
		address: holdfast.Address{
			ID: c.ID, Email: text(rec, "email"),
			Name: strings.TrimSpace(text(rec, "first_name") + " " + text(rec, "last_name")),
		},
		place: w.project.place(w.v.Rails.Zone, w.facts.Account, rec),
	}
}

// suppressed reads what is known against writing to r, and asks the guards that
// read it.
func (w *walk) suppressed(r *recipient, channel string) (guards.Decision, error) {
	var err error
	if r.suppressions, err = w.tx.Suppressions(r.contact, strings.ToLower(r.address.Email)); err != nil {
		return guards.Decision{}, fmt.Errorf("read suppressions: %w", err)
	}
	marks, err := erased.Read(w.tx)
	if err != nil {
		return guards.Decision{}, err
	}
	if marks.Any() && r.address.Email != "" {
		gone, err := w.tx.Suppressions("", marks.Address(r.address.Email))
		if err != nil {
			return guards.Decision{}, fmt.Errorf("read suppressions: %w", err)
		}
		r.suppressions = append(r.suppressions, gone...)
	}
	ask := guards.Ask{Now: w.now, Class: w.v.Class, Channel: channel, Suppressions: r.suppressions}
	for _, g := range []guards.Guard{guards.Suppressed, guards.OptedOut, guards.Paused} {
		d, err := g.Check(ask)
		if err != nil || d.Kind != guards.Go {
			return d, err
		}
	}
	return guards.Decision{}, nil
}

// ours is one of our own people who is there, or a #channel. There always is someone.
func (w *walk) ours(ref string) recipient { return w.recipient(w.who(ref)) }

func (w *walk) recipient(who someone) recipient {
	return recipient{id: who.id(), address: who.address(), place: w.project.ours(who), work: w.project.work(who)}
}

// who does the work of whom ref names: they, or whoever stands in for them.
func (w *walk) who(ref string) someone { return w.project.present(w.named(ref), w.now) }

// named is one of our own people, there or not, as resolve finds them, or whom a
// field of an open item names.
func (w *walk) named(ref string) someone {
	root, field, _ := strings.Cut(ref, ".")
	if item, open := w.cmd.Items[root]; open {
		named, _ := item[field].(string)
		if one, ok := w.project.person(named); ok {
			return someone{Person: one}
		}
		return w.project.fallback("unknown_owner")
	}
	return w.project.resolve(ref, w.facts.Account)
}

// zone of a person, or the project's.
func (s someone) zone() string {
	if s.Timezone == "" {
		return "project"
	}
	return s.Timezone
}

// ask asks all guards; a says what the touch is.
func (w *walk) ask(r recipient, a guards.Ask) (guards.Decision, error) {
	a.Now, a.Enrollment, a.Playbook, a.Class, a.Lane = w.now, w.e.ID, w.v.Name, w.v.Class, w.v.Lane
	a.Arm, a.Shadow, a.WhenPreempted, a.Due = w.e.Arm, w.v.Shadow, w.v.WhenPreempted, w.due()
	if wait := steps.WaitAt(w.in.State, w.cmd.Path); wait != nil && wait.Kind == "shift" && !w.now.Before(wait.Until) {
		a.Found = wait.Until
	}
	a.Days, a.Zone, a.ZoneFrom, a.FiscalStart = r.place.days, r.place.zone, r.place.from, w.fiscalStart()
	a.Suppressions = r.suppressions
	a.Count = func(what, per string, since time.Time) (int, error) { return w.count(r, what, per, since) }
	a.Oldest = func(what, per string, since time.Time) (time.Time, error) { return oldest(a, what, per, since) }
	if w.project.Spread {
		a.Spread = spread(w.e.Account, w.cmd.Step.ID)
	}
	exit, err := w.tx.ExitOf(w.e.ID)
	switch {
	case err == nil:
		a.Exited = &exit
	case !errors.Is(err, store.ErrNotFound):
		return guards.Decision{}, fmt.Errorf("read exit: %w", err)
	}
	if a.Stopped, err = stopped(w.tx, w.e.Playbook); err != nil {
		return guards.Decision{}, err
	}
	if a.Rests, err = w.rests(); err != nil {
		return guards.Decision{}, err
	}
	if a.Holds, err = w.tx.Holds(w.e.Account, w.now); err != nil {
		return guards.Decision{}, fmt.Errorf("read holds: %w", err)
	}
	if a.Stronger, err = w.rival(); err != nil {
		return guards.Decision{}, err
	}
	if !a.Human { // the days to avoid are the human's own business
		if a.Calendars, err = w.calendars(); err != nil {
			return guards.Decision{}, err
		}
	}
	return guards.Check(a)
}

// due is when the touch at hand was to go: the end of the wait that led to it, or
// when it was first kept back. It is zero for one that came with nothing to wait for.
func (w *walk) due() time.Time {
	wait := steps.WaitAt(w.in.State, w.cmd.Path)
	if wait != nil && (wait.Kind == "park" || wait.Reason == "held") {
		return wait.Since
	}
	return w.cmd.Due
}

// calendars are those that the playbook avoids and that hold for the account.
func (w *walk) calendars() ([]guards.Calendar, error) {
	var hold []guards.Calendar
	for _, c := range w.v.Calendars {
		yes, err := c.Holds(w.facts)
		if err != nil {
			return nil, fmt.Errorf("calendar %s: %w", c.Name, err)
		}
		if yes {
			hold = append(hold, c.Named)
		}
	}
	return hold, nil
}

func joined(refs []string) string { return strings.Join(refs, ", ") }
