package standin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"holdfast/internal/clock"
)

// Provider is one stand-in: an http.Handler with a plan and a record.
type Provider struct {
	Plan   *Plan
	Record *Record

	Suppressions *Suppressions // of SendGrid

	name   string
	clock  clock.Clock
	mux    *http.ServeMux
	teller *teller                      // sendgrid; nil: it tells nothing
	judge  func(*http.Request) []string // nil: nobody judges

	mu       sync.Mutex
	serial   int
	mails    map[string]mailed // sendgrid, by touch
	findings []string
}

func newProvider(name string, plan *Plan, record *Record, c clock.Clock) *Provider {
	return &Provider{Plan: plan, Record: record, name: name, clock: c, mux: http.NewServeMux()}
}

// ServeHTTP answers as the provider would.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.mux.ServeHTTP(w, r) }

// nextID numbers what is accepted.
func (p *Provider) nextID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.serial++
	return p.serial
}

// reply is an answer that has not been written yet.
type reply struct {
	status int
	header http.Header
	body   any
}

// maxBody is more than SendGrid's limit of 30 MB would need here: messages of
// this product are well under 1 MB.
const maxBody = 4 << 20

// conduct plays fault f. take takes the message in and returns the answer of
// a healthy provider; it is called at most once, and only when f accepts. A
// client that is gone before half of the latency was not heard.
func (p *Provider) conduct(w http.ResponseWriter, r *http.Request, f Fault, refusals map[Fault]reply, take func() reply) {
	ctx := r.Context()
	if clock.Sleep(ctx, p.Plan.Latency/2) != nil {
		return
	}
	accept := func() reply {
		a := take()
		_ = clock.Sleep(ctx, p.Plan.Latency/2) // who leaves now leaves an accepted message
		return a
	}
	switch f {
	case None:
		write(w, accept())
	case ErrorAfter, GatewayAfter:
		accept()
		write(w, refusals[f])
	case SilentAfter:
		accept()
		<-ctx.Done() // until the client gives up
	case HalfAfter:
		half(w, accept())
	case ResetBefore:
		reset(w)
	case ResetAfter:
		accept()
		reset(w)
	case SlowBody:
		slow(w, r, accept())
	case RateLimited, Unavailable, ErrorBefore, Rejected, Unauthorized, Forbidden, TooLarge:
		write(w, refusals[f])
	}
}

