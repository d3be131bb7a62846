// Package activities is what workflows ask of the world, one file each. Advance
// is one walk of the interpreter with at most one touch: facts, guards and claim
// in one transaction, the send outside of any, the record in another.
package activities

import (
	"log/slog"

	"holdfast"
	"holdfast/channels"
	"holdfast/guards"
	"holdfast/internal/clock"
	"holdfast/internal/intake"
	"holdfast/internal/store"
	"holdfast/rules"
)

// Config is what activities work with. Store, Clock, Rules, Project and
// Channels are required.
type Config struct {
	Store    store.Store
	Clock    clock.Clock
	Rules    func() *rules.Set // the live schema; one pointer as long as nothing changes
	Project  func() Project    // read once a transaction
	Channels map[string]channels.Channel
	// Emit takes a message of our own into the same transaction, so that
	// triggers react to a task's or an enrollment's end in the commit that ends
	// it. It runs last in the transaction. nil: such events are not told.
	Emit func(tx store.Tx, m holdfast.Message) error
	// Start starts another playbook for an account of a running enrollment, in
	// the same transaction. nil: no playbook is known, and each is refused.
	Start func(tx store.Tx, r intake.Run) (intake.Ran, error)
	// Trace is told of the steps and blocks that run (see steps.Input). It may be
	// called from several goroutines. nil: nobody counts.
	Trace func(playbook, step string, block int)
	// Poke tells the relay that rows may wait for it. nil: it finds them itself.
	Poke func()
	// Links are what leads back to us from a touch's mail. nil: nothing does.
	Links func(touch string) Links
	// Held is told, inside the transaction, of each touch that may not go now and
	// why. nil: nobody asks.
	Held func(enrollment, path string, d guards.Decision)
	// Redraws says that the process beside which this one works draws cards anew,
	// though the channels here cannot.
	Redraws bool
	// Versions keeps what was compiled, and may be shared with other Activities,
	// such as those of many simulations. nil: one of its own.
	Versions *Versions
	Log      *slog.Logger // nil: says nothing
}

// Activities are Temporal activities and what else changes a running enrollment.
// Safe for concurrent use.
type Activities struct {
	Config
}

// New refuses a compressed clock beside a channel that leaves this machine: it
// would send a year of messages in a minute.
func New(c Config) (*Activities, error) {
	if _, compressed := c.Clock.(*clock.Virtual); compressed {
		for name, ch := range c.Channels {
			if !ch.Loopback() {
				return nil, &holdfast.Error{
					Code:    holdfast.Invalid,
					Message: "channel " + name + " reaches real people, and the clock is compressed",
					Hint:    "use the outbox channel",
				}
			}
		}
	}
	if c.Emit == nil {
		c.Emit = func(store.Tx, holdfast.Message) error { return nil }
	}
	if c.Start == nil {
		c.Start = func(store.Tx, intake.Run) (intake.Ran, error) {
			return intake.Ran{Refused: "no playbook is known"}, nil
		}
	}
	if c.Poke == nil {
		c.Poke = func() {}
	}
	if c.Versions == nil {
		c.Versions = new(Versions)
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Activities{Config: c}, nil
}
