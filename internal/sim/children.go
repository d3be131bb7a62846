package sim

import (
	"slices"

	"holdfast"
	"holdfast/playbooks"
	"holdfast/steps"
)

// books are what is published.
func (w *world) books() []*playbooks.Playbook {
	if w.heads != nil {
		return w.heads
	}
	return w.Books()
}

// Books are the case's playbook, those beside it, and those that they run,
// directly or through others. These start by being run alone: their triggers are
// left out.
func (c Case) Books() []*playbooks.Playbook {
	books := []*playbooks.Playbook{c.Playbook}
	for _, p := range c.Beside {
		if p.Name != c.Playbook.Name {
			books = append(books, p)
		}
	}
	for i := 0; i < len(books); i++ {
		for _, s := range books[i].Program.Steps {
			spec, ok := s.Spec.(*steps.Run)
			if !ok || slices.ContainsFunc(books, func(b *playbooks.Playbook) bool { return b.Name == spec.Playbook }) {
				continue
			}
			if p := c.Project.Playbook(spec.Playbook); p != nil {
				child := *p
				child.Triggers = nil
				books = append(books, &child)
			}
		}
	}
	return books
}

// version is the playbook of a digest among books.
func version(books []*playbooks.Playbook, digest string) (*playbooks.Playbook, error) {
	for _, b := range books {
		if b.Digest == digest {
			return b, nil
		}
	}
	return nil, holdfast.Errorf(holdfast.NotFound, "there is no version %s", digest)
}
