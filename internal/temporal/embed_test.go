//go:build !noembed

package temporal

import (
	"bytes"
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"

	"holdfast"
)

// logged is a handler's output that two goroutines may touch.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func start(t *testing.T, o Options) *Embedded {
	t.Helper()
	e, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Stop)
	return e
}

func dial(t *testing.T, e *Embedded) client.Client {
	t.Helper()
	c, err := e.Client(t.Context(), Namespace, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// nap sleeps for d and says so.
func nap(ctx workflow.Context, d time.Duration) (string, error) {
	err := workflow.Sleep(ctx, d)
	return "rested", err
}

func work(t *testing.T, c client.Client) {
	t.Helper()
	w := Worker(c, TaskQueue, func(r Registry) { r.RegisterWorkflow(nap) })
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
}

func TestAStartedServerRunsAWorkflowAndLogsNothing(t *testing.T) {
	t.Parallel()
	var out logged
	e := start(t, Options{Dir: t.TempDir(), FastTimers: true, Logger: slog.New(slog.NewTextHandler(&out, nil))})
	c := dial(t, e)
	work(t, c)
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: TaskQueue}, nap, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	var got string
	if err := run.Get(t.Context(), &got); err != nil || got != "rested" {
		t.Errorf("got %q, %v", got, err)
	}
	e.Stop()
	if out.String() != "" {
		t.Errorf("a healthy server logged:\n%s", out.String())
	}
}

func TestAStrangerOnThisMachineIsNotLetIn(t *testing.T) {
	t.Parallel()
	e := start(t, Options{Dir: t.TempDir()})
	other, err := newKeys()
	if err != nil {
		t.Fatal(err)
	}
	otherClient := other.client.Clone()
	otherClient.RootCAs = e.tls.RootCAs
	for name, conf := range map[string]*tls.Config{
		"in plain text":           nil,
		"without a certificate":   {InsecureSkipVerify: true},
		"with another start's":    otherClient,
		"believing in another CA": other.client,
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		if c, err := Client(ctx, ClientOptions{HostPort: e.HostPort(), TLS: conf}); err == nil {
			c.Close()
			t.Errorf("%s: let in", name)
		}
		cancel()
	}
	dial(t, e)
}

func TestEachPortIsToldAndLetsNoStrangerIn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	held, err := OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	e := start(t, Options{Dir: dir})
	ports, err := Ports(dir)
	if err != nil || len(ports) != len(services) || ports["frontend"] != e.HostPort() {
		t.Fatalf("got %v, %v; the frontend is at %s", ports, err, e.HostPort())
	}
	for name, address := range ports {
		if in, err := LetsIn(t.Context(), address); in || err != nil {
			t.Errorf("%s: a stranger is let in: %v, %v", name, in, err)
		}
	}
	e.Stop()
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	if ports, err := Ports(dir); ports != nil || err != nil {
		t.Errorf("after its end: %v, %v", ports, err)
	}
}

func TestEveryPortIsOnLoopbackAndAsksForACertificate(t *testing.T) {
	t.Parallel()
	k, err := newKeys()
	if err != nil {
		t.Fatal(err)
	}
	if got := k.server.ClientAuth; got != tls.RequireAndVerifyClientCert {
		t.Errorf("client auth is %v", got)
	}
	ports, err := freePorts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := serverConfig(sqlConfig("x.db", false), ports)
	for name, s := range c.Services {
		if s.RPC.BindOnIP != loopback || s.RPC.GRPCPort == 0 || s.RPC.HTTPPort != 0 || s.RPC.MembershipPort != 0 {
			t.Errorf("%s listens on %+v", name, s.RPC)
		}
	}
}

func TestALostPortIsABindError(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", net.JoinHostPort(loopback, "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, err = net.Listen("tcp", taken.Addr().String())
	f := fatal{msg: "Failed to start gRPC listener", tags: []slog.Attr{slog.Any("error", err)}}
	if got := f.err(); !isBind(got) {
		t.Errorf("got %v, want a bind error, so that other ports are tried", got)
	}
}

func TestARestartFindsItsWorkflows(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e := start(t, Options{Dir: dir, FastTimers: true})
	c := dial(t, e)
	if _, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "sleeper", TaskQueue: TaskQueue}, nap, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	c.Close()
	e.Stop()

	e = start(t, Options{Dir: dir, FastTimers: true})
	c = dial(t, e)
	work(t, c)
	var got string
	if err := c.GetWorkflow(t.Context(), "sleeper", "").Get(t.Context(), &got); err != nil || got != "rested" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestAFileFromANewerServerIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "temporal.db")
	linked, err := linkedMark()
	if err != nil {
		t.Fatal(err)
	}
	if err := createFile(t.Context(), file, fileMark{Server: "1.99.0", Schema: linked.Schema}); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), Options{Dir: dir}); holdfast.CodeOf(err) != holdfast.Conflict {
		t.Errorf("got %v, want conflict", err)
	}
}
