// Package channeltest is the suite that every channel passes: a message
// arrives, the same one not twice where the channel can tell, each mishap is
// classed by what it proves, and no secret shows. A channel with a provider
// runs it against the provider's stand-in.
package channeltest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"holdfast"
	"holdfast/channels"
	"holdfast/channels/standin"
)

// Rig is a channel and the means to watch it.
type Rig struct {
	Channel  channels.Channel
	Message  func(touch string) holdfast.Outbound
	Accepted func(touch string) int // how often the far side took the touch in
	Once     bool                   // the channel itself keeps a touch to one

	// For channels with a provider; its timeout should be about a second.
	Queue   func(faults ...standin.Fault)
	Dead    channels.Channel // the same, at a port where nobody listens
	Secrets []string         // that no error may show: the key, addresses, names
	Mishaps []Mishap         // of its protocol; nil: those of HTTP
	NoWish  bool             // its protocol has no way to say when to come back
}

// Mishap is what an attempt under a fault proves, and how many messages the far
// side accepted.
type Mishap struct {
	Fault    standin.Fault
	Class    Class
	Accepted int
}

// Class is what an attempt proves: see holdfast.DeliveryError.
type Class string

// The classes.
const (
	Sent      Class = "sent"
	Refused   Class = "refused"
	Permanent Class = "permanent"
	Unknown   Class = "unknown"
)

// overHTTP are the mishaps of a provider that is called over HTTP.
var overHTTP = []Mishap{
	{standin.None, Sent, 1},
	{standin.RateLimited, Refused, 0},
	{standin.Unavailable, Refused, 0},
	{standin.ErrorBefore, Unknown, 0},
	{standin.ErrorAfter, Unknown, 1},
	{standin.GatewayAfter, Unknown, 1},
	{standin.SilentAfter, Unknown, 1},
	{standin.HalfAfter, Unknown, 1},
	{standin.ResetBefore, Unknown, 0},
	{standin.ResetAfter, Unknown, 1},
	{standin.SlowBody, Sent, 1},
	{standin.Rejected, Permanent, 0},
	{standin.Unauthorized, Permanent, 0},
	{standin.Forbidden, Permanent, 0},
	{standin.TooLarge, Permanent, 0},
}

// Run holds the channel that open makes against the suite.
func Run(t *testing.T, open func(t *testing.T) Rig) {
	t.Helper()
	t.Run("a message arrives with a receipt", func(t *testing.T) {
		t.Parallel()
		r := open(t)
		receipt, err := r.Channel.Deliver(t.Context(), r.Message("t1"))
		if err != nil || receipt.ProviderID == "" || receipt.At.IsZero() || r.Accepted("t1") != 1 {
			t.Errorf("got receipt %+v, error %v, accepted %d; want all of it, no error, 1", receipt, err, r.Accepted("t1"))
		}
		if r.Channel.Name() == "" || !r.Channel.Loopback() {
			t.Errorf("name %q, loopback %v; want a name and a loopback rig", r.Channel.Name(), r.Channel.Loopback())
		}
	})
	t.Run("the same touch arrives once", func(t *testing.T) {
		t.Parallel()
		r := open(t)
		if !r.Once {
			t.Skip("the provider has no idempotency key: the ledger keeps a touch to one")
		}
		for range 3 {
			if _, err := r.Channel.Deliver(t.Context(), r.Message("t1")); err != nil {
				t.Fatal(err)
			}
		}
		if got := r.Accepted("t1"); got != 1 {
			t.Errorf("accepted %d, want 1", got)
		}
	})
	t.Run("eight senders at once do not mix their messages", func(t *testing.T) {
		t.Parallel()
		eightAtOnce(t, open(t))
	})
	t.Run("a cancelled context sends nothing", func(t *testing.T) {
		t.Parallel()
		r := open(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := r.Channel.Deliver(ctx, r.Message("t1"))
		if got := classOf(t, err); got != Refused || r.Accepted("t1") != 0 {
			t.Errorf("got %s (%v), accepted %d; want refused, 0", got, err, r.Accepted("t1"))
		}
	})
	t.Run("every mishap is classed by what it proves", func(t *testing.T) {
		t.Parallel()
		if open(t).Queue == nil {
			t.Skip("no provider, no mishaps")
		}
		mishaps := open(t).Mishaps
		if mishaps == nil {
			mishaps = overHTTP
		}
		for _, m := range mishaps {
			t.Run(string(m.Fault), func(t *testing.T) {
				t.Parallel()
				r := open(t)
				r.mishap(t, m)
			})
		}
	})
	t.Run("nobody listening is a refusal", func(t *testing.T) {
		t.Parallel()
		r := open(t)
		if r.Dead == nil {
			t.Skip("no provider")
		}
		_, err := r.Dead.Deliver(t.Context(), r.Message("t1"))
		if got := classOf(t, err); got != Refused {
			t.Errorf("got %s (%v), want refused", got, err)
		}
		r.keepsSecrets(t, err)
	})
}

// mishap warms the connection first: a client library may repeat a request by
// itself only on a connection that it used before.
func (r Rig) mishap(t *testing.T, m Mishap) {
	t.Helper()
	if _, err := r.Channel.Deliver(t.Context(), r.Message("warm")); err != nil {
		t.Fatal(err)
	}
	r.Queue(m.Fault)
	_, err := r.Channel.Deliver(t.Context(), r.Message("t1"))
	if got := classOf(t, err); got != m.Class {
		t.Errorf("got %s (%v), want %s", got, err, m.Class)
	}
	if got := r.Accepted("t1"); got != m.Accepted {
		t.Errorf("accepted %d, want %d", got, m.Accepted)
	}
	if d, ok := errors.AsType[*holdfast.DeliveryError](err); ok {
		if m.Fault == standin.RateLimited && !r.NoWish && d.After <= 0 {
			t.Errorf("got After %s, want the provider's wish", d.After)
		}
		if d.Channel != r.Channel.Name() || strings.ToLower(d.Reason) != d.Reason || d.Reason == "" || strings.Contains(d.Reason, " ") {
			t.Errorf("got channel %q, reason %q; want the channel's name and a snake_case word", d.Channel, d.Reason)
		}
		r.keepsSecrets(t, err)
	}
}

func (r Rig) keepsSecrets(t *testing.T, err error) {
	t.Helper()
	for _, secret := range r.Secrets {
		if shown := fmt.Sprintf("%v %+v", err, err); strings.Contains(shown, secret) {
			t.Errorf("the error shows %q: %s", secret, shown)
		}
	}
}

func classOf(t *testing.T, err error) Class {
	t.Helper()
	if err == nil {
		return Sent
	}
	var d *holdfast.DeliveryError
	if !errors.As(err, &d) {
		t.Errorf("got a %T (%v), want a *holdfast.DeliveryError", err, err)
		return ""
	}
	if d.Refused && d.Permanent {
		t.Errorf("%v is both refused and permanent", err)
	}
	switch {
	case d.Refused:
		return Refused
	case d.Permanent:
		return Permanent
	}
	return Unknown
}

func eightAtOnce(t *testing.T, r Rig) {
	t.Helper()
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 10 {
				if _, err := r.Channel.Deliver(t.Context(), r.Message(fmt.Sprintf("g%d-%d", g, i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for g := range 8 {
		for i := range 10 {
			if touch := fmt.Sprintf("g%d-%d", g, i); r.Accepted(touch) != 1 {
				t.Errorf("%s: accepted %d, want 1", touch, r.Accepted(touch))
			}
		}
	}
}
