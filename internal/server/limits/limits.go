// Package limits bounds what a caller of one of our listeners can take up: how
// long it may dawdle, how much it may send, how many connections may be open. Each
// listener is served through it.
package limits

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// Limits of one listener.
type Limits struct {
	Header, Read, Write, Idle time.Duration // the head, the whole request, request and answer, between two
	HeaderBytes               int
	Body                      int64 // most bytes of any body; a door may allow fewer
	Connections               int   // most at once; more wait to be accepted
}

// Page is for the page on this machine.
func Page() Limits {
	return Limits{Header: 5 * time.Second, Read: 10 * time.Second, Write: 30 * time.Second, Idle: time.Minute, HeaderBytes: 32 << 10, Body: 1 << 20, Connections: 256}
}

// Operations is for metrics and probes.
func Operations() Limits {
	return Limits{Header: 5 * time.Second, Read: 10 * time.Second, Write: 30 * time.Second, Idle: 2 * time.Minute, HeaderBytes: 16 << 10, Body: 4 << 10, Connections: 64}
}

// Codec is for whoever looks at Temporal's page. The body is a page of a history.
func Codec() Limits {
	return Limits{Header: 10 * time.Second, Read: time.Minute, Write: time.Minute, Idle: 2 * time.Minute, HeaderBytes: 64 << 10, Body: 16 << 20, Connections: 64}
}

// Public is for providers and customers. The body is that of the largest mail with
// its attachments, and something for the form around it.
func Public() Limits {
	return Limits{Header: 10 * time.Second, Read: 2 * time.Minute, Write: 2 * time.Minute, Idle: 2 * time.Minute, HeaderBytes: 64 << 10, Body: 33 << 20, Connections: 2048}
}

// Server answers with h within the limits. A body that is too long breaks off with
// an *http.MaxBytesError where it is read.
func (l Limits) Server(h http.Handler) *http.Server {
	return &http.Server{
		Handler: http.MaxBytesHandler(h, l.Body), ReadHeaderTimeout: l.Header, ReadTimeout: l.Read, WriteTimeout: l.Write,
		IdleTimeout: l.Idle, MaxHeaderBytes: l.HeaderBytes,
	}
}

// Listener is inner with so many connections at once; those beyond wait in the
// kernel's queue until one is closed.
func (l Limits) Listener(inner net.Listener) net.Listener {
	return &few{Listener: inner, places: make(chan struct{}, l.Connections), closed: make(chan struct{})}
}

type few struct {
	net.Listener
	places chan struct{}
	once   sync.Once
	closed chan struct{}
}

// Accept waits for a place, then for a caller.
func (f *few) Accept() (net.Conn, error) {
	select {
	case f.places <- struct{}{}:
	case <-f.closed:
		return nil, net.ErrClosed
	}
	c, err := f.Listener.Accept()
	if err != nil {
		<-f.places
		return nil, err
	}
	return &placed{Conn: c, leave: sync.OnceFunc(func() { <-f.places })}, nil
}

// Close ends it, and whoever waits for a place.
func (f *few) Close() error {
	f.once.Do(func() { close(f.closed) })
	return f.Listener.Close()
}

type placed struct {
	net.Conn
	leave func()
}

// Close gives the place back.
func (p *placed) Close() error {
	defer p.leave()
	return p.Conn.Close()
}
