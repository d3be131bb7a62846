package intake

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdfast"
	"holdfast/internal/facts"
	"holdfast/internal/store"
	"holdfast/playbooks"
	"holdfast/rules"
	"holdfast/triggers"
)

// Standing is how one trigger of a head stands for an account: what it reads
// and what it remembers. Facts are good inside the transaction only.
type Standing struct {
	Playbook *playbooks.Playbook
	Trigger  *triggers.Trigger
	Facts    *rules.Facts // what conditions read
	// Event is the account's last event that an event trigger waits for, nil
	// when none came; Seen is Facts with its fields.
	Event *store.Event
	Seen  *rules.Facts
	// NeedsContact: it reads a contact, and so is looked at only when a message
	// names one.
	NeedsContact bool
	Truth        store.Truth // condition and date: what it said last
	Dated        bool        // date: it has one, Moment, for Occurrence
	Moment       time.Time
	Occurrence   string
	HeldUntil    time.Time // condition with `for:` that is true now: when it will have held
	Refusal      string    // the rule of entry that forbids a start now, or ""
	Surge        string    // why the trigger is paused, in words, or ""
	Silence      string    // which feed is silent, so that the trigger is suspended, in words, or ""
	Enters       time.Time // event of all accounts: the moment that the account was given; zero: none
	Waits        time.Time // since when an entry of the account waits for one of them; zero: none does
}

// Standings are those of all triggers of the heads, in order, as they are at a
// moment. It writes nothing.
func (in *Intake) Standings(tx store.Tx, account string, at time.Time) ([]Standing, error) {
	b := in.batchAt(tx, Live, at)
	s, err := b.sheet(account)
	if err != nil {
		return nil, err
	}
	runs, err := b.runs(s)
	if err != nil {
		return nil, err
	}
	var out []Standing
	for _, p := range b.watch.heads {
		refusal, err := b.forbidden(s, p, runs)
		if err != nil {
			return nil, err
		}
		for i := range p.Triggers {
			st := Standing{Playbook: p, Trigger: &p.Triggers[i], Refusal: refusal}
			if err := b.standingOf(s, &st); err != nil {
				return nil, fmt.Errorf("playbook %s, trigger %s: %w", p.Name, st.Trigger.ID, err)
			}
			out = append(out, st)
		}
	}
	return out, b.broken
}

// forbidden is why the account may not enter p now, as start asks it, or "". It
// draws no salt: until one is there nobody knows who is let in first.
func (b *batch) forbidden(s *sheet, p *playbooks.Playbook, runs []store.Enrollment) (string, error) {
	refused, err := b.refusal(s, b.facts(s, ""), p, runs)
	if err == nil && refused == "" {
		refused, err = b.taken(p, runs)
	}
	if err != nil || refused != "" {
		return refused, err
	}
	drawn, err := b.in.Drawn(b.tx)
	if err != nil || !drawn {
		return "", err
	}
	return b.outside(p, s.acct.ID)
}

// Drawn reports whether it is settled who is held out and who is let in first.
func (in *Intake) Drawn(tx store.Tx) (bool, error) {
	if in.Options.Salt != "" {
		return true, nil
	}
	salt, err := tx.MetaGet(metaSalt)
	return salt != "", err
}

func (b *batch) standingOf(s *sheet, st *Standing) (err error) {
	t := st.Trigger
	st.Facts = b.facts(s, "")
	if err := b.pausedOf(s, st); err != nil {
		return err
	}
	if t.Kind == triggers.Event {
		e, err := b.lastEvent(s.acct.ID, t.On)
		if err != nil {
			return none(err)
		}
		if st.Enters, err = b.entersAt(s, *st, e); err != nil {
			return err
		}
		st.Event, st.Facts = &e, b.facts(s, e.Contact)
		seen := *st.Facts
		if seen.Event, err = facts.Event(b.set, e); err != nil {
			seen.Event = rules.Record{} // as react takes it
		}
		st.Seen = &seen
		return nil
	}
	st.NeedsContact = readsContact(t.When, st.Playbook.When)
	if st.Truth, err = b.truth(st.Playbook.Name, t.ID, s.acct.ID); err != nil {
		return err
	}
	if t.Kind == triggers.Date {
		r := ref{st.Playbook, t}
		p, _, err := b.awaited(r, s.acct.ID)
		st.Moment, st.Occurrence, st.Dated = b.still(s, st.Facts, r, p)
		return err
	}
	if !t.For.Zero() {
		loc, days := b.in.place(b.record(s))
		from := b.now
		if st.Truth.True {
			from = st.Truth.Since
		}
		st.HeldUntil = t.For.Add(from.In(loc), days).UTC()
	}
	return nil
}

// lastEvent is the account's last event of a name or, of one that is about all
// accounts, the last that named none, when that is later.
func (b *batch) lastEvent(account, name string) (store.Event, error) {
	own, err := b.tx.LastEvent(account, name)
	if !b.set.OfAll(name) || none(err) != nil {
		return own, err
	}
	announced, missing := b.tx.LastEvent("", name)
	if none(missing) != nil {
		return own, missing
	}
	if missing != nil || err == nil && own.At.After(announced.At) {
		return own, err
	}
	return announced, nil
}

