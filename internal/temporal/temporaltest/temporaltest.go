// Package temporaltest runs Temporal's own server for a test, as others run it: a
// process apart, on free loopback ports, in plain text, over a file that goes with
// the test. It can be stopped, killed and started again in the same place.
package temporaltest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"

	"holdfast/internal/child"
	"holdfast/internal/clock"
)

// module is the server, at the version that go.mod pins.
const module = "go.temporal.io/server"

// answerWithin bounds a start.
const answerWithin = 90 * time.Second

// Server is a Temporal server. Its methods are for one goroutine.
type Server struct {
	binary, dir, address string
	cmd                  *exec.Cmd
	gone                 chan struct{}
	log                  *os.File
}

// Start builds the server, which takes minutes the first time, starts it with a
// namespace and waits until both answer. It is gone when t ends.
func Start(t testing.TB, namespace string) *Server {
	t.Helper()
	s := &Server{binary: build(t), dir: t.TempDir()}
	s.configure(t)
	t.Cleanup(func() { s.Kill(t) })
	s.launch(t)
	s.until(t, func(ctx context.Context, c client.NamespaceClient) error {
		err := c.Register(ctx, &workflowservice.RegisterNamespaceRequest{Namespace: namespace, WorkflowExecutionRetentionPeriod: durationpb.New(72 * time.Hour)})
		if _, there := errors.AsType[*serviceerror.NamespaceAlreadyExists](err); there {
			return nil
		}
		return err
	})
	s.answers(t, namespace)
	return s
}

// Address is host:port of the frontend.
func (s *Server) Address() string { return s.address }

// Stop ends the server in order.
func (s *Server) Stop(t testing.TB) { s.end(t, syscall.SIGTERM) }

// Kill ends it without a word.
func (s *Server) Kill(t testing.TB) { s.end(t, syscall.SIGKILL) }

func (s *Server) end(t testing.TB, with syscall.Signal) {
	t.Helper()
	if s.cmd == nil {
		return
	}
	if err := s.cmd.Process.Signal(with); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("end temporal: %v", err)
	}
	<-s.gone
	s.cmd = nil
}

// Restart stops the server if it runs, starts it and waits until it answers.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.Stop(t)
	s.launch(t)
	s.answers(t, "temporal-system")
}

func (s *Server) launch(t testing.TB) {
	t.Helper()
	var err error
	if s.log, err = os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		t.Fatal(err)
	}
	s.cmd = exec.CommandContext(context.WithoutCancel(t.Context()), s.binary, "--config-file", filepath.Join(s.dir, "config.yaml"), "--allow-no-auth", "start")
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = s.dir, s.log, s.log
	if err := child.Start(s.cmd); err != nil {
		t.Fatal(err)
	}
	s.gone = make(chan struct{})
	go func(cmd *exec.Cmd, log *os.File, gone chan struct{}) {
		defer close(gone)
		_ = cmd.Wait() // its log tells more than its code
		_ = log.Close()
	}(s.cmd, s.log, s.gone)
}

// answers waits until the namespace can be used.
func (s *Server) answers(t testing.TB, namespace string) {
	t.Helper()
	s.until(t, func(ctx context.Context, c client.NamespaceClient) error {
		_, err := c.Describe(ctx, namespace)
		return err
	})
}

// until asks the server again and again until it says yes.
func (s *Server) until(t testing.TB, ask func(context.Context, client.NamespaceClient) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), answerWithin)
	defer cancel()
	c, err := client.NewNamespaceClient(client.Options{HostPort: s.address})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for {
		one, done := context.WithTimeout(ctx, 2*time.Second)
		err := ask(one, c)
		done()
		if err == nil {
			return
		}
		select {
		case <-s.gone:
			t.Fatalf("temporal ended by itself:\n%s", s.said())
		default:
		}
		if clock.Sleep(ctx, 100*time.Millisecond) != nil {
			t.Fatalf("temporal does not answer: %v\n%s", err, s.said())
		}
	}
}

// said is the end of the log.
func (s *Server) said() string {
	text, err := os.ReadFile(filepath.Join(s.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-5000):])
}

// build makes the server's binary and keeps it for the next time: linking takes
// seconds even when all is compiled.
func build(t testing.TB) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Version}}", module).Output()
	if err != nil {
		t.Fatalf("which version of %s: %v", module, err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(cache, "holdfast-test", "temporal-server-"+strings.TrimSpace(string(out)))
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	fresh := fmt.Sprintf("%s.%d", path, os.Getpid())
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", fresh, module+"/cmd/server").CombinedOutput(); err != nil {
		t.Fatalf("build Temporal's server: %v\n%s", err, out)
	}
	if err := os.Rename(fresh, path); err != nil { // in one step, for tests beside this one
		t.Fatal(err)
	}
	return path
}

// configure writes config.yaml: one shard in a SQLite file, each service on ports
// of its own.
func (s *Server) configure(t testing.TB) {
	t.Helper()
	ports := freePorts(t, 8)
	s.address = fmt.Sprintf("127.0.0.1:%d", ports[0])
	var text bytes.Buffer
	if err := template.Must(template.New("").Parse(config)).Execute(&text, map[string]any{"File": filepath.Join(s.dir, "temporal.db"), "Ports": ports}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.dir, "config.yaml"), text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

const config = `log: {stdout: true, level: warn}
persistence:
  defaultStore: file
  visibilityStore: file
  numHistoryShards: 1
  datastores:
    file:
      sql:
        pluginName: sqlite
        databaseName: "{{.File}}"
        connectAddr: localhost
        connectProtocol: tcp
        connectAttributes: {cache: private, mode: rwc, setup: "true", journal_mode: wal, synchronous: "2", busy_timeout: "10000"}
        maxConns: 1
        maxIdleConns: 1
global:
  membership: {maxJoinDuration: 30s, broadcastAddress: 127.0.0.1}
services:
  frontend: {rpc: {grpcPort: {{index .Ports 0}}, membershipPort: {{index .Ports 1}}, bindOnLocalHost: true}}
  matching: {rpc: {grpcPort: {{index .Ports 2}}, membershipPort: {{index .Ports 3}}, bindOnLocalHost: true}}
  history: {rpc: {grpcPort: {{index .Ports 4}}, membershipPort: {{index .Ports 5}}, bindOnLocalHost: true}}
  worker: {rpc: {grpcPort: {{index .Ports 6}}, membershipPort: {{index .Ports 7}}, bindOnLocalHost: true}}
clusterMetadata:
  enableGlobalNamespace: false
  failoverVersionIncrement: 10
  masterClusterName: active
  currentClusterName: active
  clusterInformation:
    active: {enabled: true, initialFailoverVersion: 1, rpcName: frontend, rpcAddress: "127.0.0.1:{{index .Ports 0}}"}
dcRedirectionPolicy: {policy: noop}
archival: {history: {state: disabled}, visibility: {state: disabled}}
publicClient: {hostPort: "127.0.0.1:{{index .Ports 0}}"}
`

// freePorts asks the kernel for n free ports.
func freePorts(t testing.TB, n int) (ports []int) {
	t.Helper()
	for range n {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()                                     //nolint:errcheck // nothing was accepted on it
		ports = append(ports, l.Addr().(*net.TCPAddr).Port) // a tcp listener's address
	}
	return ports
}
