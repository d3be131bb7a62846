package activities

import (
	"errors"
	"fmt"
	"sync"

	"holdfast/internal/facts"
	"holdfast/internal/mail"
	"holdfast/internal/store"
	"holdfast/playbooks"
	"holdfast/rules"
)

// version is a published playbook, ready to run, with its own templates.
type version struct {
	*playbooks.Playbook
	mail *mail.Renderer
}

// Versions keeps published versions compiled. The schema is live: when it changes
// all are compiled again, each when it is next needed. The zero value is empty.
// Safe for concurrent use.
type Versions struct {
	mu   sync.RWMutex
	set  *rules.Set
	open map[string]*version
}

// version by digest. The error is a facts.MistakeError for a version that is not stored, or
// one that the live schema broke, and else the store's.
func (r *Versions) version(tx store.Tx, set *rules.Set, digest string) (*version, error) {
	r.mu.RLock()
	v := r.open[digest]
	if r.set != set {
		v = nil
	}
	r.mu.RUnlock()
	if v != nil {
		return v, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.set != set {
		r.set, r.open = set, map[string]*version{}
	}
	if v, ok := r.open[digest]; ok {
		return v, nil
	}
	stored, err := tx.Version(digest)
	if err != nil {
		err = fmt.Errorf("read version %s: %w", digest, err)
		if errors.Is(err, store.ErrNotFound) {
			err = facts.MistakeError{Err: err}
		}
		return nil, err
	}
	bundle, err := playbooks.DecodeBundle(stored.Bundle)
	if err != nil {
		return nil, facts.MistakeError{Err: fmt.Errorf("decode version %s: %w", digest, err)}
	}
	p, err := playbooks.Open(bundle, set)
	if err != nil {
		return nil, facts.MistakeError{Err: fmt.Errorf("open version %s: %w", digest, err)}
	}
	v = &version{Playbook: p, mail: mail.New(bundle.FS())}
	r.open[digest] = v
	return v, nil
}
