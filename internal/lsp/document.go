package lsp

import (
	"context"
	"sync"

	"holdfast/internal/schema"
)

// document is an open text with what is known of its project.
type document struct {
	*buffer
	snapshot *snapshot
	analysis *analysis
	kinds    []schema.Kind
	tree     func() *tree
}

// document that is open at uri; nil when none is. It waits for the first look at
// its project in which it is, and never for a later one.
func (s *server) document(ctx context.Context, at *snapshot, uri string) (*document, error) {
	b := at.open[uri]
	if b == nil {
		return nil, nil
	}
	a := at.projects[b.home]
	if !a.saw(b) {
		var err error
		if a, err = s.ws.analysis(ctx, b.home, b); err != nil {
			return nil, err
		}
	}
	return newDocument(b, at, a), nil
}

func newDocument(b *buffer, at *snapshot, a *analysis) *document {
	return &document{buffer: b, snapshot: at, analysis: a, kinds: a.kinds, tree: sync.OnceValue(func() *tree { return parseTree(b.text.s) })}
}

// template that the document is; "" when it is none.
func (d *document) template() string { return templateName(d.path) }

func (d *document) placeAt(off int) place { return placeAt(d.tree(), d.kinds, off) }
