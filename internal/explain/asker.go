package explain

import (
	"fmt"
	"strings"
	"time"

	"holdfast/internal/store"
	"holdfast/rules"
)

// asker reads one world in one transaction.
type asker struct {
	*world
	tx       store.Tx
	at       time.Time
	zone     *time.Location
	acct     store.Account
	runs     []store.Enrollment
	messages map[string]store.Event // by id; read when first asked for
	people   map[string]map[string]store.Field
}

// ask opens the account for fn in one snapshot of w.
func (w *world) ask(tx store.Tx) (*asker, error) {
	a := &asker{world: w, tx: tx, at: w.clock.Now(), zone: time.UTC}
	var err error
	if a.acct, err = tx.Account(w.account); err != nil && !missing(err) {
		return nil, err
	}
	f, err := w.intake.FactsOf(tx, w.account, "", a.at)
	if err != nil {
		return nil, err
	}
	if f.Zone != nil {
		a.zone = f.Zone
	}
	if a.runs, err = tx.EnrollmentsOf(w.account, false); err != nil {
		return nil, fmt.Errorf("read enrollments: %w", err)
	}
	return a, nil
}

// node explains an expression; nil for none.
func (a *asker) node(e *rules.Expr, f *rules.Facts, contact string) *rules.Node {
	if e == nil || f == nil {
		return nil
	}
	n := e.Explain(f, rules.Explaining{
		Currency: a.project.Settings.Currency, Zone: a.zone,
		Origin: func(name string) *rules.Origin { return a.origin(name, contact) },
	})
	return &n
}

// origin is what set account.x, or contact.x of one contact.
func (a *asker) origin(name, contact string) *rules.Origin {
	root, field, _ := strings.Cut(name, ".")
	fields := a.acct.Fields
	if root == "contact" {
		fields = a.fieldsOf(contact)
	}
	if field == "id" {
		return nil
	}
	f, ok := fields[field]
	switch {
	case !ok:
		return &rules.Origin{Never: true}
	case f.Message == "derived":
		return &rules.Origin{Kind: "derived"}
	}
	o := &rules.Origin{At: f.At.In(a.zone), Message: f.Message}
	if m, ok := a.message(f.Message); ok {
		o.Kind = m.Kind
		if m.Event != "" {
			o.Kind = m.Event
		}
	}
	return o
}

func (a *asker) fieldsOf(contact string) map[string]store.Field {
	if f, ok := a.people[contact]; ok {
		return f
	}
	if a.people == nil {
		a.people = map[string]map[string]store.Field{}
	}
	c, err := a.tx.Contact(contact)
	if err != nil {
		c.Fields = nil // nobody has that id, or it cannot be read: nothing is known of what set it
	}
	a.people[contact] = c.Fields
	return c.Fields
}

// message of the account by its id.
func (a *asker) message(id string) (store.Event, bool) {
	if a.messages == nil {
		a.messages = map[string]store.Event{}
		all, err := a.tx.Events(a.account, nil, time.Time{}, time.Time{}, 0)
		if err == nil { // else the kind of the message is left out of the sentence
			for _, e := range all {
				a.messages[e.ID] = e
			}
		}
	}
	e, ok := a.messages[id]
	return e, ok
}