func write(w http.ResponseWriter, a reply) {
	maps.Copy(w.Header(), a.header)
	if a.body != nil {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(encoded(a)) // the client may be gone; that is its business
}

func encoded(a reply) []byte {
	if a.body == nil {
		return nil
	}
	b, err := json.Marshal(a.body)
	if err != nil {
		return []byte(`{}`)
	}
	return b
}

// hijack takes the connection out of the server's hands.
func hijack(w http.ResponseWriter) (*net.TCPConn, bool) {
	h, ok := w.(http.Hijacker)
	if !ok {
		return nil, false
	}
	conn, _, err := h.Hijack()
	if err != nil {
		return nil, false
	}
	tcp, ok := conn.(*net.TCPConn)
	return tcp, ok
}

// reset cuts the connection with a TCP reset, as a dying host does.
func reset(w http.ResponseWriter) {
	if conn, ok := hijack(w); ok {
		_ = conn.SetLinger(0)
		_ = conn.Close()
	}
}

// half breaks the answer off: in its head when the healthy answer has no body,
// else in the middle of its body.
func half(w http.ResponseWriter, a reply) {
	conn, ok := hijack(w)
	if !ok {
		return
	}
	body := encoded(a)
	head := fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Length: %d\r\nContent-Type: application/json\r\n", a.status, http.StatusText(a.status), len(body))
	if len(body) > 0 {
		head += "\r\n" + string(body[:len(body)/2])
	}
	_, _ = io.WriteString(conn, head)
	_ = conn.Close()
}

// slow lets the answer's head go at once and its body in small pieces.
func slow(w http.ResponseWriter, r *http.Request, a reply) {
	body := encoded(a)
	maps.Copy(w.Header(), a.header)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(a.status)
	for len(body) > 0 {
		n := min(len(body), 16)
		if _, err := w.Write(body[:n]); err != nil {
			return
		}
		_ = http.NewResponseController(w).Flush()
		body = body[n:]
		pause, stop := context.WithTimeout(r.Context(), time.Millisecond)
		<-pause.Done()
		stop()
	}
}

// Options of a pair of stand-ins.
type Options struct {
	SendGrid, Slack string // addresses; "" is any free loopback port
	File            string // of the record; "" keeps none
	Plan            *Plan  // nil: no faults
	// Webhooks tells what happened to mails; nil tells nothing.
	Webhooks *Webhooks
	// Judge holds a request to SendGrid against something else than this package's
	// own idea of it, such as the provider's description. What it finds is answered
	// with 400 and kept in Findings. nil: nobody judges.
	Judge     func(r *http.Request) []string
	Workspace SlackOptions
}

// Pair is both stand-ins, running.
type Pair struct {
	SendGrid              *Provider
	Slack                 *Slack
	SendGridURL, SlackURL string // base URLs for the channels' configuration
	Record                *Record
	servers               []*http.Server
	stop                  func()        // ends the teller
	stopped               chan struct{} // closed when it has ended
}

// Start runs both on loopback addresses until Close. It refuses any other.
func Start(ctx context.Context, o Options) (*Pair, error) {
	if o.Plan == nil {
		o.Plan = &Plan{}
	}
	record, err := NewRecord(o.File)
	if err != nil {
		return nil, err
	}
	slack, err := NewSlack(o.Workspace, o.Plan, record, clock.System{})
	if err != nil {
		return nil, errors.Join(err, record.Close())
	}
	p := &Pair{
		Record:   record,
		SendGrid: SendGrid(o.Plan, record, clock.System{}),
		Slack:    slack,
	}
	p.SendGrid.judge = o.Judge
	if o.Webhooks != nil {
		if p.SendGrid.teller, err = newTeller(*o.Webhooks, clock.System{}); err != nil {
			return nil, errors.Join(err, p.Close())
		}
		telling, stop := context.WithCancel(context.WithoutCancel(ctx))
		p.stop, p.stopped = stop, make(chan struct{})
		go func() {
			defer close(p.stopped)
			p.SendGrid.teller.run(telling)
		}()
	}
	for _, s := range []struct {
		addr    string
		handler http.Handler
		url     *string
		path    string
	}{{o.SendGrid, p.SendGrid, &p.SendGridURL, ""}, {o.Slack, p.Slack, &p.SlackURL, "/api"}} {
		base, err := p.listen(ctx, s.addr, s.handler)
		if err != nil {
			return nil, errors.Join(err, p.Close())
		}
		*s.url = base + s.path
	}
	p.Slack.ListenAt(strings.TrimSuffix(p.SlackURL, "/api"))
	return p, nil
}

func (p *Pair) listen(ctx context.Context, addr string, h http.Handler) (string, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return "", fmt.Errorf("listen for a stand-in: %w", err)
	}
	if at, ok := l.Addr().(*net.TCPAddr); !ok || !at.IP.IsLoopback() {
		return "", errors.Join(fmt.Errorf("a stand-in listens on loopback only, not %s", addr), l.Close())
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	p.servers = append(p.servers, server)
	go func() { _ = server.Serve(l) }() // ends with Close
	return "http://" + l.Addr().String(), nil
}

// Counts is how often each touch was accepted by either.
func (p *Pair) Counts() map[string]int { return p.Record.Counts() }

// PublicKey is the verification key of the webhooks, as SendGrid shows it: the
// same for the same seed. It is "" without webhooks.
func (p *Pair) PublicKey() string {
	if p.SendGrid.teller == nil {
		return ""
	}
	return p.SendGrid.teller.publicKey()
}

// Told is what became of the webhooks' events so far.
func (p *Pair) Told() Told {
	if p.SendGrid.teller == nil {
		return Told{}
	}
	return p.SendGrid.teller.state()
}

// Drain waits until every event so far is told or given up, or ctx ends.
func (p *Pair) Drain(ctx context.Context) error {
	for p.Told().Pending > 0 {
		if err := clock.Sleep(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// Close stops both at once and closes the record. Events that were not told are lost.
func (p *Pair) Close() error {
	var errs []error
	if p.stop != nil {
		p.stop()
		<-p.stopped
	}
	for _, s := range p.servers {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, p.Record.Close())...)
}
