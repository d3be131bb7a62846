// Package channels is how a person is reached: one folder a channel, each
// passing the channeltest suite. To add one, add a folder and one line in the
// app's list. A channel sends once when asked and never retries by itself.
package channels

import (
	"context"

	"holdfast"
)

// Channel delivers one rendered message. Safe for concurrent use. The error is
// a *holdfast.DeliveryError that says what is known about the message.
type Channel interface {
	Name() string
	Deliver(ctx context.Context, m holdfast.Outbound) (holdfast.Receipt, error)
	// Loopback reports whether nothing it sends can leave this machine: a
	// compressed clock refuses every other channel.
	Loopback() bool
}

// Redrawer is a channel whose messages can be changed after they were delivered:
// a task's card that says who has done it. m.Touch is that of the message, and
// at is the ProviderID of its receipt. Doing it twice does no harm.
type Redrawer interface {
	Redraw(ctx context.Context, at string, m holdfast.Outbound) error
}
