package intake

import (
	"errors"
	"fmt"
	"slices"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/playbooks"
	"holdfast/rules"
	"holdfast/triggers"
)

// mergeAccounts makes from part of into. Neither has become another.
func (b *batch) mergeAccounts(m holdfast.Message, from, into string) (*sheet, changes, error) {
	ch := changes{}
	s, err := b.sheet(into)
	if err != nil {
		return nil, ch, err
	}
	if err := b.tx.PutAlias(store.Alias{Kind: store.OfAccount, ID: from, Into: into, At: m.At}); err != nil {
		return nil, ch, err
	}
	b.group, b.waiting = nil, nil // they know nothing of this
	old, there, err := b.gone(from)
	if err != nil || !there {
		return s, ch, err
	}
	runs, err := b.runs(old)
	if err != nil {
		return nil, ch, err
	}
	people, err := b.tx.Contacts(from)
	if err != nil {
		return nil, ch, fmt.Errorf("read contacts: %w", err)
	}
	if err := errors.Join(b.count(old), b.count(s)); err != nil {
		return nil, ch, err
	}
	if err := b.tx.MoveAccount(from, into); err != nil {
		return nil, ch, fmt.Errorf("move account: %w", err)
	}
	b.together(old, s, &ch)
	b.joined = &Joined{Fields: slices.Sorted(slices.Values(ch.Account)), Contacts: len(people), Enrollments: len(runs)}
	if err := b.derive(s, &ch); err != nil {
		return nil, ch, err
	}
	if err := errors.Join(b.mergeTruths(s, from, runs), b.mergeArms(from, into), b.mergeLine("account", into, from, into)); err != nil {
		return nil, ch, err
	}
	return s, ch, b.oneEach(s, from, runs)
}

// gone takes the sheet of an account out of the batch: nothing is written for it
// any more. there is false when nothing was kept of it.
func (b *batch) gone(id string) (old *sheet, there bool, err error) {
	old = b.sheets[id]
	if old == nil {
		if _, err := b.account(id); errors.Is(err, store.ErrNotFound) {
			return nil, false, nil
		}
		if old, err = b.sheet(id); err != nil {
			return nil, false, err
		}
	}
	delete(b.sheets, id)
	delete(b.read, id)
	b.order = slices.DeleteFunc(b.order, func(s *sheet) bool { return s == old })
	b.former = slices.DeleteFunc(b.former, func(f former) bool { return f.sheet == old })
	return old, true, nil
}

// together merges the fields, and forgets what was read before.
func (b *batch) together(old, s *sheet, ch *changes) {
	for name, f := range old.acct.Fields {
		if f.Message != derivedBy && s.put(name, f) {
			note(&ch.Account, name)
		}
	}
	s.acct.Known = s.acct.Known || old.acct.Known
	s.rec, s.objects, s.typed, s.series, s.runs, s.loaded = nil, nil, nil, nil, nil, false
	s.dirty, ch.identified = true, true
	for _, p := range b.people {
		if p.Account == old.acct.ID {
			p.Account = s.acct.ID
		}
	}
	b.in.outlook.forgetAll()
}

// mergeTruths judges what triggers and goals knew of two accounts: what was true
// of one, or seen of one, is nothing new of both.
func (b *batch) mergeTruths(s *sheet, from string, runs []store.Enrollment) error {
	f := b.facts(s, "")
	for _, r := range b.watch.states {
		x, err := b.tx.Truth(r.book.Name, r.trig.ID, from) // one that is false goes along too
		if none(err) != nil {
			return fmt.Errorf("read truth: %w", err)
		}
		y, err := b.truth(r.book.Name, r.trig.ID, s.acct.ID)
		if err != nil {
			return err
		}
		if x == (store.Truth{}) {
			continue
		}
		y.Playbook, y.Trigger, y.Account = r.book.Name, r.trig.ID, s.acct.ID
		if r.trig.Kind == triggers.Date {
			err = b.mergeDate(s, f, r, x, y)
		} else {
			err = b.mergeCondition(s, r, x, y)
		}
		if err != nil {
			return err
		}
	}
	for i := range runs {
		t, err := b.truth(runs[i].Playbook, goalKey(&runs[i]), from)
		if err != nil {
			return err
		}
		if t != (store.Truth{}) {
			t.Account = s.acct.ID
			if err := b.tx.MoveTruth(t, from); err != nil {
				return err
			}
		}
	}
	return nil
}

