package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"holdfast"
	"holdfast/internal/clock"
	"holdfast/internal/config"
	"holdfast/internal/project"
	"holdfast/internal/release"
	"holdfast/internal/store"
	"holdfast/playbooks"
)

// followEvery is how often a running process looks for a new release.
const followEvery = time.Second

// publish makes the project of this process the one in force: as the release
// that its data directory has, when it follows those. Servers publish; the others
// have what was published.
func (a *App) publish(ctx context.Context) error {
	if !a.does(Server) {
		return a.adopt(ctx)
	}
	if !a.cfg.Follow {
		if _, err := a.Intake.Publish(ctx, a.cfg.Project.Playbooks); err != nil {
			return err
		}
		return a.Activities.HandOver(ctx)
	}
	force, err := a.force(ctx)
	if err != nil {
		return err
	}
	if force == 0 {
		stamp := a.cfg.Stamp
		stamp.At = a.Clock.Now()
		if _, _, err := release.Put(ctx, a.Store, a.cfg.Project, 0, stamp); err != nil {
			return err
		}
	}
	return a.takeOver(ctx)
}

func (a *App) force(ctx context.Context) (n int64, err error) {
	err = a.Store.View(ctx, func(tx store.Tx) error {
		n, err = release.Force(tx)
		return err
	})
	return n, err
}

// follow takes each release over as it is applied, until ctx ends. One that this
// process cannot read is refused, with the reason where apply finds it.
func (a *App) follow(ctx context.Context) error {
	for {
		if err := clock.Sleep(ctx, followEvery); err != nil {
			return err
		}
		force, err := a.force(ctx)
		if err != nil || force == 0 || force == a.taken.Load() {
			continue // a store that is away is reported by those who need it
		}
		if !a.does(Server) {
			if err := a.adopt(ctx); err != nil && ctx.Err() == nil {
				a.log.WarnContext(ctx, "a release is not in force here yet", "release", force, "error", err)
			}
			continue
		}
		err = a.takeOver(ctx)
		if holdfast.CodeOf(err) == holdfast.Unavailable {
			continue // the store's trouble, not the release's
		}
		if err != nil && ctx.Err() == nil {
			a.log.ErrorContext(ctx, "a release was not taken over", "release", force, "error", err)
			a.taken.Store(force)
			if err := release.Refuse(ctx, a.Store, force, err); err != nil {
				a.log.ErrorContext(ctx, "the refusal was not written down", "release", force, "error", err)
			}
		}
	}
}

// takeOver makes the release in force the one that runs here: its rules and
// settings, its playbooks as the heads, and no head without a playbook.
func (a *App) takeOver(ctx context.Context) error {
	var n int64
	var p *project.Project
	err := a.Store.View(ctx, func(tx store.Tx) (err error) {
		if n, err = release.Force(tx); err != nil {
			return err
		}
		p, err = release.Open(tx, n)
		return err
	})
	if err != nil {
		return err
	}
	if err := mayMail(p, a.Activities.Channels); err != nil {
		return err
	}
	if _, err := a.Republish(ctx, p); err != nil {
		return err
	}
	err = a.Store.Update(ctx, func(tx store.Tx) error {
		heads, err := tx.Heads()
		if err != nil {
			return err
		}
		for name := range heads {
			if slices.ContainsFunc(p.Playbooks, func(b *playbooks.Playbook) bool { return b.Name == name }) {
				continue
			}
			if err := tx.DropHead(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("take playbooks away: %w", err)
	}
	a.taken.Store(n)
	a.log.InfoContext(ctx, "a release is in force", "release", n, "playbooks", namesOf(p))
	if err := a.Activities.HandOver(ctx); err != nil {
		return err
	}
	return release.Take(ctx, a.Store, n)
}

// adopt makes the release that a server has taken over the one that runs here. It
// waits for none: until its conditions have looked at the accounts there are, what
// this process tells of itself would start playbooks for those of old.
func (a *App) adopt(ctx context.Context) error {
	var n int64
	var p *project.Project
	err := a.Store.View(ctx, func(tx store.Tx) (err error) {
		if n, _, err = release.Taken(tx); err != nil || n == 0 || n == a.taken.Load() {
			return err
		}
		p, err = release.Open(tx, n)
		return err
	})
	if err != nil || p == nil {
		return err
	}
	if err := mayMail(p, a.Activities.Channels); err != nil {
		return err
	}
	a.heads.set(p)
	a.taken.Store(n)
	a.log.InfoContext(ctx, "a release is in force", "release", n, "playbooks", namesOf(p))
	return nil
}

// namesOf are the playbooks of a project.
func namesOf(p *project.Project) []string {
	names := []string{}
	for _, b := range p.Playbooks {
		names = append(names, b.Name)
	}
	return names
}

// TakenOver waits until a server has taken a release over, and is that; waits is
// called once when it has to. A store that is away is an error.
func TakenOver(ctx context.Context, st store.Store, waits func()) (p *project.Project, err error) {
	waits = sync.OnceFunc(waits)
	for {
		var n int64
		err := st.View(ctx, func(tx store.Tx) (err error) {
			if n, _, err = release.Taken(tx); err != nil || n == 0 {
				return err
			}
			p, err = release.Open(tx, n)
			return err
		})
		if err != nil || n > 0 {
			return p, err
		}
		waits()
		if err := clock.Sleep(ctx, followEvery); err != nil {
			return nil, err
		}
	}
}

// TakeOver publishes the release in force where no process runs that would;
// temporal.IsHeld tells when one holds the data directory.
func TakeOver(ctx context.Context, dir string, p *project.Project, env config.Environment, log *slog.Logger) (err error) {
	a, err := Open(ctx, Config{Dir: dir, Project: p, Env: env, Log: log, Offline: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return a.takeOver(ctx)
}
