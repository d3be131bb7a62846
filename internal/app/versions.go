package app

import (
	"context"
	"fmt"
	"sync"

	"holdfast/internal/store"
	"holdfast/playbooks"
	"holdfast/rules"
)

// versions keeps what enrollments run compiled, under the rules in force; when
// those change, each is compiled again when it is next needed.
type versions struct {
	mu   sync.Mutex
	set  *rules.Set
	open map[string]*playbooks.Playbook
}

// byDigest is a version that some enrollment runs. It may be called while a
// write transaction is open.
func (a *App) byDigest(digest string) (*playbooks.Playbook, error) {
	for _, p := range a.heads.playbooks() {
		if p.Digest == digest {
			return p, nil
		}
	}
	set := a.heads.rules()
	v := &a.versions
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.set != set {
		v.set, v.open = set, map[string]*playbooks.Playbook{}
	}
	if p, ok := v.open[digest]; ok {
		return p, nil
	}
	var stored store.Version
	ctx := context.Background() //nolint:forbidigo // whoever matches events has no ctx in its hands, and this reads one row
	err := a.Store.View(ctx, func(tx store.Tx) (err error) {
		stored, err = tx.Version(digest)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read version %s: %w", digest, err)
	}
	bundle, err := playbooks.DecodeBundle(stored.Bundle)
	if err != nil {
		return nil, fmt.Errorf("version %s: %w", digest, err)
	}
	p, err := playbooks.Open(bundle, set)
	if err != nil {
		return nil, fmt.Errorf("version %s: %w", digest, err)
	}
	v.open[digest] = p
	return p, nil
}