// mergeCondition: true of either is true since the earlier, and has started if
// either has.
func (b *batch) mergeCondition(s *sheet, r ref, x, y store.Truth) error {
	if x.True {
		if !y.True || x.Since.Before(y.Since) {
			y.Since = x.Since
		}
		y.True, y.Fired = true, y.Fired || x.Fired
	}
	if err := errors.Join(b.tx.MoveTruth(y, x.Account), b.tx.DropDue(dueKey("held", x.Playbook, x.Trigger, x.Account))); err != nil {
		return err
	}
	switch {
	case r.trig.For.Zero() || !y.True:
		return nil
	case y.Fired:
		return b.tx.DropDue(dueKey("held", y.Playbook, y.Trigger, y.Account))
	}
	return b.hold(s, y, r)
}

// mergeDate: a date that either has seen is not seen anew. One on the agenda keeps its
// place there; one that is neither's is for date to look at.
func (b *batch) mergeDate(s *sheet, f *rules.Facts, r ref, x, y store.Truth) error {
	theirs, awaited, err := b.awaited(r, x.Account)
	if err != nil {
		return err
	}
	ours, awaits, err := b.awaited(r, y.Account)
	if err != nil {
		return err
	}
	if err := b.tx.DropDue(dueKey("date", x.Playbook, x.Trigger, x.Account)); err != nil {
		return err
	}
	moment, occurrence, ok := b.moment(s, f, r)
	seen := x.True && x.Since.Equal(moment) || y.True && y.Since.Equal(moment)
	switch {
	case ok && seen:
		y.True, y.Since = true, moment
		awaits = moment.After(b.now) || awaited && theirs.Occurrence == occurrence || awaits && ours.Occurrence == occurrence
	case awaited && !awaits:
		y.True, y.Since, occurrence = x.True, x.Since, theirs.Occurrence
		awaits = true
	default:
		return b.tx.MoveTruth(y, x.Account)
	}
	if err := b.tx.MoveTruth(y, x.Account); err != nil {
		return err
	}
	if awaits {
		return b.ahead(y, occurrence)
	}
	return b.tx.DropDue(dueKey("date", y.Playbook, y.Trigger, y.Account))
}

// mergeArms gives into the arms of from in holdouts in which it has none.
func (b *batch) mergeArms(from, into string) error {
	if b.in.Options.Treated {
		return nil
	}
	for _, p := range b.watch.heads {
		if p.Holdout.Share == 0 {
			continue
		}
		arm, err := b.tx.Arm(p.Holdout.Name, from)
		if err == nil && arm != "" {
			err = b.tx.PutArm(p.Holdout.Name, into, arm)
		}
		if err != nil {
			return fmt.Errorf("move arm: %w", err)
		}
	}
	return nil
}

// oneEach leaves one running enrollment of each playbook, the oldest, has those of
// stronger lanes preempt the others, and wakes what has moved.
func (b *batch) oneEach(s *sheet, from string, moved []store.Enrollment) error {
	runs, err := b.runs(s)
	if err != nil {
		return err
	}
	x := playbooks.Exit{Outcome: Merged, On: "account " + clip(from) + " has become this one"}
	first := map[string]bool{}
	var going []store.Enrollment
	for i := range runs {
		e := &runs[i]
		gone, err := b.exited(e)
		if err != nil {
			return err
		}
		if gone {
			continue
		}
		if first[e.Playbook] {
			if err := b.exit(e, x, &cause{}); err != nil {
				return err
			}
			b.joined.Ended = append(b.joined.Ended, e.Playbook)
			continue
		}
		first[e.Playbook] = true
		going = append(going, *e)
	}
	for _, e := range going {
		p, err := b.in.ByDigest(e.Digest)
		if err != nil {
			b.trouble(e.Playbook, e.Account, fmt.Errorf("open the version it runs: %w", err))
			continue
		}
		if err := b.preempt(s, e, p); err != nil {
			return err
		}
	}
	for _, e := range moved {
		if e.Status != "active" {
			continue
		}
		b.poke = true
		if err := b.tx.Wake(e.ID); err != nil {
			return err
		}
	}
	return nil
}
