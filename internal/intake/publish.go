package intake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"holdfast/internal/store"
	"holdfast/playbooks"
	"holdfast/rules"
	"holdfast/triggers"
)

// Publish makes books the heads: it stores their versions, looks at all known
// accounts for those whose version is new, and then moves the heads. Accounts of
// which a condition is true already are marked without enrolling, unless its
// trigger says `existing: enroll`; dates ahead go on the agenda, dates gone by
// start nothing. Publishing the same again does nothing; after a crash, again
// does the rest. It returns the names whose head moved, in the order of books.
func (in *Intake) Publish(ctx context.Context, books []*playbooks.Playbook) ([]string, error) {
	return in.Replace(ctx, books, func() {})
}

// Replace is Publish while messages come in: swap makes books what Playbooks
// answers, and their rules what Rules does. An account that a new condition has
// not looked at yet is marked by its next message, and not enrolled.
func (in *Intake) Replace(ctx context.Context, books []*playbooks.Playbook, swap func()) ([]string, error) {
	var heads map[string]string
	err := in.Store.View(ctx, func(tx store.Tx) (err error) {
		heads, err = tx.Heads()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read heads: %w", err)
	}
	changed := slices.DeleteFunc(slices.Clone(books), func(p *playbooks.Playbook) bool { return heads[p.Name] == p.Digest })
	refs := in.unsaid(changed, heads)
	if err := in.firstLook(ctx, refs); err != nil {
		return nil, fmt.Errorf("begin to look at the accounts there are: %w", err)
	}
	swap()
	if err := errors.Join(in.lanesMoved(ctx), in.silenceMoved(ctx)); err != nil {
		return nil, err
	}
	if len(changed) == 0 {
		return nil, nil
	}
	if err := in.Store.Update(ctx, func(tx store.Tx) error {
		for _, p := range changed {
			v := store.Version{Digest: p.Digest, Playbook: p.Name, Bundle: p.Encoded(), PublishedAt: in.Clock.Now()}
			if err := tx.PutVersion(v); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return nil, fmt.Errorf("store versions: %w", err)
	}
	if err := in.rank(ctx, in.Clock.Now(), false); err != nil {
		return nil, err
	}
	if len(refs) > 0 {
		if err := in.pass(ctx, func(b *batch, s *sheet) error { return b.introduce(s, refs) }); err != nil {
			return nil, fmt.Errorf("look at the accounts there are: %w", err)
		}
	}
	in.firstLooked()
	names := make([]string, len(changed))
	err = in.Store.Update(ctx, func(tx store.Tx) error {
		for i, p := range changed {
			names[i] = p.Name
			if err := tx.SetHead(p.Name, p.Digest, in.Clock.Now()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("move heads: %w", err)
	}
	return names, nil
}

// introduce tells s's truths and dates to triggers that are new.
func (b *batch) introduce(s *sheet, refs []ref) error {
	b.looked(s.acct.ID)
	b.asked = true // `existing: enroll` asks for them
	for _, r := range refs {
		c := &cause{ch: changes{identified: true}, anew: true}
		c.start = r.trig.Kind == triggers.Condition && r.trig.Existing == "enroll"
		if err := b.state(s, b.facts(s, ""), r, c); err != nil {
			return err
		}
	}
	return nil
}

// unsaid are the conditions and dates whose meaning is new. One that a new
// version only carries along keeps its truths, so that an account about to
// enrol by it still does.
func (in *Intake) unsaid(changed []*playbooks.Playbook, heads map[string]string) []ref {
	return slices.DeleteFunc(newWatch(changed).states, func(r ref) bool {
		old, err := in.ByDigest(heads[r.book.Name])
		if heads[r.book.Name] == "" || err != nil || old == nil {
			return false // no version to compare with: all is new
		}
		return sameMeaning(old, r.book, r.trig)
	})
}

func sameMeaning(old, now *playbooks.Playbook, t *triggers.Trigger) bool {
	i := slices.IndexFunc(old.Triggers, func(o triggers.Trigger) bool { return o.ID == t.ID })
	if i < 0 {
		return false
	}
	o := old.Triggers[i]
	return o.Kind == t.Kind && o.For == t.For && o.Offset == t.Offset && o.Before == t.Before &&
		said(o.When) == said(t.When) && said(o.Rearm) == said(t.Rearm) && said(o.At) == said(t.At) && said(old.When) == said(now.When) &&
		maps.Equal(besides(old), besides(now))
}

func said(x *rules.Expr) string {
	if x == nil {
		return ""
	}
	return x.Source()
}

// besides is what a version reaches, its own document left out.
func besides(p *playbooks.Playbook) map[string]string {
	docs := maps.Clone(p.Bundle.Docs)
	delete(docs, "playbook")
	return docs
}
