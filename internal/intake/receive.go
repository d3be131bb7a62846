package intake

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/rules"
)

// Writes is what one source may write.
type Writes interface {
	Field(name string) bool  // of an account or a contact
	Object(kind string) bool // one of an account's objects
}

const (
	// mostParked messages wait for the account of one person; more are refused.
	mostParked = 100
	// ParkedDays are how long a message waits for an account.
	ParkedDays = 30
	parkedFor  = ParkedDays * 24 * time.Hour
	// forgotten parked messages in one transaction, at most.
	forgotten = 100
)

// Call is what one call hands in.
type Call struct {
	Messages []holdfast.Message
	Same     []Same                  // who is said to be whom; ids that are some (NoID)
	Also     func(tx store.Tx) error // runs in the same transaction; may be nil
}

// Same says that two ids are one person: what waits for the account of Old is New's.
type Same struct {
	Old, New string
	Of       int // the message that says so, counted from 1: while it is refused, it says nothing; 0: none does
}

// Receive takes the messages of one call in one transaction: when it returns
// without an error, all that could be taken are in, and after an error none is.
// Otherwise as Take, live, but that a message about somebody whose account nobody
// has said yet is not refused: it waits until somebody says it (Result.Parked),
// for 30 days, 100 of a person.
func (in *Intake) Receive(ctx context.Context, c Call) (Result, error) {
	var b *batch
	err := in.update(ctx, func(tx store.Tx) error {
		b = in.batch(tx, Live)
		b.parks, b.actor, b.unsettled = true, store.Actor(ctx), true
		if err := b.receive(c); err != nil {
			return err
		}
		if c.Also != nil {
			if err := c.Also(tx); err != nil {
				return err
			}
		}
		return b.flush()
	})
	if err != nil {
		return Result{}, fmt.Errorf("receive messages: %w", err)
	}
	in.after(b)
	return b.res, nil
}

func (b *batch) receive(c Call) error {
	for i, m := range c.Messages {
		if i%groupSize == 0 {
			if err := b.gather(i, c.Messages[i:min(i+groupSize, len(c.Messages))]); err != nil {
				return err
			}
		}
		if why := forged(m); why != "" {
			b.reject(i, m.ID, why)
		} else if err := b.take(i, m); err != nil {
			return err
		}
	}
	if err := b.settled(); err != nil { // without a message
		return err
	}
	refused := map[int]bool{}
	for _, p := range b.res.Problems {
		refused[p.Index] = p.Reason != mergedErased // what waits for who was erased is theirs
	}
	for _, s := range c.Same {
		if refused[s.Of-1] {
			continue
		}
		if err := b.same(s); err != nil {
			return err
		}
	}
	if b.res.Parked > 0 {
		if _, err := b.tx.ForgetParked(b.now.Add(-parkedFor), forgotten); err != nil {
			return err
		}
	}
	return b.place()
}

// same gives what waits for one id to another, or to whom that has become; it goes on
// waiting there, or is taken by place when that person has been met.
func (b *batch) same(s Same) error {
	if NoID("contact", s.Old) != "" || NoID("contact", s.New) != "" {
		return nil // nothing can wait for them
	}
	who, err := b.whoIs(s.New)
	if err != nil {
		return fmt.Errorf("read who it is about: %w", err)
	}
	waiting, err := b.tx.Parked([]string{s.Old})
	b.waiting = nil
	if err != nil {
		return fmt.Errorf("read what waited: %w", err)
	}
	for _, p := range waiting {
		if err := b.tx.Unpark(p.Source, p.ID); err != nil {
			return err
		}
		p.Contact = who
		if err := b.forget(&p.Message); err != nil { // who may have been erased
			return err
		}
		if _, err := b.tx.Park(p.Message, p.Received); err != nil {
			return err
		}
	}
	if len(waiting) == 0 {
		return nil
	}
	switch _, err := b.person(who); {
	case err == nil:
		b.met = append(b.met, who)
	case !errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("read contact: %w", err)
	}
	return nil
}

// park keeps m, which names a person that nobody has placed yet.
func (b *batch) park(i int, m holdfast.Message) error {
	b.waiting = nil
	fresh, err := b.tx.Park(m, b.now)
	if err != nil {
		return err
	}
	if !fresh {
		b.res.Messages++
		b.res.Repeated++
		return nil
	}
	n, err := b.tx.CountParked(m.Contact)
	if err != nil {
		return err
	}
	if n > mostParked {
		b.reject(i, m.ID, "too many messages wait for the account of this person")
		return b.tx.Unpark(m.Source, m.ID)
	}
	b.res.Messages++
	b.res.Parked++
	return nil
}

// place takes what waited for the people that this transaction has met. It is no
// message of the caller's, so that only what follows from it counts.
func (b *batch) place() error {
	for len(b.met) > 0 {
		waiting, err := b.waits(b.met)
		if err != nil {
			return fmt.Errorf("read what waited: %w", err)
		}
		b.met = nil
		for _, p := range waiting {
			if err := b.tx.Unpark(p.Source, p.ID); err != nil {
				return err
			}
			before := b.res
			if err := b.take(0, p.Message); err != nil {
				return err
			}
			b.res.Placed++
			if b.res.Rejected > before.Rejected {
				b.res.Placed--
				b.lost(p.Message, b.res.Problems[len(b.res.Problems)-1].Reason)
			}
			b.res.Messages, b.res.Fresh, b.res.Repeated, b.res.Rejected, b.res.Problems = before.Messages, before.Fresh, before.Repeated, before.Rejected, before.Problems
		}
	}
	return nil
}

// quoted is what others wrote, in a reason of ours.
var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// lost tells of a message that was acknowledged, has waited for its account, and can
// not be taken now: mostly since other rules are in force. Values stay out of the log.
func (b *batch) lost(m holdfast.Message, why string) {
	b.res.Lost = append(b.res.Lost, m.Source)
	b.in.Log.Warn("a message that waited for its account cannot be taken", "message", clip(m.ID), "source", m.Source, "event", m.Event, "reason", quoted.ReplaceAllString(why, "…"))
}

// narrow leaves of what m says only what its source may write.
func (b *batch) narrow(source string, says *rules.Changes) {
	if b.in.MayWrite == nil {
		return
	}
	may := b.in.MayWrite(source)
	if may == nil {
		return
	}
	for _, rec := range []rules.Record{says.Account, says.Contact} {
		for name := range rec {
			if !may.Field(name) {
				delete(rec, name)
				b.res.Withheld++
			}
		}
	}
	kept := says.Objects[:0]
	for _, o := range says.Objects {
		if may.Object(o.Kind) {
			kept = append(kept, o)
		} else {
			b.res.Withheld++
		}
	}
	says.Objects = kept
}
