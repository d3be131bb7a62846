package activities_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"holdfast"
	"holdfast/activities"
	"holdfast/channels"
	"holdfast/internal/clock"
	"holdfast/internal/source"
	"holdfast/internal/store"
	"holdfast/internal/store/memory"
	"holdfast/internal/store/sqlite"
	"holdfast/playbooks"
	"holdfast/rules"
	"holdfast/workflows"
)

const schema = `
schema: account
fields:
  name: {type: string}
  owner: {type: string}
  country: {type: string}
  timezone: {type: string}
  material_change: {type: bool}
---
schema: contact
fields:
  email: {type: string}
  first_name: {type: string}
  last_name: {type: string}
  role: {type: string}
  timezone: {type: string}
  locale: {type: string}
---
event: ping
fields:
  topic: {type: string}
---
event: pong
fields:
  topic: {type: string}
`

// head begins a playbook; a test adds its guardrails and steps.
const head = `
playbook: nudge
title: A nudge
class: outreach
owner: account.owner
trigger: {on: ping}
`

var templates = fstest.MapFS{
	"templates/hello.md": {Data: []byte("---\nsubject: Hello {{ contact.first_name }}\n---\nDear {{ contact.first_name }} at {{ account.name }}, yours {{ owner.name }}\n")},
	"templates/gap.md":   {Data: []byte("---\nsubject: Hello\n---\nYou are in {{ account.country }}.\n")},
	"templates/brief.md": {Data: []byte("Talk to {{ contact.first_name }} of {{ account.name }}.\n")},
}

// monday is a Monday morning in New York.
var monday = time.Date(2026, 3, 2, 15, 0, 0, 0, time.UTC)

// world is a project with one account, its store, and channels that remember.
type world struct {
	t        *testing.T
	store    store.Store
	clock    *clock.Virtual
	rules    *rules.Set
	email    *post
	slack    *post
	config   activities.Config
	a        *activities.Activities
	digest   string
	bundle   []byte // of digest
	mu       sync.Mutex
	emitted  []holdfast.Message
	temporal strings.Builder // every byte that Temporal would see
}

// post is a channel that keeps what it delivers. fail, when set, is asked first
// and may deliver nothing, or say that it does not know.
type post struct {
	name string
	mu   sync.Mutex
	sent []holdfast.Outbound
	fail func(m holdfast.Outbound) error
	says string // the reason of its receipts
}

func (p *post) Name() string   { return p.name }
func (p *post) Loopback() bool { return true }

func (p *post) Deliver(ctx context.Context, m holdfast.Outbound) (holdfast.Receipt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail != nil {
		if err := p.fail(m); err != nil {
			return holdfast.Receipt{}, err
		}
	}
	if err := ctx.Err(); err != nil {
		return holdfast.Receipt{}, &holdfast.DeliveryError{Channel: p.name, Reason: "cancelled", Err: err}
	}
	p.sent = append(p.sent, m)
	return holdfast.Receipt{ProviderID: fmt.Sprintf("%s-%d", p.name, len(p.sent)), At: m.At, Reason: p.says}, nil
}

// arrives delivers a message although the channel fails on it.
func (p *post) arrives(m holdfast.Outbound) { p.sent = append(p.sent, m) }

// newWorld remembers in SQLite; with -short, as under the race detector, in the store in
// memory, which passes the same suite: the detector makes SQLite's own code, which is
// not ours, many times slower.
func newWorld(t *testing.T, playbook string) *world {
	t.Helper()
	if testing.Short() {
		return newWorldIn(t, memory.New(), playbook)
	}
	db, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return newWorldIn(t, db, playbook)
}

// newWorldIn is a world that remembers in db.
func newWorldIn(t *testing.T, db store.Store, playbook string) *world {
	t.Helper()
	w := &world{
		t: t, store: db, clock: clock.NewVirtual(monday),
		email: &post{name: "email"}, slack: &post{name: "slack"},
	}
	w.config = activities.Config{
		Store: db, Clock: w.clock,
		Rules:    func() *rules.Set { return w.rules },
		Channels: map[string]channels.Channel{"email": w.email, "slack": w.slack},
		Project: func() activities.Project {
			return activities.Project{
				Name: "Example", Timezone: "UTC", Currency: "USD", Locale: "en",
				Sender: activities.Sender{Name: "Success", Email: "success@example.test"},
				Team: []activities.Person{
					{ID: "olga", Name: "Olga Owner", Email: "olga@example.test", Slack: "U1", Manager: "max"},
					{ID: "max", Name: "Max Manager", Email: "max@example.test", Slack: "U2"},
				},
			}
		},
		Emit: func(_ store.Tx, m holdfast.Message) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.emitted = append(w.emitted, m)
			return nil
		},
	}
	w.wire()
	w.publish(playbook)
	w.update(func(tx store.Tx) error {
		err := tx.PutAccount(store.Account{ID: "acme", Known: true, Fields: fields(
			"name", "Acme Ltd", "owner", "olga", "timezone", "America/New_York")})
		if err != nil {
			return err
		}
		return tx.PutContact(store.Contact{ID: "dana", Account: "acme", Fields: fields(
			"email", "Dana@acme.test", "first_name", "Dana", "last_name", "Doe", "role", "champion")})
	})
	return w
}

