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
