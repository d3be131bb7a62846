package limits_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"holdfast/internal/server/limits"
)

// serve answers with how many bytes of a body were read.
func serve(t *testing.T, l limits.Limits) string {
	t.Helper()
	inner, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := l.Server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		if _, over := errors.AsType[*http.MaxBytesError](err); over {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
	}))
	done := make(chan error, 1)
	go func() { done <- s.Serve(l.Listener(inner)) }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return inner.Addr().String()
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c
}

func small() limits.Limits {
	l := limits.Public()
	l.Header, l.Read, l.Body, l.Connections = 100*time.Millisecond, 200*time.Millisecond, 100, 2
	return l
}

// Whoever sends its head a byte at a time is cut off (slowloris).
func TestACallerThatDawdlesIsCutOff(t *testing.T) {
	t.Parallel()
	address := serve(t, small())
	for what, said := range map[string]string{"in the head": "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", "in the body": "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nslow"} {
		c := dial(t, address)
		if _, err := io.WriteString(c, said); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, c); err != nil { // until the server hangs up; a deadline is an error
			t.Errorf("%s: %v", what, err)
		}
		_ = c.Close()
	}
}

func TestWhatIsTooLongIsRefused(t *testing.T) {
	t.Parallel()
	l := limits.Operations()
	l.Body = 100
	address := serve(t, l)
	for what, c := range map[string]struct {
		head, body string
		want       int
	}{
		"a body":        {"", strings.Repeat("x", 101), http.StatusRequestEntityTooLarge},
		"a fitting one": {"", strings.Repeat("x", 100), http.StatusOK},
		"a head":        {strings.Repeat("x", l.HeaderBytes+8<<10), "", http.StatusRequestHeaderFieldsTooLarge},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Long", c.head)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		_ = res.Body.Close()
		if res.StatusCode != c.want {
			t.Errorf("%s: answered %d, want %d", what, res.StatusCode, c.want)
		}
	}
}

func TestMoreConnectionsWaitTheirTurn(t *testing.T) {
	t.Parallel()
	l := limits.Operations()
	l.Connections = 2
	address := serve(t, l)
	ask := func(c net.Conn) error {
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			return err
		}
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			return err
		}
		return res.Body.Close()
	}
	first, second, third := dial(t, address), dial(t, address), dial(t, address)
	if err := errors.Join(ask(first), ask(second)); err != nil { // both stay open
		t.Fatal(err)
	}
	answered := make(chan error, 1)
	go func() { answered <- ask(third) }()
	ctx, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	select {
	case err := <-answered:
		t.Fatalf("a third was answered beside two: %v", err)
	case <-ctx.Done():
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-answered; err != nil {
		t.Error(err)
	}
}
