package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"holdfast"
	"holdfast/internal/app"
	"holdfast/internal/server/limits"
	"holdfast/internal/server/web"
)

// site is the page while a command serves it.
type site struct {
	url     string
	server  *http.Server
	running atomic.Bool
	done    chan error
}

// serveSite serves the page on a loopback address.
func serveSite(ctx context.Context, a *app.App, listen, pace string) (*site, error) {
	return servePages(ctx, &web.Site{Store: a.Store, Clock: a.Clock, Log: a.Log(), Project: a.Project.Settings.Name, Pace: pace, Operations: a.Operations("")}, listen)
}

// servePages serves w on a loopback address.
func servePages(ctx context.Context, w *web.Site, listen string) (*site, error) {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, fmt.Errorf("--listen %s: %w", listen, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		e := holdfast.Errorf(holdfast.Invalid, "--listen %s: the page has no authentication, so it stays on this machine", listen)
		e.Hint = "use 127.0.0.1:7788"
		return nil, e
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		e := holdfast.Errorf(holdfast.Conflict, "the page cannot listen on %s: %v", listen, errors.Unwrap(err))
		e.Hint = "choose another with --listen, or 127.0.0.1:0 for any"
		return nil, e
	}
	s := &site{url: "http://" + l.Addr().String() + "/", done: make(chan error, 1)}
	s.running.Store(true)
	w.Running = s.running.Load
	s.server = limits.Page().Server(w.Handler())
	go func() { s.done <- s.server.Serve(limits.Page().Listener(l)) }()
	return s, nil
}

// finish says that nothing more will happen, so that the page stops renewing itself.
func (s *site) finish() { s.running.Store(false) }

// close ends it, open requests first, for two seconds at most, although ctx may
// be what ended the command.
func (s *site) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	err := s.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.server.Close()
	}
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
