package bench

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"holdfast"
	"holdfast/activities"
	"holdfast/channels"
	"holdfast/channels/outbox"
	"holdfast/internal/clock"
	"holdfast/internal/intake"
	"holdfast/internal/project"
	"holdfast/internal/store"
	"holdfast/internal/store/sqlite"
	"holdfast/internal/temporal"
	"holdfast/playbooks"
	"holdfast/rules"
	"holdfast/workflows"
)

var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// fast is a clock on which a week is a second of the machine's.
type fast struct{ began time.Time }

const speed = int64(7 * 24 * time.Hour / week)

func (f fast) Now() time.Time {
	return monday.Add(clock.System{}.Now().Sub(f.began) * time.Duration(speed))
}

// machine is when the machine's clock shows what f shows at t.
func (f fast) machine(t time.Time) time.Time {
	return f.began.Add(t.Sub(monday) / time.Duration(speed))
}

// world is one side of a comparison: a fresh data directory with accounts, an
// engine and a store.
type world struct {
	t       *testing.T
	dir     string
	clock   fast
	store   store.Store
	client  client.Client
	project *project.Project
	book    *playbooks.Playbook
	close   []func()
}

// newWorld is one of the project testdata/win-back.
func newWorld(t *testing.T, accounts int) *world {
	t.Helper()
	return worldOf(t, "win-back", accounts)
}

// worldOf is one of a project of testdata, with an engine of its own.
func worldOf(t *testing.T, name string, accounts int) *world {
	t.Helper()
	w := settled(t, t.TempDir(), name, accounts)
	engine, err := temporal.Start(t.Context(), temporal.Options{Dir: w.dir, FastTimers: true})
	if err != nil {
		t.Fatal(err)
	}
	w.onStop(engine.Stop)
	if w.client, err = engine.Client(t.Context(), temporal.Namespace, nil); err != nil {
		t.Fatal(err)
	}
	w.onStop(w.client.Close)
	return w
}

// settled is a world without an engine: the project, and accounts in a store in dir.
func settled(t *testing.T, dir, name string, accounts int) *world {
	t.Helper()
	p, findings, err := project.Load(filepath.Join("testdata", name))
	if err != nil || len(p.Playbooks) != 1 {
		t.Fatal(err, findings)
	}
	w := &world{t: t, dir: dir, clock: fast{began: clock.System{}.Now()}, project: p, book: p.Playbooks[0]}
	if w.store, err = sqlite.Open(t.Context(), filepath.Join(dir, "holdfast.db")); err != nil {
		t.Fatal(err)
	}
	w.onStop(func() { _ = w.store.Close() })
	w.update(func(tx store.Tx) error { return settle(tx, accounts) })
	return w
}

// settle makes accounts that left, each with one contact.
func settle(tx store.Tx, accounts int) error {
	said := func(v string) store.Field { return store.Field{Value: v, At: monday} }
	for n := range accounts {
		id := account(n)
		if err := tx.PutAccount(store.Account{ID: id, Known: true, Fields: map[string]store.Field{
			"name": said("Company " + id), "status": said("churned"), "owner": said("olga"),
		}}); err != nil {
			return err
		}
		if err := tx.PutContact(store.Contact{ID: "c-" + id, Account: id, Fields: map[string]store.Field{
			"email": said(id + "@customer.example"), "first_name": said("Dana"), "role": said("champion"),
		}}); err != nil {
			return err
		}
	}
	return nil
}

func account(n int) string { return fmt.Sprintf("a%05d", n) }

func (w *world) onStop(f func()) { w.close = append(w.close, f) }

func (w *world) stop() {
	for len(w.close) > 0 {
		f := w.close[len(w.close)-1]
		w.close = w.close[:len(w.close)-1]
		f()
	}
}

func (w *world) update(fn func(tx store.Tx) error) {
	w.t.Helper()
	if err := w.store.Update(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) work(register func(temporal.Registry)) {
	w.t.Helper()
	worker := temporal.Worker(w.client, temporal.TaskQueue, register)
	if err := worker.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.onStop(worker.Stop)
}

func (w *world) ways() map[string]channels.Channel {
	return map[string]channels.Channel{"email": outbox.New("email", w.store), "slack": outbox.New("slack", w.store)}
}

// intake decides as in the app, by the project's playbooks, which are published.
func (w *world) intake(c clock.Clock, poke func()) *intake.Intake {
	w.t.Helper()
	in := &intake.Intake{
		Store: w.store, Clock: c, Poke: poke, Log: slog.New(slog.DiscardHandler),
		Rules:     func() *rules.Set { return w.project.Rules },
		Playbooks: func() []*playbooks.Playbook { return w.project.Playbooks },
		ByDigest:  func(string) (*playbooks.Playbook, error) { return w.book, nil },
	}
	if _, err := in.Publish(w.t.Context(), w.project.Playbooks); err != nil {
		w.t.Fatal(err)
	}
	return in
}

// product makes the activities of production, with intake as in the app.
func (w *world) product(poke func()) *activities.Activities {
	w.t.Helper()
	in := w.intake(w.clock, poke)
	set := func() *rules.Set { return w.project.Rules }
	a, err := activities.New(activities.Config{
		Store: w.store, Clock: w.clock, Rules: set, Channels: w.ways(), Emit: in.Emit, Poke: poke,
		Project: func() activities.Project {
			s := w.project.Settings
			return activities.Project{
				Name: s.Name, Timezone: s.Timezone, Country: s.Country, Currency: s.Currency, Locale: s.Locale,
				Sender: activities.Sender(s.Sender),
				Team:   []activities.Person{{ID: "olga", Name: "Olga Owner", Email: "olga@bench.example"}},
			}
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// advance is production's activity with its times on the machine's clock, since
// the workflow's timers run there.
func (w *world) advance(a *activities.Activities) func(context.Context, workflows.Step) (workflows.Progress, error) {
	return func(ctx context.Context, s workflows.Step) (workflows.Progress, error) {
		p, err := a.Advance(ctx, s)
		if !p.Until.IsZero() {
			p.Until = w.clock.machine(p.Until)
		}
		return p, err
	}
}

// enroll starts the n-th account's run.
func (w *world) enroll(tx store.Tx, n int) error {
	_, err := tx.Enroll(store.Enrollment{
		ID: enrollment(n), Playbook: w.book.Name, Digest: w.book.Digest, Account: account(n),
		Trigger: "event", EntryKey: "once", Arm: "treated", Status: "active", StartedAt: w.clock.Now(),
	})
	return err
}

func enrollment(n int) string { return holdfast.EnrollmentID("win-back", account(n), "once") }
