// Package sim runs accounts through playbooks on a simulated clock: the real
// intake, relay, conductor, workflow and activities over a database in memory,
// with the SDK's test environment in place of a Temporal server and the outbox
// in place of every channel. What it says is what production would do.
package sim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"holdfast"
	"holdfast/activities"
	"holdfast/channels"
	"holdfast/channels/outbox"
	"holdfast/internal/clock"
	"holdfast/internal/conductor"
	"holdfast/internal/facts"
	"holdfast/internal/intake"
	"holdfast/internal/project"
	"holdfast/internal/relay"
	"holdfast/internal/store"
	"holdfast/internal/store/memory"
	"holdfast/playbooks"
	"holdfast/rules"
)

// Case is one account and one playbook.
type Case struct {
	Project  *project.Project
	Playbook *playbooks.Playbook
	Account  string
	Trigger  string    // assumed to fire at At; "" = the first
	Natural  bool      // no trigger is assumed: the account starts when the rules say so
	At       time.Time // where the clock starts
	Until    time.Time // where it stops; zero = two years after At
	// Known are messages that tell the state at At. Events happen later, each at its time.
	Known, Events []Message
	Objects       []store.Object // of Account, there from the start
	Tasks         People
	ScanEvery     time.Duration // how often conditions that read the clock are looked at; 0 is the intake's default
	// Beside are other playbooks of the project that are active, with their
	// triggers: the account may enter them, and they share caps and rests with it.
	Beside []*playbooks.Playbook
	// Trace is told of the steps and blocks that run, see activities.Config; nil:
	// nobody counts.
	Trace func(playbook, step string, block int)
	Log   *slog.Logger // nil says nothing

	choose    func(step string, among []string) string // of Ways: what people and the customer do
	everyScan bool                                     // a test's: none is left out
}

// Message is one with the place that it was read from, for errors.
type Message struct {
	Place string // accounts.csv:12
	holdfast.Message
}

// Run is what happened.
type Run struct {
	Lines  []store.Line
	Ended  bool           // the enrollment came to its end
	At     string         // the step at which it stands, when it did not
	Doing  string         // what it does at Stands, when it did not
	Stands time.Time      // where the clock stood at last
	Zone   *time.Location // of the account

	Mail    []store.Outmail // what was sent, in order
	Tasks   []store.Task
	Rests   []store.Rest // of the account, at Stands
	Account rules.Record // its fields at Stands
}

// horizon is how long a case is played unless it says so.
const horizon = 2 * 365 * 24 * time.Hour

// errOver stops the conductor: nothing more can happen.
var errOver = errors.New("over")

// Stage plays cases of one project. What is compiled for one is there for the
// next, so many cases are best played on one Stage. Safe for concurrent use.
type Stage struct {
	project  *project.Project
	settings activities.Project
	versions activities.Versions
}

// New is a stage for p, which must not change any more.
func New(p *project.Project) *Stage {
	return &Stage{project: p, settings: activities.ProjectOf(p)}
}

// Simulate plays one case on a stage of its own.
func Simulate(ctx context.Context, c Case) (Run, error) { return New(c.Project).Play(ctx, c) }

// Play plays a case, whose Project is the stage's or nil. The error is a
// *holdfast.Error when the case is at fault: an account that is not known, a
// message that was refused. The Run is what happened until then.
func (s *Stage) Play(ctx context.Context, c Case) (Run, error) {
	return s.playOn(ctx, c, memory.New())
}

// playOn plays c on an empty store, which it closes.
func (s *Stage) playOn(ctx context.Context, c Case, on store.Store) (Run, error) {
	c.Project = s.project
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Until.IsZero() {
		c.Until = c.At.Add(horizon)
	}
	if c.Trigger == "" && len(c.Playbook.Triggers) > 0 {
		c.Trigger = c.Playbook.Triggers[0].ID
	}
	w := &world{Case: c, stage: s, store: on, clock: clock.NewVirtual(c.At)}
	run, err := w.play(ctx)
	return run, errors.Join(err, on.Close())
}

// world is everything that production has, wired for one case.
type world struct {
	Case

	store     store.Store
	clock     *clock.Virtual
	heads     []*playbooks.Playbook // of a recording; nil: the case's playbook and what it runs
	intake    *intake.Intake
	acts      *activities.Activities
	stage     *Stage
	engine    *engine
	script    *script
	relay     *relay.Relay
	conductor *conductor.Conductor
}

func (w *world) play(ctx context.Context) (Run, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	if err := w.wire(stop); err != nil {
		return Run{}, err
	}
	if err := w.begin(ctx); err != nil {
		return Run{}, err
	}
	err := w.run(ctx, stop)
	run, unread := w.told(context.WithoutCancel(ctx))
	return run, errors.Join(err, unread)
}

// run lets time pass until nothing more can happen.
func (w *world) run(ctx context.Context, stop context.CancelCauseFunc) error {
	relayed := make(chan struct{})
	go func() {
		defer close(relayed)
		_ = w.relay.Run(ctx) // its error is that ctx has ended
	}()
	err := w.conductor.Run(ctx)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	stop(errOver)
	<-relayed
	w.engine.clear()
	if err != nil && !errors.Is(err, errOver) {
		return err
	}
	return nil
}

