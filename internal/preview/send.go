package preview

import (
	"context"
	"fmt"
	"net/mail"
	"strings"

	"holdfast"
	"holdfast/channels"
	"holdfast/internal/store"
)

// testMark stands before the subject of a test mail.
const testMark = "[test] "

// Test is one mail that is sent for its looks.
type Test struct {
	To    string // whom it goes to in place of the contact
	Force bool   // though To is a contact of the customer's
	// Way is the project's e-mail channel; RedirectAllTo its staging address, or "".
	Way           channels.Channel
	RedirectAllTo string
}

// Send sends m to t.To, once. It is no touch: no ledger learns of it, it counts
// for no cap, and what leads back from it leads nowhere. A mail with a hole in it,
// and one while sending is stopped, is refused.
func (t Test) Send(ctx context.Context, m Mail) (holdfast.Outbound, holdfast.Receipt, error) {
	if !m.Sent() {
		h := m.Holes[0]
		e := holdfast.Errorf(holdfast.Invalid, "%s:%d: no value for %s", h.File, h.Line, h.Variable)
		e.Hint = "give it one with --set " + h.Variable + "=…"
		return holdfast.Outbound{}, holdfast.Receipt{}, e
	}
	if m.Stopped != "" {
		e := holdfast.Errorf(holdfast.Conflict, "sending is stopped, by %s", m.Stopped)
		e.Hint = "holdfast resume-all, or resume PLAYBOOK, starts it again"
		return holdfast.Outbound{}, holdfast.Receipt{}, e
	}
	out := m.Outbound
	out.Account, out.Contact, out.Enrollment = "", "", ""
	out.To = holdfast.Address{Email: t.To}
	out.Subject = testMark + m.Subject
	if t.RedirectAllTo != "" {
		out.To.Email, out.Subject = t.RedirectAllTo, testMark+"[for "+t.To+"] "+m.Subject
	}
	r, err := t.Way.Deliver(ctx, out)
	if err != nil {
		return out, r, fmt.Errorf("send the test: %w", err)
	}
	return out, r, nil
}

// May refuses an address that is none. With a store, it refuses one that must not
// be written to, a customer's without Force, and a real provider under a
// compressed clock. st may be nil.
func (t Test) May(ctx context.Context, st store.Store) error {
	if a, err := mail.ParseAddress(t.To); err != nil || a.Address != t.To {
		return &holdfast.Error{Code: holdfast.Invalid, Message: "--to is no address", Hint: "write --to me@example.com"}
	}
	if st == nil {
		return nil
	}
	return st.View(ctx, func(tx store.Tx) error {
		if clock, err := tx.MetaGet("virtual_now"); err != nil {
			return err
		} else if clock != "" && !t.Way.Loopback() {
			return &holdfast.Error{Code: holdfast.Invalid, Message: "the clock of this data directory is compressed: it reaches no real provider", Hint: "name another with --dir"}
		}
		kept, err := tx.Suppressions("", strings.ToLower(t.To))
		if err != nil {
			return err
		}
		if len(kept) > 0 {
			return holdfast.Errorf(holdfast.Conflict, "this address must not be written to: %s", kept[0].Kind)
		}
		if t.Force {
			return nil
		}
		id, err := contactAt(tx, t.To)
		if err != nil || id == "" {
			return err
		}
		return &holdfast.Error{Code: holdfast.Conflict, Message: "this is the address of contact " + id, Hint: "a customer gets no tests; --force sends it all the same"}
	})
}

// contactAt is the contact with an address, "" when there is none.
func contactAt(tx store.Tx, address string) (string, error) {
	const page = 500
	for after := ""; ; {
		ids, err := tx.AccountIDs(after, page)
		if err != nil || len(ids) == 0 {
			return "", err
		}
		for _, id := range ids {
			people, err := tx.Contacts(id)
			if err != nil {
				return "", err
			}
			for _, c := range people {
				if email, _ := c.Fields["email"].Value.(string); strings.EqualFold(strings.TrimSpace(email), address) {
					return c.ID, nil
				}
			}
		}
		after = ids[len(ids)-1]
	}
}
