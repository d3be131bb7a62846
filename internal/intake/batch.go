package intake

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"time"

	"holdfast"
	"holdfast/internal/clock"
	"holdfast/internal/erased"
	"holdfast/internal/store"
	"holdfast/rules"
)

// batch is the working set of one transaction: each account is read once,
// changed in memory, and written once by flush.
type batch struct {
	in     *Intake
	tx     store.Tx
	mode   Mode
	now    time.Time
	reads  bool // nothing is written: it only looks
	set    *rules.Set
	schema *schema
	watch  *watch

	sheets map[string]*sheet
	order  []*sheet // as they were opened
	people map[string]*person
	group  *group   // nil: everything is read one by one
	said   []saying // of the group's messages, as far as it is known
	first  int      // the number of the first of them
	flows  map[string]*flow
	// suspensions that were read or made, by key
	suspensions map[string]suspension
	unsettled   bool                      // whether history waits to be marked is still to be asked
	parks       bool                      // a message about somebody whom nobody has placed waits
	met         []string                  // contacts that were not known before
	waiting     map[string][]store.Parked // what waits for contacts that were asked about
	ended       map[string]bool           // enrollments that this transaction tells to end
	asked       bool                      // a person asked for what starts: no surge
	came        map[string]string         // feeds of which something came, and the last source of events
	kept        []string                  // those whose hour was written

	res  Result
	last int64 // seq of the last fresh message
	poke bool
	errs []ruleError

	fans     map[string]*Announcement // announcements that were read or made, by key
	everyone func() []*sheet          // the accounts of a replay, which holds an announcement against them at once

	joined *Joined // what the last merge did
	actor  string  // who hands in, for the audit log; "" where it is not told of

	ranked    map[string][]float64        // populations that were asked for
	populated func(name string) []float64 // what answers for them instead of the store

	broken error // a read that facts asked for and that failed

	until   *time.Time               // see rules.Facts; nil: nobody asks
	derives func(field string) bool  // which of the derived fields are wanted; nil: all
	marks   *erased.Marks            // of people who were erased; nil until asked for
	forgot  map[string]bool          // who is, by contact or address, as far as it was asked
	former  []former                 // whose objects the last message changed, about another account
	lent    bool                     // the last message's account is that of its contact
	read    map[string]store.Account // read before their sheets are opened

	lookedAt *string // see metaLooked; nil until asked for
	looks    bool    // this transaction moves it
}

// ruleError is a rule that failed on an account: said in the log and the
// timeline; the message stays taken.
type ruleError struct {
	playbook, account string
	err               error
}

// takeSome takes messages from msgs[from] on, until the transaction is full.
func (b *batch) takeSome(msgs []holdfast.Message, from int) error {
	wall := clock.System{}
	end := wall.Now().Add(cmp.Or(b.in.Options.BatchTime, 50*time.Millisecond))
	most := cmp.Or(b.in.Options.BatchMessages, 500)
	for i := from; i < len(msgs) && i-from < most; i++ {
		if (i-from)%groupSize == 0 {
			if err := b.gather(i, msgs[i:min(i+groupSize, from+most, len(msgs))]); err != nil {
				return err
			}
		}
		if why := forged(msgs[i]); why != "" {
			b.reject(i, msgs[i].ID, why)
		} else if err := b.take(i, msgs[i]); err != nil {
			return err
		}
		if i%16 == 15 && wall.Now().After(end) {
			break
		}
	}
	if err := b.place(); err != nil {
		return err
	}
	if b.mode == History && b.res.Fresh > 0 {
		if err := b.tx.MetaSet(metaUnmarked, strconv.FormatInt(b.last, 10)); err != nil {
			return err
		}
	}
	return b.flush()
}

func (b *batch) reject(i int, id, why string) {
	b.res.Messages++
	b.res.Rejected++
	b.res.Problems = append(b.res.Problems, Problem{Index: i, ID: id, Reason: why})
}

