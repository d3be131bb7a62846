// Package privacy takes a person out of everything that is kept, shows them what
// is kept of them, and removes what is older than the project keeps.
package privacy

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"holdfast"
	"holdfast/internal/clock"
	"holdfast/internal/erased"
	"holdfast/internal/store"
)

// Outcome is how an enrollment ends whose contact is erased.
const Outcome = "erased"

// page is how many rows one transaction looks at.
const page = 200

// Tasks are what is done about tasks beside their words; see activities.
type Tasks interface {
	Abandon(tx store.Tx, task, reason string, at time.Time) error
	Redraw(tx store.Tx, task string) error
}

// Eraser erases people. Safe for concurrent use, and for several processes at
// once: how far an erasure is lies in its row.
type Eraser struct {
	Store store.Store
	Clock clock.Clock
	Tasks Tasks
	Poke  func() // after a commit that left work for the relay
}

// work is how far an erasure is, and whom it looks for.
type work struct {
	Person   person   `json:"person"`
	Accounts []string `json:"accounts"`
	Account  int      `json:"account"` // which of them is at hand
	Table    int      `json:"table"`   // which of store.Texts, for all accounts
	After    string   `json:"after,omitempty"`
	Settled  bool     `json:"settled,omitempty"` // no mail to them is under way any more
}

// Report of an erasure. Rows counts, by table, those that were changed or, in a
// dry run, would be.
type Report struct {
	ID          string         `json:"id"` // stands for the person from now on
	Account     string         `json:"account"`
	Began       time.Time      `json:"began,omitzero"`
	Done        time.Time      `json:"done,omitzero"`
	Enrollments int            `json:"enrollments_ended"`
	Shared      int            `json:"sharing_the_address,omitempty"` // others, who are bound as well
	Rows        map[string]int `json:"rows"`
	Waits       string         `json:"waits_for,omitempty"` // why it is not done
}

// Begin binds a contact as erased, ends the enrollments they are the contact of and
// forgets their row, in one transaction. From its commit nothing is claimed for
// them. Run does the rest. Who was erased already is no error: their report comes
// back. The error is a *holdfast.Error of code not_found for an unknown contact.
func (e *Eraser) Begin(ctx context.Context, contact, by, reason string) (Report, error) {
	f, err := e.find(ctx, contact)
	if err != nil {
		return Report{}, err
	}
	var r Report
	err = e.Store.Update(ctx, func(tx store.Tx) error {
		marks, err := erased.Make(tx, rand.Reader)
		if err != nil {
			return err
		}
		row, err := was(tx, marks, contact)
		if err == nil {
			r, err = reportOf(row)
			return err
		}
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if r, err = e.begin(tx, marks, f, by, reason); err != nil {
			return err
		}
		if row, err = tx.Erasure(r.ID); err != nil {
			return fmt.Errorf("read erasure %s: %w", r.ID, err)
		}
		return store.Audited(ctx, tx, r.Began, row.By, "contact.erase", r.ID, map[string]any{"enrollments": r.Enrollments, "shared": r.Shared})
	})
	if err != nil {
		return Report{}, err
	}
	e.poke()
	return r, nil
}

// unknown is what is said of a contact whom nobody knows. It repeats no id, which
// may be an address.
func unknown() error {
	err := holdfast.Errorf(holdfast.NotFound, "there is no such contact")
	err.Hint = "contacts are named by their id, as the messages that tell of them name them"
	return err
}

func (e *Eraser) begin(tx store.Tx, marks erased.Marks, f found, by, reason string) (Report, error) {
	c, err := f.known(tx)
	if err != nil {
		return Report{}, err
	}
	if f.former, err = formerOf(tx, f.contact); err != nil { // somebody may have become them meanwhile
		return Report{}, err
	}
	now := e.Clock.Now()
	p, accounts := newPerson(c, f.former, f.told...), f.accounts
	row := store.Erasure{ID: marks.Contact(c.ID), Contact: c.ID, Account: c.Account, By: by, BegunAt: now}
	p.Mark = row.ID
	s := p.seeker()
	s.marks = marks
	row.Reason, _ = s.prose(reason)
	if row.By, _ = s.prose(by); row.By == "" {
		row.By = "someone"
	}
	r := Report{ID: row.ID, Account: c.Account, Began: now, Rows: map[string]int{}}
	others, err := e.bind(tx, marks, c, p, now)
	if err != nil {
		return r, err
	}
	r.Shared = len(others)
	for _, o := range others {
		accounts = append(accounts, o.Account)
	}
	err = tx.DropContact(c.ID)
	if err == nil && c.Account != "" {
		err = tx.PutContact(store.Contact{ID: row.ID, Account: c.Account})
	}
	if err != nil {
		return r, fmt.Errorf("forget the contact: %w", err)
	}
	if r.Enrollments, err = leave(tx, p, accounts, now); err != nil {
		return r, err
	}
	return r, put(tx, &row, work{Person: p, Accounts: unique(accounts)}, r)
}

