package intake

import (
	"fmt"
	"slices"
	"strings"

	"holdfast"
	"holdfast/internal/erased"
	"holdfast/internal/store"
)

// groupSize is how many messages are read for at once.
const groupSize = 100

// group is accounts and contacts that a batch reads together, since a database
// asks little more for a hundred rows than for one. What is written goes to the
// store at once or stays in a sheet, so a group that is replaced loses nothing.
type group struct {
	ids       []string
	accounts  map[string]store.Account // absent: there is none
	people    map[string]store.Contact
	asked     map[string]bool                      // accounts, and contacts after a "/"
	runs      map[string][]store.Enrollment        // nil until asked for
	truths    map[[2]string]map[string]store.Truth // by playbook and trigger
	allTruths bool                                 // all that are true are among them
	buckets   map[string]map[string][]store.Bucket // by metric
	rests     map[string][]store.Rest              // nil until asked for
	arms      map[string]map[string]string         // by holdout
	became    map[string]string                    // whom those of asked that are not there have become
	exits     map[string]store.Signal              // of enrollments that are told to end; nil until asked for
	ears      map[string][]store.Listener          // nil until asked for
}

// gather reads together what msgs, of which the first is the i-th, will ask of their
// accounts and contacts.
func (b *batch) gather(i int, msgs []holdfast.Message) error {
	b.said, b.first = nil, i
	if len(msgs) < 2 {
		b.group = nil
		return b.settled()
	}
	var accounts, contacts []string
	for _, m := range msgs {
		accounts = append(accounts, m.Account)
		contacts = append(contacts, m.Contact)
	}
	return b.gatherFor(accounts, contacts, msgs)
}

func (b *batch) gatherAll(accounts []string) error {
	return b.gatherFor(accounts, nil, nil)
}

func (b *batch) gatherFor(accounts, contacts []string, msgs []holdfast.Message) error {
	g := &group{
		asked: map[string]bool{}, truths: map[[2]string]map[string]store.Truth{}, buckets: map[string]map[string][]store.Bucket{}, arms: map[string]map[string]string{},
	}
	var unread, people []string
	for _, id := range accounts {
		if id == "" || g.asked[id] {
			continue
		}
		g.asked[id] = true
		g.ids = append(g.ids, id)
		if b.sheets[id] == nil {
			unread = append(unread, id)
		}
	}
	for _, id := range contacts {
		if id != "" && !g.asked["/"+id] && b.people[id] == nil {
			g.asked["/"+id] = true
			people = append(people, id)
		}
	}
	for _, ids := range [][]string{g.ids, unread, people} {
		slices.Sort(ids) // as databases like it
	}
	w := store.Wanted{Messages: msgs, Accounts: unread, Contacts: people, Became: true, Meanwhile: func() { b.readAhead(msgs) }}
	w.Foreseen, w.Received = func() []holdfast.Message { return b.sure(msgs) }, b.now
	if len(msgs) > 0 && b.mode == Live { // most have to be held against what runs
		w.Runs, w.Truths = g.ids, g.ids
		b.askDays(&w, msgs)
	}
	if b.parks {
		w.Parked = people
	}
	if b.unsettled {
		w.Meta = append(w.Meta, metaUnmarked)
	}
	if len(msgs) > 0 && b.marks == nil {
		w.Meta = append(w.Meta, erased.MetaKey)
	}
	found, err := b.tx.Look(w)
	if err != nil {
		return fmt.Errorf("read for %d accounts: %w", len(g.ids), err)
	}
	if b.unsettled && found.Meta[metaUnmarked] != "" {
		return errUnsettled
	}
	b.unsettled = false
	if slices.Contains(w.Meta, erased.MetaKey) {
		marks, err := erased.Of(found.Meta[erased.MetaKey])
		if err != nil {
			return fmt.Errorf("read the key of erasures: %w", err)
		}
		b.marks, b.forgot = &marks, map[string]bool{}
	}
	g.accounts, g.people = found.Accounts, found.Contacts
	if len(w.Runs) > 0 {
		g.runs, g.ears = found.Runs, found.Listeners
	}
	g.keep(w, found)
	if b.parks {
		b.await(people, found.Parked)
	}
	b.group = g
	return nil
}

// What follows reads through the group, or by itself what that does not hold.
// ErrNotFound as in the store.

func (b *batch) account(id string) (store.Account, error) {
	if a, ok := b.read[id]; ok {
		return a, nil
	}
	if b.group == nil || !b.group.asked[id] {
		return b.tx.Account(id)
	}
	if a, ok := b.group.accounts[id]; ok {
		return a, nil
	}
	return store.Account{}, store.ErrNotFound
}

func (b *batch) contact(id string) (store.Contact, error) {
	if b.group == nil || !b.group.asked["/"+id] {
		return b.tx.Contact(id)
	}
	if c, ok := b.group.people[id]; ok {
		return c, nil
	}
	return store.Contact{}, store.ErrNotFound
}

