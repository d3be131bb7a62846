package store

import (
	"fmt"
	"time"
)

// What can become another.
const (
	OfAccount = "account"
	OfContact = "contact"
)

// Alias says that what was known under ID is Into: two records were one all along.
type Alias struct {
	Kind     string // OfAccount or OfContact
	ID, Into string
	At       time.Time // when we learned of it
}

// Merges remember which accounts and contacts became others, and move what is kept
// under their ids. An id that has become another never comes back.
type Merges interface {
	// Aliases are whom ids of a kind have become, by id, each the last of its chain.
	// An id that has become nobody is absent.
	Aliases(kind string, ids []string) (map[string]string, error)
	// AliasesOf are those that have become into, by ID.
	AliasesOf(kind, into string) ([]Alias, error)
	// PutAlias keeps a; whoever had become a.ID has become a.Into. The error is one of
	// an alias that would make a circle: a.Into has become another, or is a.ID.
	PutAlias(a Alias) error

	// MoveAccount gives the contacts, objects, events, metrics, rests, holds,
	// enrollments, listeners, tasks, approvals, touches and messages of an account, and
	// the lines of its enrollments, to another, and forgets the account. Metrics are
	// added; the longer rest for a scope holds; of two enrollments with one entry key
	// that of from gets a key of its own. Fields, truths, dues and arms are the
	// caller's: they need to be judged.
	MoveAccount(from, into string) error
	// MoveContact gives the suppressions of a contact, its OptOuts, and what accounts keep
	// of the contact (enrollments, tasks, touches, events), to another, and forgets the
	// contact. Of two suppressions of one kind and address into's stays, unless from's
	// lasts longer. A touch's Recipient stays: it is who it was addressed to.
	MoveContact(from, into string, accounts []string) error
	// MoveTruth writes t, and forgets what its trigger said of from.
	MoveTruth(t Truth, from string) error
}

// MovedEntry is the entry key of an enrollment whose own is taken where it moves to.
func MovedEntry(key, enrollment string) string { return key + "/was=" + enrollment }

// Circle is the error of PutAlias.
func Circle(a Alias) error {
	return fmt.Errorf("%s %q cannot become %q: that would be a circle", a.Kind, a.ID, a.Into)
}

// Became is whom an id has become, "" for nobody.
func Became(tx Merges, kind, id string) (string, error) {
	all, err := tx.Aliases(kind, []string{id})
	if err != nil {
		return "", fmt.Errorf("read aliases: %w", err)
	}
	return all[id], nil
}