// take takes the i-th message. An error is the store's.
func (b *batch) take(i int, m holdfast.Message) error {
	m.At = atOf(m)
	if err := b.owner(&m); err != nil {
		return err
	}
	toAll := b.toAll(m)
	if toAll {
		m.Contact = "" // whoever announces it: it is not about them
	}
	why := check(m, b.now, toAll)
	if why == "" && m.Kind == holdfast.Alias {
		return b.takeMerge(i, m)
	}
	if why == "" && toAll {
		return b.announce(i, m)
	}
	if why == "" {
		if err := errors.Join(b.named(&m), b.forget(&m)); err != nil {
			return err
		}
		var err error
		if why, err = b.resolve(&m); err != nil {
			return err
		}
		if why != "" && b.parks {
			_, err := b.says(i, m)
			if err == nil {
				return b.park(i, m)
			}
			why = err.Error() // it could not be taken later either
		}
	}
	if why != "" {
		b.reject(i, m.ID, why)
		return nil
	}
	says, err := b.says(i, m)
	if err != nil {
		b.reject(i, m.ID, err.Error())
		return nil
	}
	if why := noKey(says.Objects); why != "" {
		b.reject(i, m.ID, why)
		return nil
	}
	b.narrow(m.Source, &says)
	seq, fresh, err := b.enter(m)
	if err != nil || !fresh {
		return err
	}
	if b.mode == Live {
		b.hears(m)
	}
	b.undeclared(says.Undeclared)
	b.former = nil
	s, ch, err := b.apply(m, says)
	if err != nil {
		return err
	}
	if err := b.suppress(m, seq); err != nil {
		return err
	}
	if b.mode == History {
		return nil
	}
	if err := b.brake(m); err != nil {
		return err
	}
	if err := b.react(s, m, seq, says, ch); err != nil {
		return err
	}
	for _, f := range b.former {
		if err := b.lookBehind(f, m); err != nil {
			return err
		}
	}
	return nil
}

// enter writes m down; fresh is false when it was there already.
func (b *batch) enter(m holdfast.Message) (seq int64, fresh bool, err error) {
	seq, fresh, err = b.tx.AppendEvent(m, b.now)
	if err != nil {
		return 0, false, fmt.Errorf("append event: %w", err)
	}
	b.res.Messages++
	if !fresh {
		b.res.Repeated++
		return seq, false, nil
	}
	b.res.Fresh++
	b.last = seq
	return seq, true, nil
}

func (b *batch) undeclared(names []string) {
	for _, name := range names {
		if b.res.Undeclared == nil {
			b.res.Undeclared = map[string]int{}
		}
		b.res.Undeclared[name]++
	}
}

// apply writes what m says into the account's sheet.
func (b *batch) apply(m holdfast.Message, says rules.Changes) (*sheet, changes, error) {
	ch := changes{}
	s, err := b.sheet(m.Account)
	if err != nil {
		return nil, ch, err
	}
	if says.Known && !s.acct.Known {
		s.acct.Known, s.dirty, ch.identified, s.stale = true, true, true, true
	}
	for name, v := range says.Account {
		if s.put(name, field(m, v)) {
			note(&ch.Account, name)
		}
	}
	if m.Contact != "" {
		if err := b.meet(m, says.Contact, &ch); err != nil {
			return nil, ch, err
		}
	}
	for _, o := range says.Objects {
		if err := b.object(s, m, o, &ch); err != nil {
			return nil, ch, err
		}
	}
	day := m.At.Format(time.DateOnly)
	for _, bc := range says.Buckets {
		s.addBucket(bc, day)
		note(&ch.Metrics, bc.Metric)
	}
	if s.stale && b.mode == Live {
		err = b.derive(s, &ch)
	}
	return s, ch, err
}

func field(m holdfast.Message, v any) store.Field {
	if v != nil {
		v = rules.Untyped(v)
	}
	return store.Field{Value: v, At: m.At, Message: m.ID}
}

// flush writes everything that changed, in the order it was first met.
func (b *batch) flush() error {
	if b.broken != nil {
		return b.broken
	}
	if err := errors.Join(b.keepFeeds(), b.keepLooked()); err != nil {
		return err
	}
	for _, s := range b.order {
		if err := b.write(s); err != nil {
			return err
		}
	}
	if err := errors.Join(b.keepFlows(), b.keepFans()); err != nil {
		return err
	}
	for _, e := range b.errs {
		line := store.Line{
			Key: "rule-error/" + e.playbook + "/" + e.account + "/" + b.now.Format(time.DateOnly),
			At:  b.now, Account: e.account, Playbook: e.playbook, Kind: "error", Reason: e.err.Error(),
		}
		if err := b.tx.AddLine(line); err != nil {
			return err
		}
	}
	return nil
}

// write writes what changed of s.
func (b *batch) write(s *sheet) error {
	if s.stale {
		if err := b.derive(s, &changes{}); err != nil {
			return err
		}
	}
	if err := b.count(s); err != nil {
		return err
	}
	if s.dirty {
		if err := b.tx.PutAccount(s.acct); err != nil {
			return fmt.Errorf("put account: %w", err)
		}
		s.dirty = false
	}
	return nil
}

// count adds to the metrics of s.
func (b *batch) count(s *sheet) error {
	for _, k := range s.bucketOrder {
		c := s.buckets[k]
		if err := b.tx.AddToBucket(s.acct.ID, k.metric, k.day, c.Count, c.Sum); err != nil {
			return fmt.Errorf("add to metric %s: %w", k.metric, err)
		}
	}
	s.buckets, s.bucketOrder = nil, nil
	return nil
}

// trouble keeps a rule's error beside the work that goes on.
func (b *batch) trouble(playbook, account string, err error) {
	b.errs = append(b.errs, ruleError{playbook, account, err})
}