func (b *batch) enrollments(account string) (es []store.Enrollment, err error) {
	g := b.group
	if g == nil || !g.asked[account] {
		return b.tx.EnrollmentsOf(account, false)
	}
	if g.runs == nil {
		if g.runs, err = b.tx.ManyEnrollments(g.ids); err != nil {
			return nil, err
		}
	}
	return g.runs[account], nil
}

// told reports whether an exit row tells an enrollment to end.
func (b *batch) told(e *store.Enrollment) (bool, error) {
	g := b.group
	if b.ended[e.ID] {
		return true, nil
	}
	if g == nil || !g.asked[e.Account] || g.runs == nil {
		sig, err := b.tx.ExitOf(e.ID)
		if err := none(err); err != nil {
			return false, err
		}
		return err == nil && sig.Kind == "exit", nil
	}
	if g.exits == nil {
		var ids []string
		for _, runs := range g.runs {
			for i := range runs {
				if runs[i].Status == "active" {
					ids = append(ids, runs[i].ID)
				}
			}
		}
		slices.Sort(ids)
		exits, err := b.tx.ManyExits(ids)
		if err != nil {
			return false, err
		}
		g.exits = exits
	}
	_, told := g.exits[e.ID]
	return told, nil
}

// tells notes that an exit row of e was written.
func (b *batch) tells(e *store.Enrollment) {
	if b.ended == nil {
		b.ended = map[string]bool{}
	}
	b.ended[e.ID] = true
}

// listeners of an account that wait for event.
func (b *batch) listeners(account, event string) (ls []store.Listener, err error) {
	g := b.group
	if g == nil || !g.asked[account] {
		return b.tx.Listeners(account, event)
	}
	if g.ears == nil {
		if g.ears, err = b.tx.ManyListeners(g.ids); err != nil {
			return nil, err
		}
	}
	for _, l := range g.ears[account] {
		if slices.Contains(l.Events, event) {
			ls = append(ls, l)
		}
	}
	return ls, nil
}

// truth is what was said last. None was said yet, or something false: it may be zero.
func (b *batch) truth(playbook, trigger, account string) (store.Truth, error) {
	g, key := b.group, [2]string{playbook, trigger}
	if g == nil || !g.asked[account] || strings.HasPrefix(trigger, store.GoalTruth) {
		t, err := b.tx.Truth(playbook, trigger, account)
		if err := none(err); err != nil {
			return t, fmt.Errorf("read truth: %w", err)
		}
		return t, nil
	}
	if t, asked := g.truths[key][account]; asked || g.allTruths {
		return t, nil
	}
	ts, err := b.tx.ManyTruths(playbook, trigger, g.ids)
	if err != nil {
		return store.Truth{}, fmt.Errorf("read truths: %w", err)
	}
	by := make(map[string]store.Truth, len(g.ids))
	for _, id := range g.ids {
		by[id] = ts[id]
	}
	g.truths[key] = by
	return ts[account], nil
}

func (b *batch) putTruth(t store.Truth) error {
	if g := b.group; g != nil && (g.allTruths || g.truths[[2]string{t.Playbook, t.Trigger}] != nil) {
		g.keepTruth(t)
	}
	return b.tx.PutTruth(t)
}

// restsOf an account that last beyond now.
func (b *batch) restsOf(account string) (rs []store.Rest, err error) {
	g := b.group
	if g == nil || !g.asked[account] {
		return b.tx.Rests(account, b.now)
	}
	if g.rests == nil {
		if g.rests, err = b.tx.ManyRests(g.ids, b.now); err != nil {
			return nil, err
		}
	}
	return g.rests[account], nil
}

// armOf an account in a holdout, "" while it has none.
func (b *batch) armOf(holdout, account string) (arm string, err error) {
	g := b.group
	if g == nil || !g.asked[account] {
		return b.tx.Arm(holdout, account)
	}
	if g.arms[holdout] == nil {
		if g.arms[holdout], err = b.tx.ManyArms(holdout, g.ids); err != nil {
			return "", err
		}
	}
	return g.arms[holdout][account], nil
}

func (b *batch) putArm(holdout, account, arm string) error {
	if b.group != nil && b.group.arms[holdout] != nil {
		b.group.arms[holdout][account] = arm
	}
	return b.tx.PutArm(holdout, account, arm)
}

// bucketsOf an account in the days that expressions can look back.
func (b *batch) bucketsOf(account, metric string) ([]store.Bucket, error) {
	from, to := b.lookBack()
	g := b.group
	if g == nil || !g.asked[account] {
		return b.tx.Buckets(account, metric, from, to)
	}
	if bs, asked := g.buckets[metric][account]; asked {
		return bs, nil
	}
	all, err := b.tx.ManyBuckets(metric, g.ids, from, to)
	if err != nil {
		return nil, err
	}
	g.keepBuckets(metric, g.ids, all)
	return all[account], nil
}
