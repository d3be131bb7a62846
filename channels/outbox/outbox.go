// Package outbox is the channel that leads nowhere: messages are kept in our
// own store, where people and tests read them. It is the default, and the only
// channel besides loopback addresses that a compressed clock lets through.
package outbox

import (
	"context"

	"holdfast"
	"holdfast/internal/store"
)

// Keeper is the part of a store that the outbox needs.
type Keeper interface {
	Update(ctx context.Context, fn func(tx store.Tx) error) error
}

// Channel keeps messages under the name of the channel it stands in for.
type Channel struct {
	name string
	keep Keeper
}

// New stands in for channel name: email or slack.
func New(name string, keep Keeper) *Channel { return &Channel{name: name, keep: keep} }

// Name is the channel it stands in for.
func (c *Channel) Name() string { return c.name }

// Loopback is true: nothing leaves this machine.
func (c *Channel) Loopback() bool { return true }

// Deliver keeps m once for each touch; a second time is a success that changes
// nothing. Every error is a refusal, since trying again cannot do harm.
func (c *Channel) Deliver(ctx context.Context, m holdfast.Outbound) (holdfast.Receipt, error) {
	err := c.keep.Update(ctx, func(tx store.Tx) error {
		_, err := tx.PutMessage(store.Outmail{Outbound: m})
		return err
	})
	if err != nil {
		return holdfast.Receipt{}, &holdfast.DeliveryError{Channel: c.name, Reason: "not_kept", Refused: true, Err: err}
	}
	return holdfast.Receipt{ProviderID: "outbox/" + m.Touch, At: m.At}, nil
}
