package standin

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"holdfast/internal/clock"
)

// maxAck is the size from which Slack drops an acknowledgement without a word.
const maxAck = 20 * 1024

// pingEvery is how often a socket is pinged; clients give up after 30 s without.
const pingEvery = 10 * time.Second

// socket is one connection of Socket Mode: https://docs.slack.dev/apis/events-api/using-socket-mode
type socket struct {
	conn  *websocket.Conn
	write sync.Mutex
	gone  chan struct{} // closed when the connection is
}

func (k *socket) say(v any) error {
	k.write.Lock()
	defer k.write.Unlock()
	return k.conn.WriteJSON(v)
}

func (s *Slack) openSocket(call) reply {
	s.state.Lock()
	defer s.state.Unlock()
	ticket := rand.Text()
	s.tickets[ticket] = true
	return ok(map[string]any{"url": strings.Replace(s.base, "http://", "ws://", 1) + "/link?ticket=" + ticket + "&app_id=" + appID})
}

// connect is the socket itself. Its ticket is good once.
func (s *Slack) connect(w http.ResponseWriter, r *http.Request) {
	ticket := r.URL.Query().Get("ticket")
	s.state.Lock()
	good := s.tickets[ticket]
	delete(s.tickets, ticket)
	s.state.Unlock()
	if !good {
		http.Error(w, "no such ticket", http.StatusForbidden)
		return
	}
	up := websocket.Upgrader{CheckOrigin: func(r *http.Request) bool {
		origin := r.Header.Get("Origin") // no page of a browser; clients say Slack's own
		return origin == "" || origin == "https://api.slack.com"
	}}
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		return // it has answered
	}
	k := &socket{conn: conn, gone: make(chan struct{})}
	if s.greet(k) != nil {
		s.forget(k)
		return
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(r.Context()))
	go s.tend(ctx, k)
	s.listen(k)
	stop()
}

// greet makes a socket known. What others send over it waits until hello went out.
func (s *Slack) greet(k *socket) error {
	k.write.Lock()
	defer k.write.Unlock()
	s.state.Lock()
	s.sockets, s.overSockets = append(s.sockets, k), true
	n := len(s.sockets)
	s.state.Unlock()
	return k.conn.WriteJSON(map[string]any{
		"type": "hello", "num_connections": n, "connection_info": map[string]any{"app_id": appID},
		"debug_info": map[string]any{"host": "standin", "build_number": 1, "approximate_connection_time": 18060},
	})
}

func (s *Slack) forget(k *socket) {
	s.state.Lock()
	s.sockets = slices.DeleteFunc(s.sockets, func(one *socket) bool { return one == k })
	s.state.Unlock()
	close(k.gone)
	_ = k.conn.Close()
}

// tend pings a socket, and refreshes it when its time has come.
func (s *Slack) tend(ctx context.Context, k *socket) {
	lives := time.Duration(0)
	pause := pingEvery
	if s.o.Refresh > 0 {
		pause = min(pause, s.o.Refresh)
	}
	for {
		k.write.Lock()
		err := k.conn.WriteMessage(websocket.PingMessage, []byte("Ping from standin"))
		k.write.Unlock()
		if err != nil || clock.Sleep(ctx, pause) != nil {
			return
		}
		if lives += pause; s.o.Refresh > 0 && lives >= s.o.Refresh {
			s.hangUp(k, "refresh_requested")
			return
		}
	}
}

// listen takes acknowledgements until the connection ends.
func (s *Slack) listen(k *socket) {
	defer s.forget(k)
	k.conn.SetReadLimit(maxAnswer)
	for {
		var ack struct {
			ID      string          `json:"envelope_id"`
			Payload json.RawMessage `json:"payload"`
		}
		_, b, err := k.conn.ReadMessage()
		if err != nil {
			return
		}
		if len(b) >= maxAck || json.Unmarshal(b, &ack) != nil {
			continue
		}
		s.state.Lock()
		waits := s.waiting[ack.ID]
		delete(s.waiting, ack.ID)
		s.state.Unlock()
		if waits != nil {
			waits <- ack.Payload
		}
	}
}

// hangUp asks a socket's client to connect anew, and closes it.
func (s *Slack) hangUp(k *socket, reason string) {
	_ = k.say(map[string]any{"type": "disconnect", "reason": reason, "debug_info": map[string]any{"host": "standin"}})
	k.write.Lock()
	defer k.write.Unlock()
	_ = k.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Time{})
}

// Disconnect asks every client of Socket Mode to connect anew, as Slack does
// now and then: reason is warning, refresh_requested or link_disabled.
func (s *Slack) Disconnect(reason string) {
	s.state.Lock()
	sockets := slices.Clone(s.sockets)
	s.state.Unlock()
	for _, k := range sockets {
		s.hangUp(k, reason)
	}
}

// Sockets is how many clients of Socket Mode are connected.
func (s *Slack) Sockets() int {
	s.state.Lock()
	defer s.state.Unlock()
	return len(s.sockets)
}

// connected reports whether things go over sockets: one is there, or the app has
// no other address and its client will be back.
func (s *Slack) connected() bool {
	s.state.Lock()
	defer s.state.Unlock()
	return len(s.sockets) > 0 || (s.overSockets && s.hooks == "")
}

// envelope sends a payload to one client and waits for its acknowledgement. It
// goes out anew when the connection ends first, and an event also when nobody
// acknowledged it in time.
func (s *Slack) envelope(ctx context.Context, kind string, payload []byte) (answer []byte, problem string) {
	tries := 1
	if kind == "events_api" {
		tries = 2
	}
	s.state.Lock()
	id := s.id("envelope-")
	s.state.Unlock()
	for try := range tries {
		reason := ""
		if try > 0 {
			reason = "timeout"
		}
		answer, problem = s.attempt(ctx, map[string]any{
			"type": kind, "envelope_id": id, "payload": json.RawMessage(payload), "accepts_response_payload": kind != "events_api",
			"retry_attempt": try, "retry_reason": reason,
		}, id)
		if problem == "" {
			return answer, ""
		}
	}
	return nil, problem
}

func (s *Slack) attempt(ctx context.Context, envelope map[string]any, id string) (answer []byte, problem string) {
	ctx, stop := context.WithTimeout(ctx, s.patience())
	defer stop()
	acked := make(chan []byte, 1)
	s.state.Lock()
	s.waiting[id] = acked
	s.state.Unlock()
	defer func() {
		s.state.Lock()
		delete(s.waiting, id)
		s.state.Unlock()
	}()
	for {
		s.state.Lock()
		var k *socket
		if len(s.sockets) > 0 {
			k = s.sockets[len(s.sockets)-1]
		}
		s.state.Unlock()
		if k == nil || k.say(envelope) != nil {
			if clock.Sleep(ctx, 10*time.Millisecond) != nil { // until a client is back
				return nil, "operation_timeout"
			}
			continue
		}
		select {
		case answer := <-acked:
			return answer, ""
		case <-k.gone:
		case <-ctx.Done():
			return nil, "operation_timeout"
		}
	}
}
