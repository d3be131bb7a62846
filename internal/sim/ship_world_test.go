package sim

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"testing"
	"time"

	"holdfast"
	"holdfast/activities"
	"holdfast/channels"
	"holdfast/channels/outbox"
	"holdfast/internal/calendar"
	"holdfast/internal/clock"
	"holdfast/internal/conductor"
	"holdfast/internal/diag"
	"holdfast/internal/intake"
	"holdfast/internal/plan"
	"holdfast/internal/project"
	"holdfast/internal/relay"
	"holdfast/internal/release"
	"holdfast/internal/store"
	"holdfast/internal/store/memory"
	"holdfast/playbooks"
	"holdfast/rules"
)

// crowd is many accounts in a project that changes while they run: the real
// workflow code, intake, relay and activities on virtual time.
type crowd struct {
	t         *testing.T
	project   *project.Project
	store     store.Store
	clock     *clock.Virtual
	intake    *intake.Intake
	acts      *activities.Activities
	engine    *engine
	relay     *relay.Relay
	conductor *conductor.Conductor
	versions  map[string]*playbooks.Playbook
	release   int64
}

// files of a project, with one playbook.
func crowdFiles(playbook string) map[string]string {
	return map[string]string{
		"holdfast.yaml":        "project: crowd\ntimezone: UTC\nrules: library\nsender: {name: Crowd, email: crowd@example.com}\n",
		"team.yaml":            "team:\n  - {id: sam, name: Sam Rivera, email: sam@example.com, slack: U0000000, role: csm}\n",
		"playbooks/nudge.yaml": playbook,
		"templates/hello.md":   mailText("hello"), "templates/again.md": mailText("again"), "templates/news.md": mailText("news"),
	}
}

func mailText(subject string) string {
	return "---\nsubject: " + subject + "\n---\nDear {{ contact.first_name }}\n"
}

func loadCrowd(t *testing.T, files map[string]string) *project.Project {
	t.Helper()
	all := maps.Clone(files)
	shipped, _, err := project.Load("testdata/acme")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range shipped.Files {
		if _, own := all[name]; !own && len(name) > 8 && name[:8] == "library/" {
			all[name] = text
		}
	}
	p, found := project.Restore("crowd", all)
	if diag.Failed(found) {
		t.Fatal(found)
	}
	return p
}

