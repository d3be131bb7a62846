package postgres_test

import (
	"bytes"
	"io"
	"net"
	"net/url"
	"regexp"
	"sync/atomic"
	"testing"
)

// fate is what becomes of a commit whose client is cut off.
type fate int

const (
	forward fate = iota + 1 // the server gets it
	drop                    // it does not
	delay                   // it gets it when the client has begun again
)

// wire stands between a store and its server. A fate put into next is that of the
// next commit.
type wire struct {
	address, server string
	next            chan fate
	begun           chan struct{} // a transaction was begun after a delayed commit
	late            chan string   // what the server says to one
	commit          atomic.Value  // the name under which COMMIT was prepared
}

// preparesCommit is a Parse message. A Bind has an empty text, a portal's name, before
// that of its statement.
var preparesCommit = regexp.MustCompile(`(?s)P.{4}([a-z0-9_]+)\x00COMMIT\x00`)

func tap(t *testing.T, address string) *wire {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	w := &wire{server: u.Host, next: make(chan fate, 1), begun: make(chan struct{}, 100), late: make(chan string, 1)}
	u.Host = l.Addr().String()
	w.address = u.String()
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go w.carry(client)
		}
	}()
	return w
}

func (w *wire) carry(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", w.server)
	if err != nil {
		return
	}
	defer server.Close()
	cut := make(chan struct{})
	answers := make(chan string, 1)
	go func() {
		buf := make([]byte, 1<<16)
		for {
			n, err := server.Read(buf)
			select {
			case <-cut:
				answers <- string(buf[:n])
				return
			default:
			}
			if err != nil || n == 0 {
				_ = client.Close()
				return
			}
			if _, err := client.Write(buf[:n]); err != nil {
				return
			}
		}
	}()
	buf := make([]byte, 1<<16)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		if bytes.Contains(buf[:n], []byte("LOCK TABLE")) {
			w.begun <- struct{}{}
		}
		if prepared := preparesCommit.FindSubmatch(buf[:n]); prepared != nil {
			w.commit.Store(string(prepared[1]))
		}
		if name, _ := w.commit.Load().(string); name != "" && bytes.Contains(buf[:n], []byte("\x00"+name+"\x00")) {
			select {
			case f := <-w.next:
				close(cut)
				for len(w.begun) > 0 { // those before: the client, which has one writer, waits for this answer
					<-w.begun
				}
				if f != forward { // else the client finds out when the server is done
					_ = client.Close()
				}
				w.fulfil(f, server, buf[:n], answers)
				return
			default:
			}
		}
		if _, err := server.Write(buf[:n]); err != nil {
			return
		}
	}
}

func (w *wire) fulfil(f fate, server io.Writer, commit []byte, answers <-chan string) {
	switch f {
	case forward:
		_, _ = server.Write(commit)
		<-answers
	case drop:
	case delay:
		<-w.begun // the update runs again, so it was found not to be kept
		_, _ = server.Write(commit)
		w.late <- <-answers
	}
}
