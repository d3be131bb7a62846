package lsp

import (
	"context"
	"path/filepath"
)

// defineAt is where what stands at off is defined; null when it is nowhere.
func defineAt(_ context.Context, s *server, d *document, off int, _ placeParams) (any, error) {
	t, ok := d.targetAt(off)
	if !ok {
		return nil, nil
	}
	if t.local != nil {
		start, end := t.local.inner(d.text.s)
		return location{d.uri, d.text.rng(start, end)}, nil
	}
	def, ok := d.analysis.defs[t.def]
	if !ok {
		return nil, nil
	}
	uri := d.analysis.uriOf(def.file)
	if uri == "" {
		path, err := s.ws.shipped.path(def.file)
		if err != nil {
			return nil, err
		}
		uri = uriOf(path)
	}
	at := d.analysis.texts[def.file]
	if b := d.snapshot.open[uri]; b != nil && filepath.IsAbs(def.file) && b.text.s == at.s {
		at = b.text
	}
	return location{uri, at.rng(def.start, def.end)}, nil
}