// wire makes the parts. stop ends the simulation with a cause.
func (w *world) wire(stop context.CancelCauseFunc) error {
	books := w.books()
	set := func() *rules.Set { return w.Project.Rules }
	w.intake = &intake.Intake{
		Store: w.store, Clock: w.clock, Rules: set, Poke: w.poke, Log: w.Log,
		Playbooks: func() []*playbooks.Playbook { return books },
		ByDigest:  func(digest string) (*playbooks.Playbook, error) { return version(books, digest) },
		Options:   intake.Options{Place: w.place, Treated: true, ScanEvery: w.ScanEvery, Foresee: !w.everyScan},
	}
	var err error
	w.acts, err = activities.New(activities.Config{
		Store: w.store, Clock: w.clock, Rules: set, Log: w.Log, Emit: w.intake.Emit, Start: w.intake.Start, Poke: w.poke,
		Trace: w.Trace, Versions: &w.stage.versions,
		Project: func() activities.Project { return w.stage.settings },
		Channels: map[string]channels.Channel{
			"email": outbox.New("email", w.store), "slack": outbox.New("slack", w.store), "webhook": outbox.New("webhook", w.store),
		},
	})
	if err != nil {
		return err
	}
	w.engine = &engine{clock: w.clock, advance: w.acts.Advance, broken: stop, runs: map[string]*run{}}
	w.relay = &relay.Relay{Store: w.store, Client: w.engine, Compressed: true, Holder: "simulation", Clock: clock.System{}, Log: w.Log}
	w.script = newScript(w)
	w.conductor = &conductor.Conductor{
		Store: w.store, Clock: w.clock, End: w.Until, Busy: w.engine.Busy, Woken: w.relay.Poke,
		Sources: []conductor.Source{w.script, w.others(), w.intake, w.acts},
		Stall:   30 * time.Second,
	}
	w.engine.ended = func(ctx context.Context) {
		if w.over(ctx) {
			stop(errOver)
		}
	}
	w.engine.rested = w.conductor.Poke
	w.relay.OnIdle = w.conductor.Poke
	return nil
}

// others act beside the script: people with their tasks or, where ways are looked
// for, whoever has a choice.
func (w *world) others() conductor.Source {
	if w.choose != nil {
		return &chooser{world: w, told: map[string]bool{}}
	}
	return &people{world: w}
}

func (w *world) poke() {
	w.relay.Poke()
	w.conductor.Poke()
}

// begin tells what is known, publishes the playbook, and starts the account in it.
func (w *world) begin(ctx context.Context) error {
	err := w.store.Update(ctx, func(tx store.Tx) error {
		for _, o := range w.Objects {
			if err := tx.PutObject(o); err != nil {
				return fmt.Errorf("put %s %s: %w", o.Kind, o.Key, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := w.take(ctx, w.Known, intake.History); err != nil {
		return err
	}
	if _, err := w.intake.Publish(ctx, w.books()); err != nil {
		return err
	}
	if w.Natural {
		return nil
	}
	return w.intake.Assume(ctx, w.Playbook.Name, w.Trigger, w.Account)
}

// take takes messages in; the first that is refused is the error.
func (w *world) take(ctx context.Context, ms []Message, mode intake.Mode) error {
	plain := make([]holdfast.Message, len(ms))
	for i, m := range ms {
		plain[i] = m.Message
		plain[i].Source = "system" // a case may say that one of our own events happened
	}
	res, err := w.intake.Take(ctx, plain, mode)
	if err != nil {
		return err
	}
	if len(res.Problems) > 0 {
		p := res.Problems[0]
		return holdfast.Errorf(holdfast.Invalid, "%s: %s", ms[p.Index].Place, p.Reason)
	}
	return nil
}

// over reports that nothing of the case can still happen.
func (w *world) over(ctx context.Context) bool {
	if w.script.more() || w.Natural { // the rules may start another
		return false
	}
	active, underway := 0, false
	err := w.store.View(context.WithoutCancel(ctx), func(tx store.Tx) error {
		es, err := tx.ListEnrollments(store.EnrollmentFilter{Status: "active"})
		if err != nil {
			return err
		}
		active = len(es)
		underway, err = intake.Underway(tx)
		return err
	})
	return err == nil && active == 0 && !underway
}

// told reads back what happened.
func (w *world) told(ctx context.Context) (Run, error) {
	r := Run{Stands: w.clock.Now()}
	err := w.store.View(ctx, func(tx store.Tx) error {
		es, err := tx.ListEnrollments(store.EnrollmentFilter{})
		if err != nil {
			return err
		}
		r.Ended = !slices.ContainsFunc(es, func(e store.Enrollment) bool {
			r.At, r.Doing = e.Step, e.Doing
			return e.Status == "active"
		})
		f, err := facts.Load(tx, w.Project.Rules, w.Account, "", r.Stands)
		if err != nil {
			return err
		}
		r.Account = f.Account
		r.Zone, _ = w.place(f.Account)
		var errs [4]error
		r.Lines, errs[0] = tx.Lines(0, 100_000)
		r.Mail, errs[1] = tx.Messages(w.Account, 0, 0)
		r.Tasks, errs[2] = tx.Tasks(w.Account, "", "", 0)
		r.Rests, errs[3] = tx.Rests(w.Account, r.Stands)
		return errors.Join(errs[:]...)
	})
	if err != nil {
		return Run{}, fmt.Errorf("read what happened: %w", err)
	}
	return r, nil
}
