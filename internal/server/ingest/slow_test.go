package ingest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"holdfast/internal/server/ingest"
	"holdfast/internal/server/limits"
)

// public serves w as the outside is served, and returns where.
func (w *world) public() string {
	w.t.Helper()
	l, err := (&net.ListenConfig{}).Listen(w.t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	bounds := limits.Public()
	s, done := bounds.Server(w.mux), make(chan error, 1)
	go func() { done <- s.Serve(bounds.Listener(l)) }()
	w.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			w.t.Error(err)
		}
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			w.t.Error(err)
		}
	})
	return l.Addr().String()
}

// dial opens a connection on which nothing takes longer than some seconds.
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

func say(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

// pass lets so much time go by.
func pass(ctx context.Context, d time.Duration) {
	ctx, stop := context.WithTimeout(ctx, d)
	defer stop()
	<-ctx.Done()
}

func head(path, key string, length int) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\nContent-Length: %d\r\n\r\n", path, basic(key), length)
}

// Whoever promises a body and stops is answered, and holds no connection.
func TestWhoStopsInTheBodyIsAnsweredAndCutOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		w.hook = signed{}
		w.Handler.BodyTime = 200 * time.Millisecond
	})
	address := w.public()
	for name, c := range map[string]struct {
		said   string
		status int
		answer string
	}{
		"without a key":    {"POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{", 400, "the body did not come within 200ms"},
		"with one":         {head("/v1/batch", w.keys["app"], 50) + "{", 400, "the body did not come within 200ms"},
		"in chunks":        {"POST /v1/track HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", 400, "the body did not come within 200ms"},
		"of a hook":        {"POST /in/billing HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{", 400, "the body did not come within 200ms"},
		"with a wrong key": {head("/v1/track", "wrong", 50) + "{", 401, "not known"},
		"at no door":       {head("/v1/nothing", "", 50) + "{", 404, "no such path"},
		"far too large":    {head("/v1/batch", w.keys["app"], 1<<30) + "{", 400, "larger than 500 KB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := dial(t, address)
			say(t, conn, c.said)
			r := bufio.NewReader(conn)
			res, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if res.StatusCode != c.status || !strings.Contains(string(text), c.answer) || !res.Close {
				t.Errorf("got %d %s, closed: %v", res.StatusCode, text, res.Close)
			}
			if _, err := r.ReadByte(); !errors.Is(err, io.EOF) { // a deadline is another error
				t.Errorf("the connection stays open: %v", err)
			}
		})
	}
}

// A body may take its time, and then its commit: neither is held against the other.
func TestASlowBodyThatEndsInTimeIsTaken(t *testing.T) {
	t.Parallel()
	const body, wait = 5 * time.Second, 300 * time.Millisecond
	w := newWorld(t, func(w *world) {
		w.Handler.BodyTime, w.Handler.Wait = body, wait
	})
	conn := dial(t, w.public())
	r := bufio.NewReader(conn)
	for i := range 2 { // and the connection serves again
		message := strings.Replace(good, `"good"`, fmt.Sprintf(`"good%d"`, i), 1)
		say(t, conn, head("/v1/track", w.keys["app"], len(message))+message[:10])
		pass(t.Context(), 2*wait)
		say(t, conn, message[10:])
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(res.Body); err != nil || res.StatusCode != http.StatusOK || res.Close {
			t.Errorf("got %d %s, %v", res.StatusCode, text, err)
		}
		_ = res.Body.Close()
	}
	if n := w.counts.Sums()[ingest.Counted{Source: "app", Outcome: ingest.Taken}]; n != 2 {
		t.Errorf("%d were taken", n)
	}
}