// bind lets the suppression list know the person by marks alone, and binds the
// others who have their address.
func (e *Eraser) bind(tx store.Tx, marks erased.Marks, c store.Contact, p person, now time.Time) (others []store.Contact, err error) {
	for _, id := range p.Former { // what comes under it is told of them
		if err := tx.Suppress(store.Suppression{Contact: marks.Contact(id), Kind: erased.Kind, At: now}); err != nil {
			return nil, fmt.Errorf("suppress: %w", err)
		}
	}
	for _, address := range append([]string{""}, p.Addresses...) {
		old, err := tx.Suppressions(c.ID, address)
		if err != nil {
			return nil, fmt.Errorf("read suppressions: %w", err)
		}
		for _, s := range old {
			if err := tx.Unsuppress(c.ID, address, s.Kind); err != nil {
				return nil, fmt.Errorf("forget suppressions: %w", err)
			}
		}
		s := store.Suppression{Contact: p.Mark, Kind: erased.Kind, At: now}
		if address != "" {
			s.Address = marks.Address(address)
		}
		if err := tx.Suppress(s); err != nil {
			return nil, fmt.Errorf("suppress: %w", err)
		}
	}
	by, err := tx.ManyContactsAt(p.Addresses)
	if err != nil {
		return nil, fmt.Errorf("find who shares the address: %w", err)
	}
	for _, address := range p.Addresses {
		for _, o := range by[address] {
			if o.ID == c.ID {
				continue
			}
			if err := tx.Suppress(store.Suppression{Contact: o.ID, Kind: erased.Kind, At: now}); err != nil {
				return nil, fmt.Errorf("suppress: %w", err)
			}
			others = append(others, o)
		}
	}
	return others, nil
}

// leave tells the running enrollments of a contact to end.
func leave(tx store.Tx, p person, accounts []string, now time.Time) (n int, err error) {
	for _, account := range accounts {
		runs, err := tx.EnrollmentsOf(account, true)
		if err != nil {
			return n, fmt.Errorf("read enrollments: %w", err)
		}
		for _, run := range runs {
			if !p.is(run.Contact) {
				continue
			}
			n++
			err := tx.Signal(store.Signal{Enrollment: run.ID, Kind: "exit", Outcome: Outcome, Reason: "the contact was erased", At: now})
			if err != nil {
				return n, fmt.Errorf("end enrollment %s: %w", run.ID, err)
			}
		}
	}
	return n, nil
}

// put writes the row of an erasure. A done one names nobody.
func put(tx store.Tx, row *store.Erasure, w work, r Report) (err error) {
	if row.Found, err = json.Marshal(r); err != nil {
		return err
	}
	row.Work = nil
	if row.DoneAt.IsZero() {
		if row.Work, err = json.Marshal(w); err != nil {
			return err
		}
	} else {
		row.Contact = ""
	}
	return tx.PutErasure(*row)
}

func reportOf(row store.Erasure) (r Report, err error) {
	if err := json.Unmarshal(row.Found, &r); err != nil {
		return r, fmt.Errorf("read erasure %s: %w", row.ID, err)
	}
	r.Done = row.DoneAt
	return r, nil
}

func (e *Eraser) poke() {
	if e.Poke != nil {
		e.Poke()
	}
}

// Erased lists all erasures, by when they began.
func Erased(ctx context.Context, st store.Store) (all []Report, err error) {
	err = st.View(ctx, func(tx store.Tx) error {
		rows, err := tx.Erasures(false, 0)
		all = nil
		for _, row := range rows {
			r, err := reportOf(row)
			if err != nil {
				return err
			}
			all = append(all, r)
		}
		return err
	})
	return all, err
}
