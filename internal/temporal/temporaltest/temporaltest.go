// Package temporaltest runs Temporal's own server for a test, as others run it: a
// process apart, on free loopback ports, in plain text, over a file that goes with
// the test or over PostgreSQL. It can be stopped, killed and started again in the
// same place.
package temporaltest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"

	"holdfast/internal/child"
	"holdfast/internal/clock"
)

// answerWithin bounds a start.
const answerWithin = 90 * time.Second

// system is the namespace that every server has.
const system = "temporal-system"

// Server is a Temporal server. Its methods are for one goroutine.
type Server struct {
	binary, dir, address string
	cmd                  *exec.Cmd
	gone                 chan struct{}
	log                  *os.File
}

// Start builds the server, which takes minutes the first time, starts it over a file
// with a namespace and waits until both answer. It is gone when t ends.
func Start(t testing.TB, namespace string) *Server {
	t.Helper()
	return start(t, namespace, stores{File: "temporal.db"})
}

// StartOnPostgres is Start over two empty databases, by their addresses, in which
// Temporal's own tool makes the tables. Their owner must be allowed to make
// extensions.
func StartOnPostgres(t testing.TB, namespace, main, visibility string) *Server {
	t.Helper()
	return start(t, namespace, stores{Main: schema(t, main, "temporal"), Visibility: schema(t, visibility, "visibility")})
}

func start(t testing.TB, namespace string, in stores) *Server {
	t.Helper()
	s := &Server{binary: build(t, "server", "cmd/server"), dir: t.TempDir()}
	t.Cleanup(func() { s.Kill(t) })
	s.begin(t, in, child.Port)
	err := s.until(t, func(ctx context.Context, c client.NamespaceClient) error {
		err := c.Register(ctx, &workflowservice.RegisterNamespaceRequest{Namespace: namespace, WorkflowExecutionRetentionPeriod: durationpb.New(72 * time.Hour)})
		if _, there := errors.AsType[*serviceerror.NamespaceAlreadyExists](err); there {
			return nil
		}
		return err
	})
	if err == nil {
		err = s.answers(t, namespace)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// begin starts the server for the first time, on other ports if somebody was quicker.
func (s *Server) begin(t testing.TB, in stores, port func(testing.TB) int) {
	t.Helper()
	for try := 1; ; try++ {
		s.configure(t, in, port)
		s.launch(t)
		err := s.answers(t, system)
		if err == nil {
			return
		}
		if try == 5 || !strings.Contains(err.Error(), syscall.EADDRINUSE.Error()) {
			t.Fatal(err)
		}
	}
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
	if err := s.answers(t, system); err != nil {
		t.Fatal(err)
	}
}

func (s *Server) launch(t testing.TB) {
	t.Helper()
	var err error
	if s.log, err = os.Create(filepath.Join(s.dir, "log")); err != nil {
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
func (s *Server) answers(t testing.TB, namespace string) error {
	t.Helper()
	return s.until(t, func(ctx context.Context, c client.NamespaceClient) error {
		_, err := c.Describe(ctx, namespace)
		return err
	})
}

// until asks the server again and again until it says yes. The error has what the
// server said.
func (s *Server) until(t testing.TB, ask func(context.Context, client.NamespaceClient) error) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), answerWithin)
	defer cancel()
	c, err := client.NewNamespaceClient(client.Options{HostPort: s.address})
	if err != nil {
		return err
	}
	defer c.Close()
	for {
		one, done := context.WithTimeout(ctx, 2*time.Second)
		err := ask(one, c)
		done()
		select {
		case <-s.gone: // whoever has its port may have answered
			return fmt.Errorf("temporal ended by itself:\n%s", s.said())
		default:
		}
		if err == nil {
			return nil
		}
		if clock.Sleep(ctx, 100*time.Millisecond) != nil {
			return fmt.Errorf("temporal does not answer: %w\n%s", err, s.said())
		}
	}
}

// stack is what the log has of a stack, which would leave no room for what was wrong.
var stack = regexp.MustCompile(`,"stacktrace":"[^"]*"`)

// said is the end of the log.
func (s *Server) said() string {
	text, err := os.ReadFile(filepath.Join(s.dir, "log"))
	if err != nil {
		return err.Error()
	}
	text = stack.ReplaceAll(text, nil)
	return string(text[max(0, len(text)-5000):])
}