// wire makes the activities of w.config: after a crash, or after a change of it.
func (w *world) wire() {
	w.t.Helper()
	var err error
	if w.a, err = activities.New(w.config); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) publish(text string) {
	w.t.Helper()
	docs, found := source.Parse("rules.yaml", []byte(schema))
	if len(found) > 0 {
		w.t.Fatal(found)
	}
	if w.rules == nil {
		if w.rules, found = rules.Load(docs); len(found) > 0 {
			w.t.Fatal(found)
		}
	}
	docs, found = source.Parse("playbook.yaml", []byte(text))
	if len(found) > 0 {
		w.t.Fatal(found)
	}
	p, found := playbooks.Compile(docs[0], w.rules, templates)
	if p == nil {
		w.t.Fatal(found)
	}
	w.digest, w.bundle = p.Digest, p.Bundle.Encode()
	w.update(func(tx store.Tx) error {
		if err := tx.SetHead(p.Name, p.Digest, monday); err != nil {
			return err
		}
		return tx.PutVersion(store.Version{Digest: p.Digest, Playbook: p.Name, Bundle: p.Bundle.Encode(), PublishedAt: monday})
	})
}

func fields(pairs ...string) map[string]store.Field {
	out := map[string]store.Field{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = store.Field{Value: pairs[i+1], At: monday}
	}
	return out
}

func (w *world) update(fn func(tx store.Tx) error) {
	w.t.Helper()
	if err := w.store.Update(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// run is what a workflow carries from one Advance to the next.
type run struct {
	w    *world
	id   string
	last workflows.Progress
	n    int64
}

// enroll starts a run of the published playbook; edit may change its row.
func (w *world) enroll(key string, edit ...func(*store.Enrollment)) *run {
	w.t.Helper()
	e := store.Enrollment{
		ID: holdfast.EnrollmentID("nudge", "acme", key), Playbook: "nudge", Digest: w.digest, Account: "acme",
		Trigger: "event", EntryKey: key, Arm: "treated", Status: "active", StartedAt: w.clock.Now(),
	}
	for _, f := range edit {
		f(&e)
	}
	w.update(func(tx store.Tx) error {
		won, err := tx.Enroll(e)
		if err == nil && !won {
			err = errors.New("was enrolled before")
		}
		return err
	})
	return &run{w: w, id: e.ID}
}

// step is the argument of the next Advance, through JSON as Temporal has it.
func (r *run) step() workflows.Step {
	r.w.t.Helper()
	s := workflows.Step{Enrollment: r.id, Digest: r.w.digest, State: r.last.State, N: r.n}
	p, err := json.Marshal(s)
	if err != nil {
		r.w.t.Fatal(err)
	}
	r.w.mu.Lock()
	r.w.temporal.Write(p)
	r.w.mu.Unlock()
	var through workflows.Step
	if err := json.Unmarshal(p, &through); err != nil {
		r.w.t.Fatal(err)
	}
	return through
}

// advance calls Advance once, as a workflow does that has just been woken.
func (r *run) advance() workflows.Progress {
	r.w.t.Helper()
	r.n = r.row().Woken
	p, err := r.w.a.Advance(r.w.t.Context(), r.step())
	if err != nil {
		r.w.t.Fatal(err)
	}
	r.last = p
	return p
}

// rest advances until the run rests or is over.
func (r *run) rest() workflows.Progress {
	r.w.t.Helper()
	for range 100 {
		if p := r.advance(); !p.Again {
			return p
		}
	}
	r.w.t.Fatal("never rests")
	return workflows.Progress{}
}

// sleep moves the clock to where the run rests until, and rests again.
func (r *run) sleep() workflows.Progress {
	r.w.t.Helper()
	if r.last.Over || r.last.Until.IsZero() {
		r.w.t.Fatalf("nothing to sleep for: %+v", r.last)
	}
	r.w.clock.Move(r.last.Until)
	return r.rest()
}

func (r *run) row() store.Enrollment {
	r.w.t.Helper()
	var e store.Enrollment
	r.w.update(func(tx store.Tx) (err error) {
		e, err = tx.Enrollment(r.id)
		return err
	})
	return e
}

func (r *run) tasks() (all []store.Task) {
	r.w.t.Helper()
	r.w.update(func(tx store.Tx) (err error) {
		all, err = tx.TasksOf(r.id)
		return err
	})
	return all
}

// ledger is the run's touches in words: "opening email dana sent".
func (r *run) ledger() []string {
	r.w.t.Helper()
	var out []string
	r.w.update(func(tx store.Tx) error {
		all, err := tx.TouchesOf(r.id)
		out = nil
		for _, h := range all {
			words := h.Path + " " + h.Channel + " " + h.Recipient + " " + string(h.State)
			if h.Reason != "" {
				words += " " + h.Reason
			}
			out = append(out, words)
		}
		return err
	})
	return out
}

// timeline is the run's lines in words: "shift opening send_window".
func (r *run) timeline() []string {
	r.w.t.Helper()
	var out []string
	r.w.update(func(tx store.Tx) error {
		all, err := tx.LinesOf(r.id)
		out = nil
		for _, l := range all {
			reason, _, _ := strings.Cut(l.Reason, ":")
			if strings.Contains(reason, " ") {
				reason = "" // a sentence of the interpreter's
			}
			out = append(out, strings.Join(strings.Fields(l.Kind+" "+l.Path+" "+l.Outcome+" "+reason), " "))
		}
		return err
	})
	return out
}
