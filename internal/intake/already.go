package intake

import (
	"context"
	"fmt"

	"holdfast/internal/store"
	"holdfast/playbooks"
	"holdfast/triggers"
)

// Known is a condition that publishing would look at for the first time.
type Known struct {
	Playbook, Trigger string
	True              int // accounts of which it is true now
	Enrols            bool
}

// Already counts, for each condition that is new in books or means something
// else than in the heads, the accounts of which it is true. It writes nothing.
func (in *Intake) Already(ctx context.Context, books []*playbooks.Playbook) ([]Known, error) {
	var heads map[string]string
	err := in.Store.View(ctx, func(tx store.Tx) (err error) {
		heads, err = tx.Heads()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read heads: %w", err)
	}
	var refs []ref
	var found []Known
	for _, r := range in.unsaid(books, heads) {
		if r.trig.Kind != triggers.Condition || heads[r.book.Name] == r.book.Digest {
			continue
		}
		refs = append(refs, r)
		found = append(found, Known{Playbook: r.book.Name, Trigger: r.trig.ID, Enrols: r.trig.Existing == "enroll"})
	}
	if len(refs) == 0 {
		return nil, nil
	}
	for after := ""; ; {
		ids, err := in.page(ctx, after)
		if err != nil || len(ids) == 0 {
			return found, err
		}
		err = in.Store.View(ctx, func(tx store.Tx) error {
			b := in.batch(readOnly{tx}, Live)
			if err := b.gatherAll(ids); err != nil {
				return err
			}
			for _, id := range ids {
				s, err := b.sheet(id)
				if err != nil {
					return err
				}
				f := b.facts(s, "")
				for i, r := range refs {
					if !readsContact(r.trig.When, r.book.When) && b.holds(f, r.book.Name, id, r.trig.When, r.book.When) {
						found[i].True++
					}
				}
				delete(b.sheets, id)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("look at the accounts there are: %w", err)
		}
		after = ids[len(ids)-1]
	}
}
