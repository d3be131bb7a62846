package lsp

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// client drives a server over a pipe, as an editor does.
type client struct {
	t      *testing.T
	in     io.WriteCloser
	dir    string
	ended  chan error
	nextID int

	mu       sync.Mutex
	cond     *sync.Cond
	answers  map[string]message
	findings map[string][]publishParams // by URI, all of them
	closed   bool
}

const settings = "project: p\ntimezone: UTC\nrules: library\nsender: {name: S, email: s@example.com}\n"

// open starts a server on a project with these files, and one that is open.
func open(t testing.TB, files map[string]string) *client {
	t.Helper()
	tt, ok := t.(*testing.T)
	if !ok {
		tt = nil
	}
	c := start(tt, t)
	if files["holdfast.yaml"] == "" {
		files["holdfast.yaml"] = settings
	}
	for name, text := range files {
		path := filepath.Join(c.dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if text == "-" {
			continue
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c.request("initialize", map[string]any{"rootUri": uriOf(c.dir), "capabilities": map[string]any{}})
	c.notify("initialized", map[string]any{})
	return c
}

func start(t *testing.T, tb testing.TB) *client {
	dir, err := filepath.EvalSymlinks(tb.TempDir())
	if err != nil {
		tb.Fatal(err)
	}
	toServer, in := io.Pipe()
	out, fromServer := io.Pipe()
	c := &client{t: t, in: in, dir: dir, ended: make(chan error, 1), answers: map[string]message{}, findings: map[string][]publishParams{}}
	c.cond = sync.NewCond(&c.mu)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	go func() {
		err := Serve(ctx, toServer, fromServer, Options{Version: "test", Pause: time.Millisecond})
		_ = fromServer.Close()
		c.ended <- err
	}()
	go c.read(out)
	tb.Cleanup(func() { cancel(); _ = in.Close(); _ = toServer.Close(); _ = out.Close() })
	return c
}

func (c *client) read(out io.Reader) {
	r := bufio.NewReader(out)
	for {
		body, err := readFrame(r)
		c.mu.Lock()
		if err != nil {
			c.closed = true
			c.cond.Broadcast()
			c.mu.Unlock()
			return
		}
		var m message
		if err := json.Unmarshal(body, &m); err == nil {
			var p publishParams
			switch m.Method {
			case "textDocument/publishDiagnostics":
				if json.Unmarshal(m.Params, &p) == nil {
					c.findings[p.URI] = append(c.findings[p.URI], p)
				}
			case "":
				c.answers[string(m.ID)] = m
			}
		}
		c.cond.Broadcast()
		c.mu.Unlock()
	}
}

func (c *client) fatal(args ...any) {
	if c.t == nil {
		panic(args)
	}
	c.t.Helper()
	c.t.Fatal(args...)
}

func (c *client) send(m message) {
	m.JSONRPC = "2.0"
	body, err := json.Marshal(m)
	if err != nil {
		c.fatal(err)
	}
	c.raw(body)
}

func (c *client) raw(body []byte) {
	if err := writeFrame(c.in, body); err != nil {
		c.fatal(err)
	}
}

func (c *client) notify(method string, params any) {
	body, _ := json.Marshal(params)
	c.send(message{Method: method, Params: body})
}

// ask sends a request without waiting.
func (c *client) ask(method string, params any) (id string) {
	c.nextID++
	raw, _ := json.Marshal(c.nextID)
	body, _ := json.Marshal(params)
	c.send(message{ID: raw, Method: method, Params: body})
	return string(raw)
}

func (c *client) answer(id string) message {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		if m, ok := c.answers[id]; ok {
			return m
		}
		if c.closed {
			c.fatal("the server ended without an answer to", id)
		}
		c.cond.Wait()
	}
}

func (c *client) request(method string, params any) message {
	return c.answer(c.ask(method, params))
}

func (c *client) uri(name string) string {
	return uriOf(filepath.Join(c.dir, filepath.FromSlash(name)))
}

// edit opens a document with a text in which | is the cursor, and says where
// that is.
func (c *client) edit(name, text string) position {
	before, after, ok := strings.Cut(text, "|")
	if !ok {
		before, after = text, ""
	}
	c.notify("textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": c.uri(name), "version": 1, "languageId": "yaml", "text": before + after}})
	return newText(before).position(len(before))
}

func (c *client) close(name string) {
	c.notify("textDocument/didClose", map[string]any{"textDocument": map[string]any{"uri": c.uri(name)}})
}

func at(uri string, p position) map[string]any {
	return map[string]any{"textDocument": map[string]any{"uri": uri}, "position": p}
}

// result decodes an answer, which must be no error.
func result[T any](c *client, m message) T {
	var v T
	if m.Error != nil {
		c.fatal("got the error ", m.Error.Code, " ", m.Error.Message)
	}
	if err := json.Unmarshal(m.Result, &v); err != nil {
		c.fatal(err, string(m.Result))
	}
	return v
}

// completions at the cursor of text, by label.
func (c *client) completions(name, text string) map[string]completion {
	p := c.edit(name, text)
	out := map[string]completion{}
	for _, it := range result[completionList](c, c.request("textDocument/completion", at(c.uri(name), p))).Items {
		out[it.Label] = it
	}
	return out
}

// published are the findings of a document's version, waited for.
func (c *client) published(name string, version int) []diagnostic {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		for _, p := range c.findings[c.uri(name)] {
			if p.Version != nil && *p.Version == version {
				return p.Diagnostics
			}
		}
		if c.closed {
			c.fatal("the server ended")
		}
		c.cond.Wait()
	}
}
