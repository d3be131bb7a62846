// Package intake is the door for everything that happens: it decides in one
// transaction what a message changes, starts, ends and wakes, and leaves the
// doing to the relay. It owns starts, exits and goals, and never sends.
// To react to one more thing, add a file and call it from batch.react.
package intake

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"holdfast"
	"holdfast/internal/calendar"
	"holdfast/internal/clock"
	"holdfast/internal/store"
	"holdfast/playbooks"
	"holdfast/rules"
)

// Mode says what a message may set off.
type Mode int

// Live messages start, end and wake enrollments. History only builds state: it
// starts, ends and wakes nothing, and what it made true is marked as known
// before the next live message.
const (
	Live Mode = iota
	History
)

// Options tune an Intake; zero values take the defaults.
type Options struct {
	LateLimit     time.Duration // a message older than this starts nothing; default 24 h
	ScanEvery     time.Duration // clock-reading conditions are looked at this often; default 1 h
	ScanAt        time.Duration // offset of the scan from midnight UTC; 0 = none
	Foresee       bool          // leave out scans that would change nothing; see foresee.go
	BatchMessages int           // messages in one transaction; default 500
	BatchTime     time.Duration // length of one transaction; default 50 ms
	// Place is where an account lives, for dates and business days; nil = UTC without holidays.
	Place func(account rules.Record) (*time.Location, calendar.Days)
	// Salt decides, with a hash, who is held out and who is let in first; "" draws
	// one at its first use and keeps it in the store.
	Salt string
	// Treated holds nobody out, keeps nobody out by a rollout, and knows no surge:
	// what a playbook does is being looked at.
	Treated bool
}

// Intake takes messages in. Safe for concurrent use; the fields must not change
// once it is used. Poke is called after a commit that left work for the relay.
type Intake struct {
	Store     store.Store
	Clock     clock.Clock
	Rules     func() *rules.Set
	Playbooks func() []*playbooks.Playbook                     // the heads, by name
	ByDigest  func(digest string) (*playbooks.Playbook, error) // any version an enrollment runs
	Poke      func()
	// MayWrite is what a source may write; nil, or the answer nil, is everything.
	MayWrite func(source string) Writes
	// Silence is how long nothing may come from a source before what it sends counts as
	// silent: zero is as its own past has it, off never. nil is zero for all.
	Silence func(source string) (after calendar.Span, off bool)
	Log     *slog.Logger
	Options Options
	// Refused is told of each message of Take that was not taken in, and why in a
	// word. nil: nobody counts.
	Refused func(source, reason string)

	mu      sync.Mutex
	watch   *watch
	outlook outlook
	looking looking
	// counted is how many accounts were known at a moment.
	counted struct {
		at time.Time
		n  int
	}
	// prepared are the fields for whose days the store has been prepared.
	prepared []string
	heard    map[string]int // the last hour that was written of a feed
	// clockwise is whether an enrollment that ran at a moment needed scans.
	clockwise struct {
		at   time.Time
		some bool
	}
}

// Result of a Take or Receive. Messages is Fresh + Repeated + Rejected + Parked.
type Result struct {
	Messages  int       `json:"messages"`
	Fresh     int       `json:"fresh"`
	Repeated  int       `json:"repeated"`
	Rejected  int       `json:"rejected"`
	Parked    int       `json:"parked,omitempty"`   // they wait until somebody says whose they are
	Placed    int       `json:"placed,omitempty"`   // they waited, and somebody has said it
	Withheld  int       `json:"withheld,omitempty"` // fields and objects that their source may not write
	Late      int       `json:"late"`               // fresh, but too old to start anything
	Enrolled  int       `json:"enrolled"`           // enrollments started
	HeldOut   int       `json:"held_out,omitempty"`
	Waiting   int       `json:"waiting,omitempty"`   // entries that a surge or a silence has held back
	Announced int       `json:"announced,omitempty"` // events of all accounts: those that match enter as the clock goes on
	Exited    int       `json:"exited"`
	Goals     int       `json:"goals"`
	Problems  []Problem `json:"problems,omitempty"` // one for each rejected message
	// Lost is the source of each message that waited and, once somebody has said whose it
	// is, cannot be taken: no message of the caller's.
	Lost []string `json:"lost,omitempty"`
	// Undeclared counts properties that no schema declares: kept with the event, read by nothing.
	Undeclared map[string]int `json:"undeclared,omitempty"`
}

