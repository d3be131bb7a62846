package lsp

import (
	"path/filepath"
	"slices"

	"holdfast/internal/diag"
)

// publish shows the findings of h, and takes back those of files that have none
// any more. a nil: its document was closed.
func (s *server) publish(h home, a *analysis, at *snapshot) {
	found := map[string][]diagnostic{}
	for _, b := range at.open {
		if b.home == h {
			found[b.uri] = []diagnostic{}
		}
	}
	if a != nil {
		for _, d := range a.found {
			uri, shown := a.shown(d)
			found[uri] = append(found[uri], shown)
		}
	}
	s.mu.Lock()
	if s.shown == nil {
		s.shown = map[home][]string{}
	}
	for _, uri := range s.shown[h] {
		if _, there := found[uri]; !there {
			found[uri] = []diagnostic{}
		}
	}
	var now, all []string
	for uri, ds := range found {
		all = append(all, uri)
		if len(ds) > 0 {
			now = append(now, uri)
		}
	}
	s.shown[h] = now
	s.mu.Unlock()
	slices.Sort(all)
	for _, uri := range all {
		p := publishParams{URI: uri, Diagnostics: found[uri]}
		if b := at.open[uri]; b != nil {
			p.Version = &b.version
		}
		s.notify("textDocument/publishDiagnostics", p)
	}
}

// shown is a finding as LSP has it, and where. One in a file that we ship stands
// in the project's settings, which take it in.
func (a *analysis) shown(d diag.Diagnostic) (uri string, out diagnostic) {
	out = diagnostic{Severity: int(d.Severity) + 1, Code: d.Check, Source: "holdfast", Message: d.Message}
	if d.Hint != "" {
		out.Message += "\n" + d.Hint
	}
	uri = a.uriOf(d.File)
	if uri == "" {
		out.Message = d.File + ": " + out.Message
		return a.uriOf(filepath.Join(a.home.dir, "holdfast.yaml")), out
	}
	if t := a.textOf(d.File); t != nil {
		out.Range = t.rng(t.span(d.Span))
	}
	return uri, out
}