// entersAt is when the account enters by an announcement, if it has a moment before it.
func (b *batch) entersAt(s *sheet, st Standing, e store.Event) (time.Time, error) {
	key := entryKey(st.Playbook.Enroll.OncePer, st.Trigger.ID, e.ID)
	d, err := b.tx.Due(enteringKind + "/" + holdfast.EnrollmentID(st.Playbook.Name, s.acct.ID, key))
	if err := none(err); err != nil {
		return time.Time{}, fmt.Errorf("read when it enters: %w", err)
	}
	return d.At, nil
}

// Effects are the rows that something would write, in order.
type Effects struct {
	Enrolled []store.Enrollment
	Signals  []store.Signal
	Woken    []string // enrollments whose date may have moved
	Truths   []store.Truth
	Dues     []store.Due
	Lines    []store.Line // refusals are lines of kind skip, goals of kind goal
	Rejected string       // why the message is not taken, or ""
	Repeated bool         // it was taken before: nothing follows
	Late     bool         // too old to start anything
	Troubles []string     // rules that could not be evaluated
}

// errTried undoes a trial.
var errTried = errors.New("it was only a trial")

// TryMessage does with a message what Take would do at a moment, and undoes it:
// nothing is kept and nobody is poked. then, when it is not nil, runs before
// that and sees what the message did; seq is the event's.
func (in *Intake) TryMessage(ctx context.Context, m holdfast.Message, at time.Time, then func(tx store.Tx, seq int64) error) (Effects, error) {
	return in.try(ctx, at, func(b *batch, did *Effects) error {
		if did.Rejected = forged(m); did.Rejected != "" {
			return nil
		}
		if err := b.take(0, m); err != nil {
			return err
		}
		for _, p := range b.res.Problems {
			did.Rejected = p.Reason
		}
		did.Repeated, did.Late = b.res.Repeated > 0, b.res.Late > 0
		if err := b.flush(); err != nil || then == nil || did.Rejected != "" || did.Repeated {
			return err
		}
		return then(b.tx, b.last)
	})
}

// TryTrigger looks at one trigger of a head as if something that it reads had
// changed at a moment, and undoes what follows. An event trigger takes the
// account's last such event as if it came anew.
func (in *Intake) TryTrigger(ctx context.Context, playbook, trigger, account string, at time.Time) (Effects, error) {
	return in.try(ctx, at, func(b *batch, _ *Effects) error {
		s, err := b.sheet(account)
		if err != nil || !s.acct.Known {
			return err
		}
		c := &cause{ch: changes{identified: true}, start: true}
		if r, ok := b.watch.find(playbook, trigger); ok {
			return b.state(s, b.facts(s, ""), r, c)
		}
		p := b.watch.byName[playbook]
		for i := range p.Triggers {
			t := &p.Triggers[i]
			if t.ID != trigger {
				continue
			}
			e, err := b.lastEvent(account, t.On)
			if err != nil {
				return none(err)
			}
			c.msg, c.seq = e.Message, e.Seq
			c.msg.ID += "/again"
			if c.event, err = facts.Event(b.set, e); err != nil {
				c.event = rules.Record{}
			}
			return b.happenedTo(s, c, ref{p, t})
		}
		return nil
	})
}

func (in *Intake) try(ctx context.Context, at time.Time, do func(b *batch, did *Effects) error) (Effects, error) {
	var did Effects
	err := in.Store.Update(ctx, func(tx store.Tx) error {
		did = Effects{}
		b := in.batchAt(recorder{tx, &did}, Live, at)
		if err := do(b, &did); err != nil {
			return err
		}
		for _, e := range b.errs {
			did.Troubles = append(did.Troubles, e.err.Error())
		}
		return errors.Join(b.broken, errTried)
	})
	if errors.Is(err, errTried) {
		err = nil
	}
	return did, err
}

// recorder notes what is written through it.
type recorder struct {
	store.Tx
	did *Effects
}

func (r recorder) Enroll(e store.Enrollment) (bool, error) {
	won, err := r.Tx.Enroll(e)
	if won {
		r.did.Enrolled = append(r.did.Enrolled, e)
	}
	return won, err
}

func (r recorder) Signal(s store.Signal) error {
	r.did.Signals = append(r.did.Signals, s)
	return r.Tx.Signal(s)
}

func (r recorder) Wake(enrollment string) error {
	r.did.Woken = append(r.did.Woken, enrollment)
	return r.Tx.Wake(enrollment)
}

func (r recorder) PutTruth(t store.Truth) error {
	r.did.Truths = append(r.did.Truths, t)
	return r.Tx.PutTruth(t)
}

func (r recorder) PutDue(d store.Due) error {
	r.did.Dues = append(r.did.Dues, d)
	return r.Tx.PutDue(d)
}

func (r recorder) AddLine(l store.Line) error {
	r.did.Lines = append(r.did.Lines, l)
	return r.Tx.AddLine(l)
}

// FactsOf are what expressions about an account and one of its contacts ("" for
// none) read at a moment. Good inside the transaction only.
func (in *Intake) FactsOf(tx store.Tx, account, contact string, at time.Time) (*rules.Facts, error) {
	b := in.batchAt(tx, Live, at)
	s, err := b.sheet(account)
	if err != nil {
		return nil, err
	}
	f := b.facts(s, contact)
	return f, b.broken
}
