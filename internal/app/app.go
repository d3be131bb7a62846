// Package app is the only wiring: it chooses implementations, gives each part
// its dependencies, and starts and stops them in order. Commands and tests use
// the same App. It holds no rule of the product.
package app

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/client"

	"holdfast/activities"
	"holdfast/internal/clock"
	"holdfast/internal/config"
	"holdfast/internal/intake"
	"holdfast/internal/links"
	"holdfast/internal/project"
	"holdfast/internal/relay"
	"holdfast/internal/release"
	"holdfast/internal/server/ingest"
	"holdfast/internal/store"
	"holdfast/internal/telemetry"
	"holdfast/internal/temporal"
	"holdfast/playbooks"
	"holdfast/rules"
)

// Config of an App. Dir, Project and Log are required.
type Config struct {
	// Dir is the data directory; made when it is not there. "" where the database and
	// Temporal are both elsewhere: nothing is in it then.
	Dir     string
	Project *project.Project
	Env     config.Environment
	Log     *slog.Logger
	// Virtual, when set, runs the directory on a compressed clock; nil is production.
	Virtual *Virtual
	// ScanEvery is how often clock-reading conditions are looked at; 0 is the intake's default.
	ScanEvery time.Duration
	// Follow runs the release in force, and takes over the next as it is applied.
	// Where none is, Project becomes the first, as Stamp says. The project of a
	// later release is used for all but its channels, which are opened once.
	Follow bool
	Stamp  release.Stamp
	// Parts are what this process does of the product; nil is all. The others do the
	// rest, over the same database and Temporal, which are then both elsewhere.
	Parts []Part
	// Telemetry counts and traces what this App does; nil: nobody watches.
	Telemetry *telemetry.Telemetry
	// Offline opens a directory as it is, whatever its clock, to publish: every
	// message goes to the outbox.
	Offline bool
}

// App is the product in one process. Open makes it; Start, where wanted, adds
// the engine. Safe for concurrent use once started.
type App struct {
	Store      store.Store
	Clock      clock.Clock
	Intake     *intake.Intake
	Activities *activities.Activities
	Project    *project.Project
	Inbound    ingest.Counts // what became of what others handed in

	cfg      Config
	log      *slog.Logger
	dir      *temporal.Dir
	heads    heads
	versions versions
	keys     links.Keys   // of links in mails, the newest first
	taken    atomic.Int64 // the release in force here, or that was refused
	slack    *slackParts  // nil when the project does not post to Slack
	exits    clock.Bell   // rings with every commit
	news     news         // tells followers and the conductor that something was committed
	name     string       // of this process among others: random, so that it is no other's anywhere
	alone    []solo       // what one process does for all, by turns

	up      atomic.Pointer[engineParts] // nil until started, and once Close has begun
	leaving atomic.Bool                 // the context of Start has ended: Close is near

	mu     sync.Mutex
	relay  *relay.Relay
	client client.Client
	reach  func(*temporal.PayloadKeys) (client.Client, error) // another client, with these keys or none
	stops  []func() error                                     // undone last to first
	doors  []Door                                             // what the outside may call
}

