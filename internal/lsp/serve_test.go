package lsp

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"holdfast/internal/diag"
	"holdfast/internal/project"
)

// session is what a server answers to raw bytes, one after the other.
func session(t *testing.T, input string) (answers []message, err error) {
	t.Helper()
	var out bytes.Buffer
	err = Serve(t.Context(), strings.NewReader(input), &out, Options{})
	for r := bufio.NewReader(&out); ; {
		body, rerr := readFrame(r)
		if errors.Is(rerr, io.EOF) {
			return answers, err
		}
		var m message
		if rerr != nil || json.Unmarshal(body, &m) != nil {
			t.Fatalf("the server wrote %q: %v", body, rerr)
		}
		answers = append(answers, m)
	}
}

func framed(bodies ...string) string {
	var b strings.Builder
	for _, body := range bodies {
		_ = writeFrame(&b, []byte(body))
	}
	return b.String()
}

const (
	hello    = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}`
	shutdown = `{"jsonrpc":"2.0","id":9,"method":"shutdown"}`
	exit     = `{"jsonrpc":"2.0","method":"exit"}`
)

func TestWhatIsNoMessageIsAnsweredAndGotOver(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		input string
		codes []int // of the answers that are errors
	}{
		"no JSON":               {framed(hello, `{"jsonrpc":`, shutdown, exit), []int{parseError}},
		"a list":                {framed(hello, `[]`, shutdown, exit), []int{invalidRequest}},
		"no method":             {framed(hello, `{"jsonrpc":"2.0","id":5}`, shutdown, exit), []int{invalidRequest}},
		"an unknown request":    {framed(hello, `{"jsonrpc":"2.0","id":"x","method":"textDocument/dance"}`, shutdown, exit), []int{methodNotFound}},
		"an unknown notice":     {framed(hello, `{"jsonrpc":"2.0","method":"$/dance"}`, shutdown, exit), nil},
		"a request too early":   {framed(`{"jsonrpc":"2.0","id":5,"method":"textDocument/hover","params":{}}`, hello, shutdown, exit), []int{serverNotInitialized}},
		"initialize again":      {framed(hello, `{"jsonrpc":"2.0","id":5,"method":"initialize","params":{}}`, shutdown, exit), []int{invalidRequest}},
		"parameters of a shape": {framed(hello, `{"jsonrpc":"2.0","id":5,"method":"textDocument/hover","params":[1]}`, shutdown, exit), []int{invalidParams}},
		"a length of letters":   {framed(hello) + "Content-Length: many\r\n\r\n" + framed(shutdown, exit), []int{parseError}},
		"no length":             {framed(hello) + "Content-Type: x\r\n\r\n" + framed(shutdown, exit), []int{parseError}},
		"a length below zero":   {framed(hello) + "Content-Length: -4\r\n\r\n" + framed(shutdown, exit), []int{parseError}},
		"a length beyond all":   {framed(hello) + "Content-Length: 99999999999\r\n\r\n" + framed(shutdown, exit), []int{parseError}},
		"a line of noise":       {framed(hello) + "noise\r\n\r\n" + framed(shutdown, exit), []int{parseError}},
		"a document not open":   {framed(hello, `{"jsonrpc":"2.0","id":5,"method":"textDocument/hover","params":{"textDocument":{"uri":"file:///x"},"position":{"line":-1,"character":-7}}}`, shutdown, exit), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answers, err := session(t, tt.input)
			if err != nil {
				t.Fatalf("got %v, want an orderly end", err)
			}
			var codes []int
			for _, m := range answers {
				if m.Error != nil {
					codes = append(codes, m.Error.Code)
				}
			}
			if len(codes) != len(tt.codes) || len(codes) > 0 && codes[0] != tt.codes[0] {
				t.Errorf("got %v, want %v", codes, tt.codes)
			}
		})
	}
}

func TestTheEndOfTheInputIsNoOrderlyEnd(t *testing.T) {
	t.Parallel()
	if _, err := session(t, framed(hello)); !errors.Is(err, ErrNoShutdown) {
		t.Errorf("got %v", err)
	}
	if _, err := session(t, framed(hello, shutdown)); err != nil {
		t.Errorf("after shutdown, got %v", err)
	}
	if _, err := session(t, framed(hello)+"Content-Length: 50\r\n\r\n{"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("in the middle of a message, got %v", err)
	}
	if _, err := session(t, framed(hello)+strings.Repeat("noise\n\n", 200)); !errors.Is(err, errHeader) {
		t.Errorf("nothing but noise gives %v", err)
	}
}

func TestACancelledRequestIsAnsweredSo(t *testing.T) {
	t.Parallel()
	s := &server{out: io.Discard, ws: newWorkspace(), running: map[string]context.CancelFunc{}}
	var out bytes.Buffer
	s.out = &out
	begun := make(chan struct{})
	s.start(t.Context(), message{ID: json.RawMessage("7"), Method: "slow"}, func(ctx context.Context, _ *server, _ *snapshot, _ json.RawMessage) (any, error) {
		close(begun)
		<-ctx.Done()
		return "too late", nil
	})
	<-begun
	s.cancel(json.RawMessage(`{"id":8}`))
	s.cancel(json.RawMessage(`{"id":7}`))
	s.requests.Wait()
	if !strings.Contains(out.String(), "-32800") {
		t.Errorf("got %s", out.String())
	}
}

func TestAMistakeOfOursFailsOneRequest(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := &server{out: &out, ws: newWorkspace(), running: map[string]context.CancelFunc{}, options: Options{Log: discard()}}
	s.start(t.Context(), message{ID: json.RawMessage("7"), Method: "bad"}, func(context.Context, *server, *snapshot, json.RawMessage) (any, error) {
		panic("oh")
	})
	s.requests.Wait()
	if !strings.Contains(out.String(), "-32603") {
		t.Errorf("got %s", out.String())
	}
}

func FuzzFrames(f *testing.F) {
	f.Add([]byte(framed(hello, exit)))
	f.Add([]byte("Content-Length: 2\r\n\r\n{}Content-Length: x\n\n"))
	f.Add([]byte("content-length:0\n\nA: b\r\nContent-Length: 1\r\n\r\n}"))
	f.Fuzz(func(t *testing.T, in []byte) {
		r := bufio.NewReader(bytes.NewReader(in))
		for n := 0; ; n++ {
			body, err := readFrame(r)
			if err != nil && !errors.Is(err, errHeader) {
				break
			}
			if n > len(in) {
				t.Fatal("it never ends")
			}
			if err != nil {
				continue
			}
			var again bytes.Buffer
			if err := writeFrame(&again, body); err != nil {
				t.Fatal(err)
			}
			if back, err := readFrame(bufio.NewReader(&again)); err != nil || !bytes.Equal(back, body) {
				t.Fatalf("%q comes back as %q, %v", body, back, err)
			}
		}
		if len(in) < 4096 { // and a whole session of it does no harm
			_ = Serve(t.Context(), bytes.NewReader(in), io.Discard, Options{})
		}
	})
}

func TestMoreFindingsOfAProjectAreShownWithItsOwn(t *testing.T) {
	t.Parallel()
	s := &server{ws: newWorkspace(), options: Options{Log: discard(), Check: func(p *project.Project) []diag.Diagnostic {
		return []diag.Diagnostic{{Span: diag.Span{File: p.Dir + "/a.test.yaml", Line: 1, Col: 1}, Check: "more"}}
	}}}
	dir := t.TempDir()
	a := s.analysed(home{dir: dir}, s.ws.snapshot())
	if len(a.found) == 0 || a.found[0].Check != "more" {
		t.Errorf("got %v", a.found)
	}
}
