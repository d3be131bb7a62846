package lsp

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"time"

	"holdfast/internal/clock"
	"holdfast/internal/diag"
	"holdfast/internal/project"
)

// initialize answers with what this server does.
func (s *server) initialize(m message) {
	if s.initialized {
		s.fail(m.ID, &rpcError{invalidRequest, "initialize comes once"})
		return
	}
	var p initializeParams
	if len(m.Params) > 0 {
		if err := json.Unmarshal(m.Params, &p); err != nil {
			s.fail(m.ID, &rpcError{invalidParams, err.Error()})
			return
		}
	}
	s.initialized = true
	s.watchFiles = p.Capabilities.Workspace.DidChangeWatchedFiles.DynamicRegistration
	s.ws.versioned = p.Capabilities.Workspace.WorkspaceEdit.DocumentChanges
	roots := []string{p.RootURI}
	for _, f := range p.WorkspaceFolders {
		roots = append(roots, f.URI)
	}
	for _, uri := range roots {
		if path := pathOf(uri); path != "" {
			if info, err := os.Stat(path); err != nil || !info.IsDir() {
				continue
			}
			if dir, _, err := project.Find(path); err == nil {
				s.ws.stale(home{dir: dir})
			}
		}
	}
	s.reply(m.ID, map[string]any{
		"serverInfo": map[string]string{"name": "holdfast", "version": s.options.Version},
		"capabilities": map[string]any{
			"positionEncoding":       "utf-16",
			"textDocumentSync":       map[string]any{"openClose": true, "change": 2, "save": map[string]bool{"includeText": false}},
			"hoverProvider":          true,
			"completionProvider":     map[string]any{"triggerCharacters": []string{".", "\"", "'", " ", ":", "{", "[", "|", "/"}},
			"definitionProvider":     true,
			"renameProvider":         map[string]bool{"prepareProvider": true},
			"documentSymbolProvider": true,
			"codeActionProvider":     map[string]any{"codeActionKinds": []string{"quickfix"}},
		},
	})
}

// notified handles a notification. They are handled in order, and none waits.
func (s *server) notified(m message) {
	if m.Method == "$/cancelRequest" {
		s.cancel(m.Params)
		return
	}
	if !s.initialized || s.down {
		return
	}
	switch m.Method {
	case "initialized":
		s.watchOutside()
	case "textDocument/didOpen":
		var p documentParams
		if json.Unmarshal(m.Params, &p) == nil {
			d := p.TextDocument
			path := pathOf(d.URI)
			s.ws.opened++
			s.ws.put(&buffer{opened: s.ws.opened, uri: d.URI, path: path, version: d.Version, text: newText(d.Text), home: homeOf(d.URI, path)})
		}
	case "textDocument/didChange":
		var p changeParams
		if json.Unmarshal(m.Params, &p) == nil {
			s.ws.edit(p.TextDocument.URI, p.TextDocument.Version, p.ContentChanges)
		}
	case "textDocument/didClose":
		var p documentParams
		if json.Unmarshal(m.Params, &p) == nil {
			s.ws.drop(p.TextDocument.URI)
		}
	case "textDocument/didSave", "workspace/didChangeWatchedFiles":
		s.ws.rehome()
		s.ws.stale()
	default:
		return // the protocol wants an unknown notification to be passed over
	}
	s.changed.Ring()
}

// watchOutside asks the client to say when files change beside the editor.
func (s *server) watchOutside() {
	if !s.watchFiles {
		return
	}
	watchers := []map[string]string{{"globPattern": "**/*.yaml"}, {"globPattern": "**/templates/**/*.md"}}
	params, err := json.Marshal(map[string]any{"registrations": []any{map[string]any{
		"id": "files", "method": "workspace/didChangeWatchedFiles", "registerOptions": map[string]any{"watchers": watchers},
	}}})
	if err == nil {
		s.send(message{ID: json.RawMessage(`"files"`), Method: "client/registerCapability", Params: params})
	}
}

// watch looks for findings after changes until ctx is done. It alone analyses,
// so that two never run at once.
func (s *server) watch(ctx context.Context) {
	for {
		if _, err := clock.Wait(ctx, time.Hour, s.changed.Rung()); err != nil {
			return
		}
		homes, fresh := s.ws.due()
		if len(homes) > 0 && !fresh {
			if clock.Sleep(ctx, s.options.Pause) != nil {
				return
			}
			homes, _ = s.ws.due()
		}
		// A file that has found its project is cleared as a file alone first, or the
		// clearing would take away what the project has just said of it.
		slices.SortStableFunc(homes, func(a, b home) int { return strings.Compare(b.alone, a.alone) })
		for _, h := range homes {
			at := s.ws.begin(h)
			if h.alone != "" && (at.open[h.alone] == nil || at.open[h.alone].home != h) {
				s.ws.found(h, nil)
				s.publish(h, nil, at)
				continue
			}
			a := s.analysed(h, at)
			s.ws.found(h, a)
			s.publish(h, a, at)
			if ctx.Err() != nil {
				return
			}
		}
	}
}

// analysed survives a mistake of ours, as handled does.
func (s *server) analysed(h home, at *snapshot) (a *analysis) {
	defer func() {
		if p := recover(); p != nil {
			s.options.Log.Error("reading a project failed", "dir", h.dir, "panic", p)
			a = analyse(home{h.dir, "nothing"}, s.ws.kinds, &snapshot{}) // none of its files
			a.home = h
			for uri, b := range at.open {
				a.seen[uri] = b.opened
			}
		}
	}()
	a = analyse(h, s.ws.kinds, at)
	if s.options.Check != nil && h.alone == "" {
		a.found = diag.Sort(append(a.found, s.options.Check(a.project)...))
	}
	return a
}