func newCrowd(t *testing.T, p *project.Project, at time.Time) *crowd {
	t.Helper()
	s := memory.New()
	c := &crowd{t: t, project: p, store: s, clock: clock.NewVirtual(at), versions: map[string]*playbooks.Playbook{}}
	log := slog.New(slog.DiscardHandler)
	place := func(a rules.Record) (*time.Location, calendar.Days) { return activities.ProjectOf(c.project).Place(a) }
	set := func() *rules.Set { return c.project.Rules }
	c.intake = &intake.Intake{
		Store: s, Clock: c.clock, Rules: set, Poke: c.poke, Log: log,
		Playbooks: func() []*playbooks.Playbook { return c.project.Playbooks },
		ByDigest: func(d string) (*playbooks.Playbook, error) {
			if p := c.versions[d]; p != nil {
				return p, nil
			}
			return nil, fmt.Errorf("no version %q", d)
		},
		Options: intake.Options{Place: place, ScanEvery: 90 * 24 * time.Hour},
	}
	var err error
	c.acts, err = activities.New(activities.Config{
		Store: s, Clock: c.clock, Rules: set, Log: log, Emit: c.intake.Emit, Start: c.intake.Start, Poke: c.poke,
		Project:  func() activities.Project { return activities.ProjectOf(c.project) },
		Channels: map[string]channels.Channel{"email": outbox.New("email", s), "slack": outbox.New("slack", s), "webhook": outbox.New("webhook", s)},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	c.engine = &engine{clock: c.clock, advance: c.acts.Advance, broken: func(err error) { t.Error(err); stop() }, runs: map[string]*run{}}
	c.relay = &relay.Relay{Store: s, Client: c.engine, Compressed: true, Holder: "crowd", Clock: clock.System{}, Log: log}
	c.engine.rested, c.engine.ended = func() { c.conductor.Poke() }, func(context.Context) {}
	c.relay.OnIdle = func() { c.conductor.Poke() }
	c.conductor = &conductor.Conductor{Store: s, Clock: c.clock, Busy: c.engine.Busy, Woken: c.relay.Poke, Sources: []conductor.Source{c.intake}, Stall: 30 * time.Second}
	relayed := make(chan struct{})
	go func() {
		defer close(relayed)
		_ = c.relay.Run(ctx) // its error is that ctx has ended
	}()
	t.Cleanup(func() {
		stop()
		<-relayed
		c.engine.clear()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func (c *crowd) poke() {
	c.relay.Poke()
	c.conductor.Poke()
}

// until lets time pass; everything is at rest afterwards.
func (c *crowd) until(at time.Time) {
	c.t.Helper()
	c.conductor.End = at
	if err := c.conductor.Run(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
}

// ship makes p the release in force and the heads, as a server does.
func (c *crowd) ship(p *project.Project) {
	c.t.Helper()
	n, _, err := release.Put(c.t.Context(), c.store, p, c.release, release.Stamp{By: "test", At: c.clock.Now()})
	if err != nil {
		c.t.Fatal(err)
	}
	c.release, c.project = n, p
	for _, b := range p.Playbooks {
		c.versions[b.Digest] = b
	}
	if _, err := c.intake.Publish(c.t.Context(), p.Playbooks); err != nil {
		c.t.Fatal(err)
	}
}

// plan of shipping p and moving everybody.
func (c *crowd) plan(p *project.Project) plan.Plan {
	c.t.Helper()
	got, err := plan.Read(c.t.Context(), plan.Reading{
		Store: c.store, Project: p, Move: plan.Choice{All: true}, Now: c.clock.Now(), Current: release.Current,
		Place: activities.ProjectOf(p).Place, Migrate: activities.MigrateSignal,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return got
}

// move asks everybody to go on in what is published, and lets them.
func (c *crowd) move(batch int) release.Moved {
	c.t.Helper()
	m := &release.Migration{Store: c.store, Project: c.project, Release: c.release, Choice: plan.Choice{All: true}, Batch: batch, Now: c.clock.Now}
	n, err := m.Run(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	c.until(c.clock.Now())
	return n
}

// take takes messages in.
func (c *crowd) take(mode intake.Mode, ms ...holdfast.Message) {
	c.t.Helper()
	res, err := c.intake.Take(c.t.Context(), ms, mode)
	if err != nil || len(res.Problems) > 0 {
		c.t.Fatal(err, res.Problems)
	}
}

// people makes so many accounts with a champion each.
func (c *crowd) people(n int) (ids []string) {
	c.t.Helper()
	var ms []holdfast.Message
	for i := range n {
		id := fmt.Sprintf("a%03d", i)
		ids = append(ids, id)
		at := c.clock.Now().Add(-time.Hour)
		ms = append(ms,
			holdfast.Message{ID: id + "/g", Source: "system", Kind: holdfast.Group, Account: id, At: at, Props: map[string]any{"name": "Account " + id, "owner": "sam"}},
			holdfast.Message{ID: id + "/i", Source: "system", Kind: holdfast.Identify, Account: id, Contact: "c" + id, At: at, Props: map[string]any{"email": id + "@example.com", "first_name": "Kim", "role": "champion"}})
	}
	c.take(intake.History, ms...)
	return ids
}

func (c *crowd) view(fn func(tx store.Tx) error) {
	c.t.Helper()
	if err := c.store.View(c.t.Context(), fn); err != nil {
		c.t.Fatal(err)
	}
}
