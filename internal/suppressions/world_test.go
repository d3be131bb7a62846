package suppressions_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/channels/email"
	"holdfast/channels/standin"
	"holdfast/internal/clock"
	"holdfast/internal/diag"
	"holdfast/internal/intake"
	"holdfast/internal/project"
	"holdfast/internal/store"
	"holdfast/internal/store/sqlite"
	"holdfast/internal/suppressions"
	"holdfast/playbooks"
	"holdfast/rules"
)

const book = `playbook: care
class: outreach
owner: account.owner
trigger: {on: Ticket Opened}
guardrails: {send_window: always, avoid: [], caps: []}
exit: [{on: contact.opted_out, outcome: declined}, {on: email.bounced, outcome: unreachable}]
steps: [{id: rest, wait: 30d}]
`

const schema = `schema: account
fields: {name: {type: string}, owner: {type: string}}
---
schema: contact
fields: {email: {type: string}}
---
event: Ticket Opened
`

var monday = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// world is a store with two people of one address at two accounts, an intake over
// it, and SendGrid's stand-in with both sources.
type world struct {
	t      *testing.T
	store  store.Store
	clock  *clock.Virtual
	intake *intake.Intake
	far    *standin.Suppressions
	push   *suppressions.Push
	pull   *suppressions.Pull
	log    *strings.Builder
	pokes  int
	n      int // of messages
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"holdfast.yaml": "project: p\nsalt: s\n", "rules.yaml": schema, "care.yaml": book} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, found, err := project.Load(dir)
	if err != nil || diag.Failed(found) {
		t.Fatal(err, found)
	}
	db, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	far, err := standin.Start(t.Context(), standin.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = far.Close(), db.Close() })
	lists, err := email.NewLists(email.Config{Key: "SG.key", URL: far.SendGridURL, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, store: db, clock: clock.NewVirtual(monday), far: far.SendGrid.Suppressions, log: &strings.Builder{}}
	log := slog.New(slog.NewTextHandler(w.log, nil))
	w.intake = &intake.Intake{Store: db, Clock: w.clock, Rules: func() *rules.Set { return p.Rules }, Playbooks: func() []*playbooks.Playbook { return p.Playbooks }, Log: log,
		ByDigest: func(string) (*playbooks.Playbook, error) { return p.Playbooks[0], nil }, Options: intake.Options{Treated: true}}
	if _, err := w.intake.Replace(t.Context(), p.Playbooks, func() {}); err != nil {
		t.Fatal(err)
	}
	cfg := suppressions.Config{Store: db, Clock: w.clock, Lists: lists, Emit: w.intake.Emit, Poke: func() { w.pokes++ }, Log: log}
	w.push, w.pull = &suppressions.Push{Config: cfg}, &suppressions.Pull{Config: cfg}
	w.take(
		holdfast.Message{Kind: holdfast.Identify, Account: "acme", Contact: "dana", Props: map[string]any{"email": "Dana@Acme.example"}},
		holdfast.Message{Kind: holdfast.Group, Account: "acme", Props: map[string]any{"name": "Acme"}},
		holdfast.Message{Kind: holdfast.Identify, Account: "beta", Contact: "dana-too", Props: map[string]any{"email": "dana@acme.example"}},
		holdfast.Message{Kind: holdfast.Group, Account: "beta", Props: map[string]any{"name": "Beta"}},
		holdfast.Message{Kind: holdfast.Track, Event: "Ticket Opened", Account: "acme"},
		holdfast.Message{Kind: holdfast.Track, Event: "Ticket Opened", Account: "beta"},
	)
	return w
}

func (w *world) take(all ...holdfast.Message) {
	w.t.Helper()
	for i := range all {
		w.n++
		all[i].ID, all[i].Source, all[i].At = strconv.Itoa(w.n), "system", w.clock.Now()
	}
	res, err := w.intake.Take(w.t.Context(), all, intake.Live)
	if err != nil || len(res.Problems) > 0 {
		w.t.Fatal(err, res.Problems)
	}
}

func (w *world) update(fn func(tx store.Tx) error) {
	w.t.Helper()
	if err := w.store.Update(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// fire lets a source act now, if it wants to.
func (w *world) fire(s interface {
	Next(ctx context.Context) (time.Time, bool, error)
	Fire(ctx context.Context, now time.Time) error
},
) (acted bool) {
	w.t.Helper()
	next, ok, err := s.Next(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	if !ok || next.After(w.clock.Now()) {
		return false
	}
	if err := s.Fire(w.t.Context(), w.clock.Now()); err != nil {
		w.t.Fatal(err)
	}
	return true
}

func (w *world) later(d time.Duration) { w.clock.Move(w.clock.Now().Add(d)) }

// said is who is suppressed, in words: "dana dana@acme.example opted_out".
func (w *world) said() (all []string) {
	w.t.Helper()
	w.update(func(tx store.Tx) error {
		rows, err := tx.AllSuppressions(0)
		all = nil
		for _, s := range rows {
			all = append(all, strings.Join(strings.Fields(s.Contact+" "+s.Address+" "+s.Kind), " "))
		}
		return err
	})
	return all
}

// outcomes are the exits that enrollments were told of, by account.
func (w *world) outcomes() map[string]string {
	w.t.Helper()
	got := map[string]string{}
	w.update(func(tx store.Tx) error {
		runs, err := tx.ListEnrollments(store.EnrollmentFilter{})
		for _, e := range runs {
			if exit, err := tx.ExitOf(e.ID); err == nil {
				got[e.Account] = exit.Outcome
			}
		}
		return err
	})
	return got
}

// events of an account by name.
func (w *world) events(account, name string) (n int) {
	w.t.Helper()
	w.update(func(tx store.Tx) error {
		all, err := tx.Events(account, []string{name}, time.Time{}, time.Time{}, 0)
		n = len(all)
		return err
	})
	return n
}