// Open takes the data directory, opens the store and makes the parts that need
// no engine. It publishes nothing. Close it.
func Open(ctx context.Context, cfg Config) (*App, error) {
	dir, err := takeDir(cfg)
	if err != nil {
		return nil, err
	}
	a := &App{cfg: cfg, log: cfg.Log, dir: dir, Project: cfg.Project, name: rand.Text()}
	a.onStop(dir.Close)
	if err := a.open(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *App) open(ctx context.Context) error {
	mode := temporal.ClockProduction
	if a.cfg.Offline && a.dir.Clock() == temporal.ClockVirtual {
		a.cfg.Virtual = &Virtual{}
	}
	if a.cfg.Virtual != nil {
		mode = temporal.ClockVirtual
	}
	if err := a.dir.FixClock(mode); err != nil {
		return err
	}
	s, err := a.openStore(ctx)
	if err != nil {
		return err
	}
	a.Store = a.cfg.Telemetry.Counting(s)
	a.onStop(s.Close)
	if a.Clock, err = a.openClock(ctx); err != nil {
		return err
	}
	return a.wire(ctx)
}

// wire makes the parts that decide, over the store and the clock.
func (a *App) wire(ctx context.Context) error {
	a.heads.set(a.cfg.Project)
	a.Intake = &intake.Intake{
		Store: a.Store, Clock: a.Clock, Rules: a.heads.rules, Playbooks: a.heads.playbooks, ByDigest: a.byDigest,
		MayWrite: a.mayWrite, Poke: a.poke, Log: a.log, Options: intake.Options{ScanEvery: a.cfg.ScanEvery, Place: a.place, Salt: a.cfg.Project.Settings.Salt},
		Refused: a.cfg.Telemetry.Refused, Silence: a.silence,
	}
	ways, err := a.channels()
	if err != nil {
		return err
	}
	if err := mayMail(a.cfg.Project, ways); err != nil {
		return err
	}
	if a.keys, err = a.linkKeys(ctx); err != nil {
		return err
	}
	a.Activities, err = activities.New(activities.Config{
		Store: a.Store, Clock: a.Clock, Rules: a.heads.rules, Project: a.settings, Channels: ways,
		Emit: a.Intake.Emit, Start: a.Intake.Start, Poke: a.poke, Links: a.linksOf, Log: a.log,
		Held:    a.held(),
		Redraws: a.cfg.Project.Settings.Channels["slack"] == "slack",
	})
	if err == nil {
		a.openSlack(ways)
	}
	return err
}

// Start publishes the project's playbooks and starts the parts that this process
// does: Temporal (inside, or the cluster that the environment names), a worker, the
// relay, and what moves or waits for the clock.
func (a *App) Start(ctx context.Context) error {
	context.AfterFunc(ctx, func() { a.leaving.Store(true) })
	if err := a.publish(ctx); err != nil {
		return err
	}
	if err := a.inherit(ctx); err != nil {
		return err
	}
	if a.cfg.Virtual == nil && (a.does(Server) || a.does(Worker)) {
		a.background(ctx, "exits", a.closeLeaving)
	}
	if a.does(Worker) || a.does(Relay) {
		if err := a.engine(ctx); err != nil {
			return err
		}
	}
	up := &engineParts{client: a.client}
	if a.does(Worker) {
		if err := a.startWorker(); err != nil {
			return err
		}
	}
	if a.does(Relay) {
		a.relay = &relay.Relay{
			Store: a.Store, Client: a.client, TaskQueue: temporal.TaskQueue, Compressed: a.cfg.Virtual != nil,
			Holder: a.name, Clock: clock.System{}, Log: a.log, OnIdle: a.news.tell,
		}
		a.background(ctx, "relay", func(ctx context.Context) error {
			defer up.relayEnded.Store(true)
			return a.relay.Run(ctx)
		})
	}
	a.up.Store(up)
	a.cfg.Telemetry.Watch(a.snapshot)
	if a.does(Server) {
		if err := a.keepLists(ctx); err != nil {
			return err
		}
		a.keepPrivate(ctx)
		a.startSlack(ctx)
	}
	if a.cfg.Follow {
		a.background(ctx, "releases", a.follow)
	}
	return nil
}

// background runs f until Close, which waits for it. It acts for nobody, whoever
// started the process.
func (a *App) background(ctx context.Context, name string, f func(context.Context) error) {
	ctx, cancel := context.WithCancel(store.As(context.WithoutCancel(ctx), ""))
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := f(ctx); err != nil && ctx.Err() == nil {
			a.log.ErrorContext(ctx, "a part ended by itself", "part", name, "error", err)
		}
	}()
	a.onStop(func() error {
		cancel()
		<-done
		return nil
	})
}

func (a *App) onStop(f func() error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stops = append(a.stops, f)
}

// Close stops what was started, last to first: no new work, running activities
// finish, then the server, the store, the directory. Safe to call twice.
func (a *App) Close() error {
	a.up.Store(nil)
	a.mu.Lock()
	stops := a.stops
	a.stops = nil
	a.mu.Unlock()
	var errs []error
	for _, stop := range slices.Backward(stops) {
		errs = append(errs, stop())
	}
	return errors.Join(errs...)
}

func (a *App) poke() {
	a.mu.Lock()
	r := a.relay
	a.mu.Unlock()
	if r != nil {
		r.Poke()
	}
	a.exits.Ring()
	a.news.tell()
}

// Republish makes p's rules and playbooks the ones in force; enrollments that
// run keep the version they began with.
func (a *App) Republish(ctx context.Context, p *project.Project) ([]string, error) {
	return a.Intake.Replace(ctx, p.Playbooks, func() { a.heads.set(p) })
}

// heads are the project in force.
type heads struct {
	mu sync.RWMutex
	p  *project.Project
}

func (h *heads) set(p *project.Project) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.p = p
}

func (h *heads) get() *project.Project {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.p
}

func (h *heads) rules() *rules.Set                { return h.get().Rules }
func (h *heads) playbooks() []*playbooks.Playbook { return h.get().Playbooks }
