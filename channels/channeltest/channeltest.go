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
}

// class is what an attempt proves.
type class string

const (
	sent      class = "sent"
	refused   class = "refused"
	permanent class = "permanent"
	unknown   class = "unknown"
)

// proves is the class of each fault, and how many messages were accepted.
var proves = []struct {
	fault    standin.Fault
	class    class
	accepted int
}{
	{standin.None, sent, 1},
	{standin.RateLimited, refused, 0},
	{standin.Unavailable, refused, 0},
	{standin.ErrorBefore, unknown, 0},
	{standin.ErrorAfter, unknown, 1},
	{standin.GatewayAfter, unknown, 1},
	{standin.SilentAfter, unknown, 1},
	{standin.HalfAfter, unknown, 1},
	{standin.ResetBefore, unknown, 0},
	{standin.ResetAfter, unknown, 1},
	{standin.SlowBody, sent, 1},
	{standin.Rejected, permanent, 0},
	{standin.Unauthorized, permanent, 0},
	{standin.Forbidden, permanent, 0},
	{standin.TooLarge, permanent, 0},
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
		if got := classOf(t, err); got != refused || r.Accepted("t1") != 0 {
			t.Errorf("got %s (%v), accepted %d; want refused, 0", got, err, r.Accepted("t1"))
		}
	})
	t.Run("every mishap is classed by what it proves", func(t *testing.T) {
		t.Parallel()
		if open(t).Queue == nil {
			t.Skip("no provider, no mishaps")
		}
		for _, p := range proves {
			t.Run(string(p.fault), func(t *testing.T) {
				t.Parallel()
				r := open(t)
				r.mishap(t, p.fault, p.class, p.accepted)
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
		if got := classOf(t, err); got != refused {
			t.Errorf("got %s (%v), want refused", got, err)
		}
		r.keepsSecrets(t, err)
	})
}

// mishap warms the connection first: a client library may repeat a request by
// itself only on a connection that it used before.
func (r Rig) mishap(t *testing.T, f standin.Fault, want class, accepted int) {
	t.Helper()
	if _, err := r.Channel.Deliver(t.Context(), r.Message("warm")); err != nil {
		t.Fatal(err)
	}
	r.Queue(f)
	_, err := r.Channel.Deliver(t.Context(), r.Message("t1"))
	if got := classOf(t, err); got != want {
		t.Errorf("got %s (%v), want %s", got, err, want)
	}
	if got := r.Accepted("t1"); got != accepted {
		t.Errorf("accepted %d, want %d", got, accepted)
	}
	if d, ok := errors.AsType[*holdfast.DeliveryError](err); ok {
		if f == standin.RateLimited && d.After <= 0 {
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

func classOf(t *testing.T, err error) class {
	t.Helper()
	if err == nil {
		return sent
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
		return refused
	case d.Permanent:
		return permanent
	}
	return unknown
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
