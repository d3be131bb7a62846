package intake

import (
	"fmt"
	"slices"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/triggers"
)

// Run is a playbook that a running enrollment starts for its own account.
type Run struct {
	Playbook, Account, Contact string
	Occurrence                 string // tells one start from another
	Parent                     string // the parent's playbook, for words
}

// Ran says what became of a Run: the enrollment, or why there is none. Outcome
// is set when it has ended already.
type Ran struct{ ID, Refused, Outcome string }

// RunTrigger is the Trigger of an enrollment that another one started.
const RunTrigger = "run"

// Start starts another playbook inside a transaction that someone else owns, by
// that playbook's rules of entry. The same occurrence again is the same
// enrollment. It comes after the caller's own writes of enrollments.
func (in *Intake) Start(tx store.Tx, r Run) (Ran, error) {
	b := in.batch(tx, Live)
	book := b.watch.byName[r.Playbook]
	if book == nil {
		return Ran{Refused: "there is no such playbook"}, nil
	}
	s, err := b.sheet(r.Account)
	if err != nil {
		return Ran{}, err
	}
	trig := &triggers.Trigger{ID: RunTrigger, Kind: RunTrigger}
	key := entryKey(book.Enroll.OncePer, trig.ID, r.Occurrence)
	id := holdfast.EnrollmentID(book.Name, r.Account, key)
	f := b.facts(s, r.Contact)
	runs, err := b.runs(s)
	if err != nil {
		return Ran{}, err
	}
	entry := func(e store.Enrollment) bool { return e.Playbook == book.Name && e.EntryKey == key }
	if i := slices.IndexFunc(runs, entry); i >= 0 {
		id = runs[i].ID // it began under the id of an account that has become this one
	} else {
		if refused, err := b.refusal(s, f, book, runs); err != nil || refused != "" {
			return Ran{Refused: refused}, err
		}
		w := why{ref: ref{book, trig}, occurrence: r.Occurrence, contact: r.Contact, words: "started by " + r.Parent}
		if err := b.start(s, f, w); err != nil {
			return Ran{}, err
		}
		if err := b.flush(); err != nil {
			return Ran{}, err
		}
	}
	e, err := tx.Enrollment(id)
	if err != nil {
		return Ran{}, fmt.Errorf("read enrollment %s: %w", id, err)
	}
	if e.Occurrence != r.Occurrence {
		return Ran{Refused: "it entered on " + e.StartedAt.Format("2006-01-02") + " already, and enters once"}, nil
	}
	return Ran{ID: id, Outcome: e.Outcome}, nil
}
