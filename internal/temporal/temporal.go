// Package temporal is the door to Temporal: the server inside this process, a
// client, a worker, and the data directory they live in. It alone imports
// go.temporal.io/server, and only without the build tag noembed; nothing else
// may know whether the server is embedded. It holds no workflow and decides nothing.
package temporal

import (
	"crypto/tls"
	"log/slog"
	"time"
)

// Namespace is where all our workflows live unless told otherwise.
const Namespace = "holdfast"

// TaskQueue is the one queue that enrollments and their activities share.
const TaskQueue = "holdfast"

// Retention is how long a finished workflow's history is kept by default. Our
// own store keeps what people look at; this is for those who debug.
const Retention = 7 * 24 * time.Hour

// StickyWorkflows is how many sleeping workflows a process keeps in memory. A
// wake of one that fell out replays its history, about fifty events.
const StickyWorkflows = 1000

// Options of an embedded server.
type Options struct {
	Dir        string        // the data directory; the caller holds its lock (OpenDir)
	Namespace  string        // default Namespace
	Retention  time.Duration // default Retention; changes for new directories only
	FastTimers bool          // timers within 10 ms instead of about 1 s, for tests and demos
	Unsynced   bool          // commits survive a killed process but not a power cut: a quarter faster, for compressed runs
	Logger     *slog.Logger  // gets warnings and errors; nil discards

	suggestAfter int // events after which the server suggests to continue as new; 0 is its default, 4096
}

// Embedded is a running server. Its ports answer on loopback and only to who
// holds the certificate made for this start.
type Embedded struct {
	hostPort string
	tls      *tls.Config
	stop     func()
}

// HostPort is where the server's frontend listens.
func (e *Embedded) HostPort() string { return e.hostPort }

// TLS is what a client needs to be let in. The keys exist only in this process.
func (e *Embedded) TLS() *tls.Config { return e.tls.Clone() }

// Stop ends the server and waits for it. Workers and clients should be stopped
// before. Safe to call twice.
func (e *Embedded) Stop() { e.stop() }