// Problem is why a message was rejected.
type Problem struct {
	Index  int    `json:"index"` // in the messages given
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

// Add counts o to r. Problems keep the indexes they had.
func (r *Result) Add(o Result) {
	r.Messages += o.Messages
	r.Fresh += o.Fresh
	r.Repeated += o.Repeated
	r.Rejected += o.Rejected
	r.Parked += o.Parked
	r.Placed += o.Placed
	r.Withheld += o.Withheld
	r.Late += o.Late
	r.Enrolled += o.Enrolled
	r.HeldOut += o.HeldOut
	r.Waiting += o.Waiting
	r.Announced += o.Announced
	r.Exited += o.Exited
	r.Goals += o.Goals
	r.Problems = append(r.Problems, o.Problems...)
	r.Lost = append(r.Lost, o.Lost...)
	for name, n := range o.Undeclared {
		if r.Undeclared == nil {
			r.Undeclared = map[string]int{}
		}
		r.Undeclared[name] += n
	}
}

// metaUnmarked is set while history has come in whose truths are not marked yet.
const metaUnmarked = "intake_unmarked"

// Take stores msgs and does what follows from them, in order, in transactions of
// bounded size. A message that is refused is in Result.Problems and spoils no
// other. After an error the messages of the committed transactions are in;
// giving all of them again is harmless.
func (in *Intake) Take(ctx context.Context, msgs []holdfast.Message, mode Mode) (Result, error) {
	var total Result
	for done := 0; done < len(msgs); {
		if err := ctx.Err(); err != nil {
			return total, err
		}
		var b *batch
		err := in.update(ctx, func(tx store.Tx) error {
			b = in.batch(tx, mode)
			b.unsettled = mode == Live
			return b.takeSome(msgs, done)
		})
		if err != nil {
			return total, fmt.Errorf("take messages %d and on: %w", done, err)
		}
		in.after(b)
		in.tell(msgs, b)
		total.Add(b.res)
		done += b.res.Messages
	}
	return total, nil
}

// Emit takes one of our own events inside a transaction that someone else owns:
// what it starts, ends and wakes commits with it. It reads and writes
// enrollments of the account, so it comes after the caller's own writes. The
// caller pokes the relay after its commit.
func (in *Intake) Emit(tx store.Tx, m holdfast.Message) error {
	b := in.batch(tx, Live)
	if err := b.take(0, m); err != nil {
		return err
	}
	if len(b.res.Problems) > 0 {
		return holdfast.Errorf(holdfast.Invalid, "event %s: %s", m.Event, b.res.Problems[0].Reason)
	}
	if err := b.place(); err != nil {
		return err
	}
	return b.flush()
}

// batch opens the working set of one transaction.
func (in *Intake) batch(tx store.Tx, mode Mode) *batch {
	return in.batchAt(tx, mode, in.Clock.Now())
}

func (in *Intake) batchAt(tx store.Tx, mode Mode, now time.Time) *batch {
	set, w := in.Rules(), in.watching()
	_, reads := tx.(readOnly)
	return &batch{
		reads: reads,
		in:    in, tx: tx, mode: mode, now: now.UTC().Truncate(time.Microsecond),
		set: set, schema: w.schemaOf(set), watch: w,
		sheets: map[string]*sheet{}, people: map[string]*person{},
	}
}

// after does what follows a commit.
func (in *Intake) after(b *batch) {
	in.remember(b)
	if b.poke && in.Poke != nil {
		in.Poke()
	}
	for _, e := range b.errs {
		in.Log.Error("rule could not be evaluated", "playbook", e.playbook, "account", e.account, "error", e.err)
	}
}

func (in *Intake) lateLimit() time.Duration { return cmp.Or(in.Options.LateLimit, 24*time.Hour) }

// place of an account: its zone, and its working days.
func (in *Intake) place(account rules.Record) (*time.Location, calendar.Days) {
	if in.Options.Place == nil {
		return time.UTC, calendar.Days{}
	}
	loc, days := in.Options.Place(account)
	if loc == nil {
		loc = time.UTC
	}
	return loc, days
}
