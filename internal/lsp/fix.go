package lsp

import (
	"context"
	"encoding/json"
	"regexp"
)

var meant = regexp.MustCompile(`^did you mean "(.+)"\?$`)

// fixes are the quick fixes of the findings in a range: what a hint says was
// meant is put in its place.
func fixes(ctx context.Context, s *server, at *snapshot, raw json.RawMessage) (any, error) {
	var p actionParams
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, &rpcError{invalidParams, err.Error()}
	}
	d, err := s.document(ctx, at, p.TextDocument.URI)
	if err != nil || d == nil {
		return nil, err
	}
	from, to := d.text.offset(p.Range.Start), d.text.offset(p.Range.End)
	out := []codeAction{}
	for _, f := range d.analysis.found {
		m := meant.FindStringSubmatch(f.Hint)
		if m == nil || d.analysis.uriOf(f.File) != d.uri {
			continue
		}
		was := d.analysis.textOf(f.File)
		start, end := was.span(f.Span)
		if end > len(d.text.s) || was.s[start:end] != d.text.s[start:end] || start > to || end < from {
			continue // what it is about has changed since
		}
		start, end = unquoted(d.text.s, start, end)
		_, shown := d.analysis.shown(f)
		out = append(out, codeAction{
			Title: "Change to " + m[1], Kind: "quickfix", Diagnostics: []diagnostic{shown}, IsPreferred: true,
			Edit: s.edits(d.snapshot, map[string][]textEdit{d.uri: {{d.text.rng(start, end), m[1]}}}),
		})
	}
	return out, nil
}

// unquoted leaves quotes around what is meant.
func unquoted(src string, start, end int) (int, int) {
	if q := src[start:min(start+1, end)]; (q == `"` || q == `'`) && end-start > 1 && src[end-1:end] == q {
		return start + 1, end - 1
	}
	return start, end
}

// edits of documents, of their versions where the client takes that.
func (s *server) edits(at *snapshot, changes map[string][]textEdit) workspaceEdit {
	if !s.ws.versioned {
		return workspaceEdit{Changes: changes}
	}
	var out workspaceEdit
	for _, uri := range sortedKeys(changes) {
		var e documentEdit
		e.TextDocument.URI, e.Edits = uri, changes[uri]
		if b := at.open[uri]; b != nil {
			e.TextDocument.Version = &b.version
		}
		out.DocumentChanges = append(out.DocumentChanges, e)
	}
	return out
}
