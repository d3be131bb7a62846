package intake

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"holdfast"
	"holdfast/internal/store"
)

// Joined is what a merge did. Fields are those of the survivor that changed; Ended
// are the playbooks in which both were, so that the younger enrollment ended.
type Joined struct {
	Fields      []string
	Contacts    int
	Enrollments int
	Ended       []string
	Already     bool // they were one before, and nothing was done
}

// errDry undoes a merge that was only to be looked at.
var errDry = errors.New("this is a rehearsal")

// Merge takes one alias by hand, where a name that is not there is a mistake: both
// must be known. With dry everything is done and undone again. It works beside a
// running process. The error is a *holdfast.Error for what cannot be merged.
func (in *Intake) Merge(ctx context.Context, m holdfast.Message, dry bool) (Joined, error) {
	var b *batch
	err := in.Store.Update(ctx, func(tx store.Tx) error {
		b = in.batch(tx, Live)
		if is, err := b.parted(m); err != nil {
			return err
		} else if is {
			return holdfast.Errorf(holdfast.Invalid, "%s", mergedErased)
		}
		if err := b.bothThere(m); err != nil {
			return err
		}
		if err := b.take(0, m); err != nil {
			return err
		}
		if len(b.res.Problems) > 0 {
			return holdfast.Errorf(holdfast.Invalid, "%s", b.res.Problems[0].Reason)
		}
		if err := b.flush(); err != nil {
			return err
		}
		if dry {
			return errDry
		}
		if b.joined == nil {
			return nil
		}
		return audited(store.Actor(ctx), tx, m, b)
	})
	if err != nil && !errors.Is(err, errDry) {
		return Joined{}, err
	}
	if !dry {
		in.after(b)
	}
	if b.joined == nil {
		return Joined{Already: true}, nil
	}
	return *b.joined, nil
}

// bothThere wants something to be kept of both, or of what they have become.
func (b *batch) bothThere(m holdfast.Message) error {
	kind, into := store.OfAccount, m.Account
	if m.Contact != "" {
		kind, into = store.OfContact, m.Contact
	}
	for _, id := range []string{previous(m), into} {
		now, err := b.became(kind, id)
		if err != nil {
			return err
		}
		if kind == store.OfContact {
			_, err = b.person(now)
		} else {
			_, err = b.account(now)
		}
		if errors.Is(err, store.ErrNotFound) {
			return holdfast.Errorf(holdfast.NotFound, "there is no %s %q", kind, id)
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", kind, err)
		}
	}
	return nil
}

// audited says that who merged what. An id that is an address is left out.
func audited(who string, tx store.Tx, m holdfast.Message, b *batch) error {
	what, into := "account.merge", m.Account
	if m.Contact != "" {
		what, into = "contact.merge", m.Contact
	}
	plain := func(id string) string {
		if strings.Contains(id, "@") {
			return "an address"
		}
		return id
	}
	return store.AuditedOf(who, tx, b.now, "", what, plain(into), map[string]any{"previous": plain(previous(m)), "enrollments": b.joined.Enrollments, "ended": len(b.joined.Ended)})
}
