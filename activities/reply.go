package activities

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"holdfast"
	"holdfast/internal/facts"
	"holdfast/internal/store"
)

// Reply is a mail that came back.
type Reply struct {
	Kind   holdfast.SightingKind // Replied or AutoReplied; what a mail server says is no reply
	ID     string                // tells it from every other; the same again changes nothing
	From   string                // the address of its author
	Text   string                // what it says
	Proven string                // the touch that its address names, by a token of ours; "" for none
	OptOut string                // the touch of whose one-click address it came, by a token of ours; whatever it says is a no
	Named  []string              // touches that it says it answers, which anybody may write
}

// maxReply is as much of a reply as its event keeps.
const maxReply = 4000

// TakeReply tells the playbooks of a reply. It counts for the touch that a token
// of ours proves, or for one that it names, when its author is the person whom that
// was sent to. known is false for a mail about nothing of ours, which leaves no trace.
func (a *Activities) TakeReply(ctx context.Context, r Reply) (known bool, err error) {
	if r.OptOut != "" { // most of these are sent by mail programs (RFC 2369)
		r.Kind, r.Proven = holdfast.Unsubscribed, r.OptOut
	} else if r.Kind != holdfast.Replied && r.Kind != holdfast.AutoReplied {
		return false, nil
	}
	err = a.Store.Update(ctx, func(tx store.Tx) error {
		row, err := a.answered(tx, r)
		if known = err == nil; errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("find what was answered: %w", err)
		}
		s := holdfast.Sighting{Touch: row.ID, Message: row.ProviderID, Kind: r.Kind, At: a.Clock.Now().UTC(), Mark: r.ID}
		fresh, told, err := a.takeSighting(tx, row, s)
		if err != nil || !fresh {
			return err
		}
		for i := range told {
			if text := cut(r.Text, maxReply); text != "" && told[i].Event == holdfast.EventReplied {
				told[i].Props["text"] = text
			}
		}
		return a.emitAll(tx, told)
	})
	if err != nil {
		return false, err
	}
	if known {
		a.Poke()
	}
	return known, nil
}

// answered is the touch that a reply is about.
func (a *Activities) answered(tx store.Tx, r Reply) (store.Touch, error) {
	if r.Proven != "" {
		return touchOf(tx, holdfast.Sighting{Touch: r.Proven})
	}
	for _, id := range r.Named {
		row, err := touchOf(tx, holdfast.Sighting{Touch: id})
		if errors.Is(err, store.ErrNotFound) || err == nil && row.Contact == "" {
			continue
		}
		if err != nil {
			return row, err
		}
		c, err := tx.Contact(row.Contact)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return row, err
		}
		if to := text(facts.Person(a.Rules(), c), "email"); to != "" && strings.EqualFold(strings.TrimSpace(to), r.From) {
			return row, nil
		}
	}
	return store.Touch{}, store.ErrNotFound
}

func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}
