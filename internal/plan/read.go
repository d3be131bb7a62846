package plan

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"holdfast"
	"holdfast/internal/calendar"
	"holdfast/internal/facts"
	"holdfast/internal/project"
	"holdfast/internal/store"
	"holdfast/playbooks"
	"holdfast/rules"
	"holdfast/steps"
)

// Reading is what a plan is read with.
type Reading struct {
	Store   store.Store // nil: nothing is there yet
	Project *project.Project
	Source  string
	Move    Choice
	Now     time.Time
	// Place is where an account lives.
	Place func(account rules.Record) (*time.Location, calendar.Days)
	// Current is the release in force and its files; nil files: none.
	Current func(tx store.Tx) (number int64, digest string, files map[string]string, err error)
	// Migrate is the kind of the signal that asks for a move, and Wants reads the
	// version that it asks for.
	Migrate string
	// Triggers are the conditions that are new.
	Triggers []Trigger
}

// Read makes the plan of what is stored, in one snapshot.
func Read(ctx context.Context, r Reading) (Plan, error) {
	in := Input{New: r.Project, Source: r.Source, Move: r.Move, Triggers: r.Triggers}
	if r.Store == nil {
		return Build(in)
	}
	where, err := Where(r.Project.Rules, r.Move.Where)
	if err != nil {
		return Plan{}, err
	}
	var p Plan
	err = r.Store.View(ctx, func(tx store.Tx) error {
		var err error
		if in.Release, in.From, in.Files, err = r.Current(tx); err != nil {
			return err
		}
		if in.Heads, err = tx.Heads(); err != nil {
			return err
		}
		v := &Versions{Set: r.Project.Rules}
		in.Bundle = func(d string) (playbooks.Bundle, error) { return v.Bundle(tx, d) }
		in.Version = func(d string) (*playbooks.Playbook, error) { return v.Open(tx, d) }
		in.Running = nil
		if err := r.running(tx, where, &in); err != nil {
			return err
		}
		p, err = Build(in)
		return err
	})
	if err != nil {
		return Plan{}, fmt.Errorf("plan: %w", err)
	}
	return p, nil
}

// running reads the active enrollments.
func (r Reading) running(tx store.Tx, where *rules.Expr, in *Input) error {
	for f := (store.EnrollmentFilter{Status: "active"}); ; {
		page, err := tx.ListEnrollments(f)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, e := range page {
			one := Running{ID: e.ID, Account: e.Account, Playbook: e.Playbook, Digest: e.Digest, Doing: e.Doing, Zone: time.UTC}
			if one.State, err = StateOf(e); err != nil {
				return err
			}
			if one.Asked, err = Asked(tx, e, one.State, r.Migrate, head(r.Project, e.Playbook)); err != nil {
				return err
			}
			f, err := facts.Load(tx, r.Project.Rules, e.Account, e.Contact, r.Now)
			if err == nil {
				one.Facts = f
			}
			if err == nil && r.Place != nil {
				one.Zone, one.Days = r.Place(f.Account)
				f.Zone, f.Days = one.Zone, &one.Days
			}
			one.Chosen = r.Move.Of(e.Playbook) && (where == nil || err == nil && Holds(where, f))
			in.Running = append(in.Running, one)
		}
		f.After = page[len(page)-1].ID
	}
}

func head(p *project.Project, playbook string) string {
	if b := p.Playbook(playbook); b != nil {
		return b.Digest
	}
	return ""
}

// StateOf is where an enrollment stands.
func StateOf(e store.Enrollment) (steps.State, error) {
	var st steps.State
	if len(e.State) == 0 {
		return st, nil
	}
	if err := json.Unmarshal(e.State, &st); err != nil {
		return st, fmt.Errorf("enrollment %s: decode state: %w", e.ID, err)
	}
	return st, nil
}

// Asked reports whether an enrollment has a row of kind unread that asks it to
// go on in version digest.
func Asked(tx store.Tx, e store.Enrollment, st steps.State, kind, digest string) (bool, error) {
	if digest == "" || digest == e.Digest {
		return false, nil
	}
	signals, err := tx.Signals(e.ID, st.Seen)
	if err != nil {
		return false, err
	}
	asked := false
	for _, s := range signals {
		var order struct {
			Digest string `json:"digest"`
		}
		if s.Kind == kind && json.Unmarshal(s.Data, &order) == nil {
			asked = order.Digest == digest
		}
	}
	return asked, nil
}

// Where compiles the condition of --where; nil for none.
func Where(set *rules.Set, src string) (*rules.Expr, error) {
	if src == "" {
		return nil, nil
	}
	e, found := set.Compile(src, nil, rules.Scope{}, rules.Bool)
	if len(found) > 0 {
		bad := holdfast.Errorf(holdfast.Invalid, "--where %q: %s", src, found[0].Message)
		bad.Hint = found[0].Hint
		return nil, bad
	}
	return e, nil
}

// Holds is true only for true: what is unknown is not chosen.
func Holds(e *rules.Expr, f *rules.Facts) bool {
	t, _, err := e.Bool(f)
	return err == nil && t == rules.True
}

// Versions opens versions under one set of rules, each once.
type Versions struct {
	Set  *rules.Set
	open map[string]*playbooks.Playbook
	bad  map[string]error
}

// Bundle of a version.
func (v *Versions) Bundle(tx store.Tx, digest string) (playbooks.Bundle, error) {
	stored, err := tx.Version(digest)
	if errors.Is(err, store.ErrNotFound) {
		return playbooks.Bundle{}, holdfast.Errorf(holdfast.NotFound, "version %s is not stored", playbooks.Short(digest))
	}
	if err != nil {
		return playbooks.Bundle{}, fmt.Errorf("read version %s: %w", digest, err)
	}
	return playbooks.DecodeBundle(stored.Bundle)
}

// Open is a version compiled; the error is that it is not stored, or that the
// rules broke it.
func (v *Versions) Open(tx store.Tx, digest string) (*playbooks.Playbook, error) {
	if p, ok := v.open[digest]; ok {
		return p, v.bad[digest]
	}
	if v.open == nil {
		v.open, v.bad = map[string]*playbooks.Playbook{}, map[string]error{}
	}
	b, err := v.Bundle(tx, digest)
	var p *playbooks.Playbook
	if err == nil {
		p, err = playbooks.Open(b, v.Set)
	}
	v.open[digest], v.bad[digest] = p, err
	return p, err
}
