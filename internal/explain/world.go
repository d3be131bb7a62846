package explain

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"holdfast"
	"holdfast/activities"
	"holdfast/channels"
	"holdfast/channels/outbox"
	"holdfast/guards"
	"holdfast/internal/clock"
	"holdfast/internal/intake"
	"holdfast/internal/project"
	"holdfast/internal/store"
	"holdfast/internal/store/memory"
	"holdfast/playbooks"
	"holdfast/rules"
)

// world is the product over a copy of one account in memory, standing at a
// moment. Its channels keep messages and send nothing.
type world struct {
	account  string
	project  *project.Project
	store    store.Store
	clock    *clock.Virtual
	intake   *intake.Intake
	acts     *activities.Activities
	heads    []*playbooks.Playbook
	versions map[string]*playbooks.Playbook // by digest
	broken   map[string]error               // versions that do not open any more
	held     map[[2]string][]guards.Decision
	told     bool                 // it was made of messages alone: nothing has been looked at yet
	then     bool                 // it was rebuilt from what was known at a moment that has passed
	first    time.Time            // when the first message was received, if none was by then
	began    time.Time            // when the clock began to move
	due      map[string]time.Time // when enrollments wake, while it moves
	lines    int64                // the last line that was there before the clock moved
}

// newWorld is an empty one, under the project's rules and playbooks.
func newWorld(p *project.Project, account string, at time.Time) (*world, error) {
	s := memory.New()
	w := &world{
		account: account, project: p, store: s, clock: clock.NewVirtual(at), heads: p.Playbooks,
		versions: map[string]*playbooks.Playbook{}, broken: map[string]error{}, held: map[[2]string][]guards.Decision{},
	}
	for _, b := range p.Playbooks {
		w.versions[b.Digest] = b
	}
	settings := activities.ProjectOf(p)
	set := func() *rules.Set { return p.Rules }
	quiet := slog.New(slog.DiscardHandler)
	w.intake = &intake.Intake{
		Store: s, Clock: w.clock, Rules: set, Log: quiet, ByDigest: w.version, Silence: p.Silence,
		Playbooks: func() []*playbooks.Playbook { return w.heads },
		Options:   intake.Options{Place: settings.Place, Salt: p.Settings.Salt},
	}
	var err error
	w.acts, err = activities.New(activities.Config{
		Store: s, Clock: w.clock, Rules: set, Log: quiet, Emit: w.intake.Emit, Start: w.intake.Start,
		Project: func() activities.Project { return settings },
		Channels: map[string]channels.Channel{
			"email": outbox.New("email", s), "slack": outbox.New("slack", s), "webhook": outbox.New("webhook", s),
		},
		Held: func(enrollment, path string, d guards.Decision) {
			k := [2]string{enrollment, path}
			w.held[k] = append(w.held[k], d)
		},
	})
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return w, nil
}

// version is one that was copied, compiled. It opens no transaction: memory has
// one connection.
func (w *world) version(digest string) (*playbooks.Playbook, error) {
	if p, ok := w.versions[digest]; ok {
		return p, nil
	}
	if err := w.broken[digest]; err != nil {
		return nil, err
	}
	return nil, holdfast.Errorf(holdfast.NotFound, "version %s is not stored", digest)
}

// keep compiles a stored version under today's rules.
func (w *world) keep(v store.Version) {
	if w.versions[v.Digest] != nil {
		return
	}
	bundle, err := playbooks.DecodeBundle(v.Bundle)
	if err == nil {
		var p *playbooks.Playbook
		if p, err = playbooks.Open(bundle, w.project.Rules); err == nil {
			w.versions[v.Digest] = p
			return
		}
	}
	w.broken[v.Digest] = fmt.Errorf("open the version it runs: %w", err)
}

// take takes messages in as history: they build state and start nothing.
func (w *world) take(ctx context.Context, ms []holdfast.Message) error {
	res, err := w.intake.Take(ctx, ms, intake.History)
	if err != nil {
		return err
	}
	for _, p := range res.Problems {
		return holdfast.Errorf(holdfast.Invalid, "message %s: %s", p.ID, p.Reason)
	}
	return nil
}
