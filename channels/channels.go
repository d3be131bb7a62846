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

// Finder is a channel that can look for a message whose send ended without an
// answer, so that it need not be repeated blindly.
type Finder interface {
	// Find looks for the message of m.Touch at m.To, sent at m.At or later. The
	// error is a *holdfast.DeliveryError: Permanent when it can never look there.
	Find(ctx context.Context, m holdfast.Outbound) (r holdfast.Receipt, found bool, err error)
}
