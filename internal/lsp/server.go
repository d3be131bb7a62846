package lsp

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"holdfast/internal/clock"
	"holdfast/internal/diag"
	"holdfast/internal/project"
)

// Options of a server.
type Options struct {
	Version string        // shown to the client
	Pause   time.Duration // after a change, before findings are looked for: typing goes on meanwhile
	Log     *slog.Logger  // what went wrong inside; nil discards it
	// Check finds what reading a project does not, such as mistakes in its tests;
	// nil is no more. It is called by one goroutine at a time.
	Check func(*project.Project) []diag.Diagnostic
}

// ErrNoShutdown says that the client went away, or said exit, without having
// asked for shutdown. The protocol wants exit code 1 then.
var ErrNoShutdown = errors.New("the client left without a shutdown")

// maxBadFrames in a row end the session: nothing that is read makes sense.
const maxBadFrames = 100

// Serve speaks LSP 3.17 over in and out until the client says exit, in ends or
// ctx is done. It returns nil after an orderly shutdown. Each request is
// answered by a goroutine of its own from an immutable snapshot, so that a slow
// one holds up no other.
func Serve(ctx context.Context, in io.Reader, out io.Writer, o Options) error {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &server{options: o, out: out, ws: newWorkspace(), running: map[string]context.CancelFunc{}}
	var background sync.WaitGroup
	background.Go(func() { s.watch(ctx) })
	defer func() {
		cancel()
		background.Wait()
		s.requests.Wait()
		s.ws.close()
	}()
	frames := make(chan frame)
	go func() { // ends with in, or with the process: a pipe cannot be told to stop
		r := bufio.NewReader(in)
		for {
			body, err := readFrame(r)
			select {
			case frames <- frame{body, err}:
			case <-ctx.Done():
				return
			}
			if err != nil && !errors.Is(err, errHeader) {
				return
			}
		}
	}()
	for bad := 0; ; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case f := <-frames:
			switch {
			case errors.Is(f.err, errHeader):
				if bad++; bad > maxBadFrames {
					return fmt.Errorf("read from the client: %w", f.err)
				}
				s.fail(nil, &rpcError{parseError, f.err.Error()})
			case errors.Is(f.err, io.EOF):
				return s.farewell()
			case f.err != nil:
				return fmt.Errorf("read from the client: %w", f.err)
			default:
				bad = 0
				if s.take(ctx, f.body) {
					return s.farewell()
				}
			}
		}
	}
}

type frame struct {
	body []byte
	err  error
}

type server struct {
	options  Options
	ws       *workspace
	requests sync.WaitGroup
	changed  clock.Bell // something is to be looked at

	writing sync.Mutex
	out     io.Writer

	// Of the goroutine that reads.
	initialized, down bool
	watchFiles        bool

	mu      sync.Mutex
	running map[string]context.CancelFunc // requests by id
	shown   map[home][]string             // URIs with findings
}

func (s *server) farewell() error {
	if s.down {
		return nil
	}
	return ErrNoShutdown
}

// take handles one message; over says that it was exit.
func (s *server) take(ctx context.Context, body []byte) (over bool) {
	var m message
	if err := json.Unmarshal(body, &m); err != nil {
		code := invalidRequest
		if !json.Valid(body) {
			code = parseError
		}
		s.fail(nil, &rpcError{code, "this is no message of JSON-RPC 2.0"})
		return false
	}
	switch {
	case m.Method == "" && m.ID != nil && (m.Result != nil || m.Error != nil):
		return false // an answer to what we asked
	case m.Method == "":
		s.fail(m.ID, &rpcError{invalidRequest, "a message needs a method"})
		return false
	case m.Method == "exit":
		return true
	case m.ID == nil:
		s.notified(m)
		return false
	}
	handle, known := requests[m.Method]
	switch {
	case s.down:
		s.fail(m.ID, &rpcError{invalidRequest, "the server is shut down"})
	case m.Method == "initialize":
		s.initialize(m)
	case !s.initialized:
		s.fail(m.ID, &rpcError{serverNotInitialized, "initialize comes first"})
	case m.Method == "shutdown":
		s.down = true
		s.requests.Wait() // what was asked before is answered before
		s.reply(m.ID, nil)
	case !known:
		s.fail(m.ID, &rpcError{methodNotFound, fmt.Sprintf("there is no method %q here", m.Method)})
	default:
		s.start(ctx, m, handle)
	}
	return false
}

