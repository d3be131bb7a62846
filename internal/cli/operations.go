package cli

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"holdfast"
	"holdfast/internal/app"
	"holdfast/internal/server/limits"
)

// operations are metrics and probes on an address of their own, while a command
// serves them.
type operations struct {
	server *http.Server
	done   chan error
}

// serveOperations serves them at addr; "" leaves them to the page's address. One
// that other machines reach needs a token.
func serveOperations(ctx context.Context, a *app.App, addr, token string, say *sayer) (*operations, error) {
	if addr == "" {
		return nil, nil
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, holdfast.Errorf(holdfast.Invalid, "--operations %s: %v", addr, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) && token == "" {
		e := holdfast.Errorf(holdfast.Invalid, "--operations %s: other machines reach it, and nobody is asked who they are", addr)
		e.Hint = "set HOLDFAST_OPERATIONS_TOKEN, which Prometheus shows as a bearer token, or use 127.0.0.1:7789"
		return nil, e
	}
	if err := app.CheckOperationsToken(token); err != nil {
		return nil, err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		e := holdfast.Errorf(holdfast.Conflict, "--operations %s: cannot listen there: %v", addr, errors.Unwrap(err))
		e.Hint = "choose another, such as 127.0.0.1:7789"
		return nil, e
	}
	o := &operations{server: limits.Operations().Server(a.Operations(token)), done: make(chan error, 1)}
	go func() { o.done <- o.server.Serve(limits.Operations().Listener(l)) }()
	say.f("operations: http://%s/metrics, /healthz, /readyz\n", l.Addr())
	return o, nil
}

// close ends it, open requests first, for two seconds at most.
func (o *operations) close(ctx context.Context) error {
	if o == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	err := o.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = o.server.Close()
	}
	if served := <-o.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
