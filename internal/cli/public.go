package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"holdfast"
	"holdfast/internal/app"
	"holdfast/internal/server/limits"
)

// publicHelp is said by the commands that open doors.
const publicHelp = `With --public ADDR it also listens where providers call: each door proves who is
calling, and one whose key is not set stays shut. It speaks plain HTTP; put a proxy
that ends TLS before it, which passes bodies on as they are. Sources of the project
hand in what happens there, with the keys of holdfast tokens.

  HOLDFAST_SENDGRID_EVENT_KEY            the Event Webhook's verification key
  HOLDFAST_SENDGRID_INBOUND_KEY          the secret in the address of Inbound Parse
  HOLDFAST_SENDGRID_INBOUND_SIGNED_KEY   its security policy's key, if it signs
  HOLDFAST_SLACK_SIGNING_SECRET          what Slack signs clicks, events and commands with`

// doors are what the outside may call, while a command serves it.
type doors struct {
	listener net.Listener
	server   *http.Server
	done     chan error
}

// openDoors takes the address; what calls from then on waits until serve.
func openDoors(ctx context.Context, addr string) (*doors, error) {
	if addr == "" {
		return nil, nil
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		e := holdfast.Errorf(holdfast.Conflict, "--public %s: cannot listen there: %v", addr, errors.Unwrap(err))
		e.Hint = "choose another, such as :8080"
		return nil, e
	}
	return &doors{listener: l}, nil
}

// serve answers calls, and tells which doors are open.
func (d *doors) serve(a *app.App, say *sayer) error {
	if d == nil {
		return nil
	}
	h, err := a.Public()
	if err != nil {
		return err
	}
	d.server = limits.Public().Server(h)
	d.done = make(chan error, 1)
	go func() { d.done <- d.server.Serve(limits.Public().Listener(d.listener)) }()
	say.f("public: http://%s\n", d.listener.Addr())
	for _, door := range a.Doors() {
		if door.Shut != "" {
			say.f("  shut  %s: %s\n", door.Name, door.Shut)
			continue
		}
		say.f("  open  %s: %s\n", door.Name, door.Path)
	}
	return nil
}

// close ends open calls, for five seconds at most: what was taken is answered.
func (d *doors) close(ctx context.Context) error {
	if d == nil {
		return nil
	}
	if d.server == nil {
		return d.listener.Close()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := d.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = d.server.Close()
	}
	if served := <-d.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, fmt.Errorf("serve the public address: %w", served))
	}
	return err
}
