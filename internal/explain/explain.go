package explain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"holdfast"
	"holdfast/internal/intake"
	"holdfast/internal/project"
	"holdfast/internal/sim"
	"holdfast/internal/source"
	"holdfast/internal/store"
	"holdfast/playbooks"
)

// Question is what is asked of an account.
type Question struct {
	Account  string
	Playbook string    // only this one; "" = all
	At       time.Time // the moment it is asked about
	// Then: At lies in the past, and what was known then is rebuilt.
	Then bool
	// Happened, with Then, counts messages by when they happened and not by when
	// they were received: an import brings a past that nobody knew of then.
	Happened bool
	// Event, when it is not "", is one that would come at At, from Contact.
	Event, Contact string
	Props          map[string]any
	// Calendar, when it is not zero, is until when everything due is listed.
	Calendar time.Time
}

// Stored answers over a data directory's store, which is only read. The error is
// a *holdfast.Error when the question is at fault. Safe for concurrent use.
func Stored(ctx context.Context, s store.Store, p *project.Project, q Question) (*Report, error) {
	w, err := newWorld(p, q.Account, q.At) //nolint:contextcheck // a copy in Go maps is made and dropped in no time
	if err != nil {
		return nil, err
	}
	defer w.store.Close() //nolint:errcheck // it is memory
	if err := known(ctx, s, q.Account); err != nil {
		return nil, err
	}
	if q.Then {
		err = w.rebuild(ctx, s, q.At, q.Happened)
	} else {
		err = w.copyFrom(ctx, s, q.At.Add(horizon))
	}
	if err != nil {
		return nil, err
	}
	return w.report(ctx, q)
}

// Told answers over messages alone, as sim.ReadAccount reads them, before
// anything runs: no playbook has started anything, and nothing is marked as true
// before. A message that is refused is the error, with its place.
func Told(ctx context.Context, p *project.Project, ms []sim.Message, q Question) (*Report, error) {
	w, err := newWorld(p, q.Account, q.At) //nolint:contextcheck // a copy in Go maps is made and dropped in no time
	if err != nil {
		return nil, err
	}
	defer w.store.Close()                         //nolint:errcheck // it is memory
	w.told, w.intake.Options.Treated = true, true // as simulate takes it
	plain := make([]holdfast.Message, len(ms))
	for i, m := range ms {
		plain[i] = replayed(m.Message)
	}
	res, err := w.intake.Take(ctx, plain, intake.History)
	if err != nil {
		return nil, err
	}
	for _, bad := range res.Problems {
		return nil, holdfast.Errorf(holdfast.Invalid, "%s: %s", ms[bad.Index].Place, bad.Reason)
	}
	err = w.store.Update(ctx, func(tx store.Tx) error {
		if err := tx.MetaSet("intake_unmarked", ""); err != nil {
			return err
		}
		for _, b := range p.Playbooks {
			if err := tx.PutVersion(store.Version{Digest: b.Digest, Playbook: b.Name, Bundle: b.Bundle.Encode(), PublishedAt: q.At}); err != nil {
				return err
			}
			if err := tx.SetHead(b.Name, b.Digest, q.At); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return w.report(ctx, q)
}

// known says who is there instead of an account that is not.
func known(ctx context.Context, s store.Store, id string) error {
	var ids []string
	var became string
	err := s.View(ctx, func(tx store.Tx) error {
		_, err := tx.Account(id)
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if became, err = store.Became(tx, store.OfAccount, id); err != nil {
			return err
		}
		ids, err = tx.AccountIDs("", 20_000)
		return errors.Join(err, store.ErrNotFound)
	})
	if became != "" {
		gone := holdfast.Errorf(holdfast.NotFound, "there is no account %q", id)
		gone.Hint = fmt.Sprintf("it has become %q", became)
		return gone
	}
	if errors.Is(err, store.ErrNotFound) {
		return unknown("account", id, ids)
	}
	return err
}

// unknown is the error for a name that is not there, with the nearest that is.
func unknown(what, name string, names []string) error {
	e := holdfast.Errorf(holdfast.NotFound, "there is no %s %q", what, name)
	if near := source.Suggest(name, names); near != "" {
		e.Hint = fmt.Sprintf("did you mean %q?", near)
	}
	return e
}

// report answers q over w.
func (w *world) report(ctx context.Context, q Question) (*Report, error) {
	if err := w.narrow(q.Playbook); err != nil {
		return nil, err
	}
	if !w.then {
		if err := w.marked(ctx); err != nil {
			return nil, err
		}
	}
	r := &Report{Account: q.Account, At: q.At, Playbooks: []Playbook{}}
	looked, err := w.look(ctx)
	if err != nil {
		return nil, err
	}
	err = w.store.View(ctx, func(tx store.Tx) error {
		a, err := w.ask(tx)
		if err != nil {
			return err
		}
		return a.describe(r, q, looked)
	})
	if err != nil {
		return nil, err
	}
	if w.told || w.then && q.Event != "" { // what holds is known from here on, as once the playbooks are published
		if err := w.intake.MarkTruths(ctx); err != nil {
			return nil, err
		}
	}
	if q.Event != "" {
		m, err := message(w.project.Rules, q.Account, q.Event, q.Contact, q.Props, q.At)
		if err != nil {
			return nil, err
		}
		if r.Event, err = w.happening(ctx, m, r.zone); err != nil {
			return nil, err
		}
	}
	if !q.Then && r.Known {
		err = w.foresee(ctx, r, q)
	}
	return r, err
}

// narrow refuses a playbook that is not there. All of them stay in force: one
// shares caps, rests and lanes with the others.
func (w *world) narrow(name string) error {
	if name == "" || slices.ContainsFunc(w.heads, func(p *playbooks.Playbook) bool { return p.Name == name }) {
		return nil
	}
	var names []string
	for _, p := range w.heads {
		names = append(names, p.Name)
	}
	return unknown("playbook", name, names)
}

// look tries each trigger of the heads.
func (w *world) look(ctx context.Context) (map[[2]string]intake.Effects, error) {
	out := map[[2]string]intake.Effects{}
	for _, p := range w.heads {
		for _, t := range p.Triggers {
			did, err := w.intake.TryTrigger(ctx, p.Name, t.ID, w.account, w.clock.Now())
			if err != nil {
				return nil, fmt.Errorf("try trigger %s of %s: %w", t.ID, p.Name, err)
			}
			out[[2]string{p.Name, t.ID}] = did
		}
	}
	return out, nil
}
