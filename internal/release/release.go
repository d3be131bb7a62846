// Package release keeps what was applied: it stores a project as the release in
// force by compare-and-set, remembers whether the process that holds the data
// directory has taken it over, and asks running enrollments to move, in batches.
package release

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/diag"
	"holdfast/internal/project"
	"holdfast/internal/store"
)

// Names of what Meta remembers: the release in force, the last that was taken
// over, and why one was not ("4: the reason").
const (
	metaForce   = "release"
	metaTaken   = "release_taken"
	metaRefused = "release_refused"
)

// Stamp is who makes a release, when, and from what.
type Stamp struct {
	By, Source string
	Of         int64 // a rollback to this release
	At         time.Time
}

// Force is the number of the release in force; 0 when there is none.
func Force(tx store.Tx) (int64, error) { return number(tx, metaForce) }

func number(tx store.Tx, key string) (int64, error) {
	text, err := tx.MetaGet(key)
	if err != nil || text == "" {
		return 0, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("meta %s is %q: %w", key, text, err)
	}
	return n, nil
}

// Current is the release in force and its files; nil files when there is none.
func Current(tx store.Tx) (n int64, digest string, files map[string]string, err error) {
	n, err = Force(tx)
	if err != nil || n == 0 {
		return 0, "", nil, err
	}
	r, err := tx.Release(n)
	if err != nil {
		return 0, "", nil, fmt.Errorf("read release %d: %w", n, err)
	}
	files, err = project.Unpack(r.Files)
	return n, r.Digest, files, err
}

// Open reads a stored release as a project. The error is a *holdfast.Error when
// there is none of that number, or when this binary finds mistakes in it.
func Open(tx store.Tx, n int64) (*project.Project, error) {
	r, err := tx.Release(n)
	if errors.Is(err, store.ErrNotFound) {
		e := holdfast.Errorf(holdfast.NotFound, "there is no release %d", n)
		e.Hint = "holdfast releases lists them"
		return nil, e
	}
	if err != nil {
		return nil, fmt.Errorf("read release %d: %w", n, err)
	}
	files, err := project.Unpack(r.Files)
	if err != nil {
		return nil, fmt.Errorf("release %d: %w", n, err)
	}
	p, found := project.Restore("release "+strconv.FormatInt(n, 10), files)
	for _, d := range found {
		if d.Severity == diag.Error {
			return nil, holdfast.Errorf(holdfast.Invalid, "this holdfast finds a mistake in release %d: %s", n, d)
		}
	}
	return p, nil
}

// Former is the newest release before the one in force that differs from it.
func Former(tx store.Tx) (store.Release, error) {
	n, err := Force(tx)
	if err != nil {
		return store.Release{}, err
	}
	all, err := tx.Releases(0, 0)
	if err != nil {
		return store.Release{}, err
	}
	digest := ""
	for _, r := range all {
		switch {
		case r.Number == n:
			digest = r.Digest
		case r.Number < n && r.Digest != digest:
			return r, nil
		}
	}
	e := holdfast.Errorf(holdfast.NotFound, "there is no former release to go back to")
	e.Hint = "holdfast releases lists them"
	return store.Release{}, e
}

// Put makes p the release in force, if base still is. fresh is false when the
// one in force has the same files: then nothing is stored, whatever base was. The
// error has code conflict when another was applied meanwhile.
func Put(ctx context.Context, st store.Store, p *project.Project, base int64, s Stamp) (n int64, fresh bool, err error) {
	digest := project.Digest(p.Files)
	packed, err := project.Pack(p.Files)
	if err != nil {
		return 0, false, err
	}
	err = st.Update(ctx, func(tx store.Tx) error {
		n, fresh = 0, false
		force, err := Force(tx)
		if err != nil {
			return err
		}
		if force != 0 {
			r, err := tx.Release(force)
			if err != nil {
				return fmt.Errorf("read release %d: %w", force, err)
			}
			if r.Digest == digest {
				n = force
				return nil
			}
			if force != base {
				return overtaken(r, base)
			}
		} else if base != 0 {
			return holdfast.Errorf(holdfast.Conflict, "the plan is against release %d, and no release is in force here", base)
		}
		if n, err = tx.AddRelease(store.Release{Digest: digest, Files: packed, By: s.By, Source: s.Source, Of: s.Of, At: s.At}); err != nil {
			return err
		}
		fresh = true
		what, details := "release.apply", map[string]any{"digest": digest, "playbooks": len(p.Playbooks), "former": force}
		if s.Of != 0 {
			what, details["of"] = "release.rollback", s.Of
		}
		if s.Source != "" {
			details["source"] = s.Source
		}
		if p.Settings.RedirectAllTo != "" {
			details["redirect_all_to"] = true // every e-mail goes to one address, which is no business of this log
		}
		if err := store.Audited(ctx, tx, s.At, s.By, what, strconv.FormatInt(n, 10), details); err != nil {
			return err
		}
		for _, b := range p.Playbooks {
			v := store.Version{Digest: b.Digest, Playbook: b.Name, Bundle: b.Bundle.Encode(), PublishedAt: s.At}
			if err := tx.PutVersion(v); err != nil {
				return err
			}
		}
		return tx.MetaSet(metaForce, strconv.FormatInt(n, 10))
	})
	if err != nil {
		return 0, false, fmt.Errorf("store the release: %w", err)
	}
	return n, fresh, nil
}

func overtaken(r store.Release, base int64) error {
	e := holdfast.Errorf(holdfast.Conflict, "the plan is against release %d, and release %d was applied meanwhile, by %s", base, r.Number, r.By)
	e.Hint = "plan again"
	return e
}

// Taken is the last release that was taken over, and why the one in force was
// not, if it was tried.
func Taken(tx store.Tx) (n int64, refused string, err error) {
	if n, err = number(tx, metaTaken); err != nil {
		return 0, "", err
	}
	force, err := Force(tx)
	if err != nil {
		return 0, "", err
	}
	text, err := tx.MetaGet(metaRefused)
	if err != nil {
		return 0, "", err
	}
	if of, why, ok := strings.Cut(text, ": "); ok && of == strconv.FormatInt(force, 10) {
		refused = why
	}
	return n, refused, nil
}

// Take marks release n as taken over by the process that publishes.
func Take(ctx context.Context, st store.Store, n int64) error {
	return st.Update(ctx, func(tx store.Tx) error { return tx.MetaSet(metaTaken, strconv.FormatInt(n, 10)) })
}

// Refuse writes down why release n was not taken over.
func Refuse(ctx context.Context, st store.Store, n int64, why error) error {
	return st.Update(ctx, func(tx store.Tx) error {
		return tx.MetaSet(metaRefused, strconv.FormatInt(n, 10)+": "+why.Error())
	})
}