// handler answers one request from a snapshot.
type handler func(ctx context.Context, s *server, at *snapshot, params json.RawMessage) (any, error)

var requests = map[string]handler{
	"textDocument/hover":          onPlace(hoverAt),
	"textDocument/completion":     onPlace(completeAt),
	"textDocument/definition":     onPlace(defineAt),
	"textDocument/prepareRename":  onPlace(prepareRename),
	"textDocument/rename":         onPlace(renameAt),
	"textDocument/documentSymbol": onDocument(symbolsOf),
	"textDocument/codeAction":     fixes,
}

// start answers m in a goroutine, unless it is cancelled first.
func (s *server) start(ctx context.Context, m message, handle handler) {
	ctx, cancel := context.WithCancel(ctx)
	id := string(m.ID)
	s.mu.Lock()
	s.running[id] = cancel
	s.mu.Unlock()
	at := s.ws.snapshot()
	s.requests.Go(func() {
		defer func() {
			s.mu.Lock()
			delete(s.running, id)
			s.mu.Unlock()
			cancel()
		}()
		result, err := s.handled(ctx, m, handle, at)
		if ctx.Err() != nil {
			err = &rpcError{requestCancelled, "cancelled"}
		}
		if err != nil {
			s.fail(m.ID, err)
			return
		}
		s.reply(m.ID, result)
	})
}

// handled survives a mistake of ours: one request fails, the session goes on.
func (s *server) handled(ctx context.Context, m message, handle handler, at *snapshot) (result any, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.options.Log.ErrorContext(ctx, "a request failed", "method", m.Method, "panic", p)
			result, err = nil, &rpcError{internalError, fmt.Sprintf("%s failed: %v", m.Method, p)}
		}
	}()
	return handle(ctx, s, at, m.Params)
}

func (s *server) cancel(params json.RawMessage) {
	var p struct {
		ID json.RawMessage `json:"id"`
	}
	if json.Unmarshal(params, &p) != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel := s.running[string(p.ID)]; cancel != nil {
		cancel()
	}
}

// reply and fail answer a request; fail without an id answers what was no request.
func (s *server) reply(id json.RawMessage, result any) {
	body, err := json.Marshal(result)
	if err != nil {
		s.fail(id, &rpcError{internalError, err.Error()})
		return
	}
	s.send(message{ID: id, Result: body})
}

func (s *server) fail(id json.RawMessage, err error) {
	e, ok := errors.AsType[*rpcError](err)
	if !ok {
		e = &rpcError{internalError, err.Error()}
	}
	if id == nil {
		id = json.RawMessage("null")
	}
	s.send(message{ID: id, Error: e})
}

func (s *server) notify(method string, params any) {
	body, err := json.Marshal(params)
	if err == nil {
		s.send(message{Method: method, Params: body})
	}
}

func (s *server) send(m message) {
	m.JSONRPC = "2.0"
	body, err := json.Marshal(m)
	if err != nil {
		return // every part of it is JSON already
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := writeFrame(s.out, body); err != nil {
		s.options.Log.Error("write to the client", "error", err)
	}
}

func onPlace(f func(ctx context.Context, s *server, d *document, off int, p placeParams) (any, error)) handler {
	return func(ctx context.Context, s *server, at *snapshot, raw json.RawMessage) (any, error) {
		var p placeParams
		if err := json.Unmarshal(raw, &p); err != nil {
			return nil, &rpcError{invalidParams, err.Error()}
		}
		d, err := s.document(ctx, at, p.TextDocument.URI)
		if err != nil || d == nil {
			return nil, err
		}
		return f(ctx, s, d, d.text.offset(p.Position), p)
	}
}

func onDocument(f func(d *document) (any, error)) handler {
	return func(ctx context.Context, s *server, at *snapshot, raw json.RawMessage) (any, error) {
		var p documentParams
		if err := json.Unmarshal(raw, &p); err != nil {
			return nil, &rpcError{invalidParams, err.Error()}
		}
		d, err := s.document(ctx, at, p.TextDocument.URI)
		if err != nil || d == nil {
			return nil, err
		}
		return f(d)
	}
}
