// Package pgtest runs a real PostgreSQL server for a test: a child process on a
// free loopback port, over a directory that goes with the test. It can be stopped,
// killed and started again, on the same port with the same data.
package pgtest

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"holdfast/internal/child"
)

// Server is a PostgreSQL server. Its methods are for one goroutine.
type Server struct {
	bin, dir string
	settings []string
	port     int
	made     int // databases
	running  *process
}

// Start makes a server and waits until it answers. It is gone when t ends. Where
// there is no PostgreSQL the test is skipped: scripts/need installs it. What it
// keeps would not survive the machine's fall.
func Start(t testing.TB) *Server {
	t.Helper()
	return start(t, "fsync=off", "full_page_writes=off", "shared_buffers=32MB")
}

// StartDurable is Start with PostgreSQL's own settings: a commit is on the disk
// before it is answered. For what is measured.
func StartDurable(t testing.TB) *Server {
	t.Helper()
	return start(t)
}

func start(t testing.TB, settings ...string) *Server {
	t.Helper()
	s := prepare(t, settings...)
	s.initialise(t, templates())
	s.begin(t, child.Port)
	return s
}

// prepare makes the server's folder, which goes with what runs there when t ends.
func prepare(t testing.TB, settings ...string) *Server {
	t.Helper()
	s := &Server{bin: binaries(t), settings: settings}
	var err error
	if s.dir, err = os.MkdirTemp("", "pgtest-"); err != nil { //nolint:usetesting // t.TempDir is closed to the user that root hands over to
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Kill(t)
		if err := os.RemoveAll(s.dir); err != nil {
			t.Error(err)
		}
	})
	return s
}

// begin starts the server for the first time, on another port if somebody was quicker.
func (s *Server) begin(t testing.TB, port func(testing.TB) int) {
	t.Helper()
	for try := 1; ; try++ {
		s.port = port(t)
		err := s.launch(t)
		if err == nil {
			return
		}
		if try == 5 || !strings.Contains(err.Error(), "Address already in use") {
			t.Fatal(err)
		}
	}
}

// Address is the server's first database, as its owner.
func (s *Server) Address() string { return s.address("postgres") }

// Database makes an empty database and gives its address.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	s.made++
	name := "t" + strconv.Itoa(s.made)
	s.Exec(t, s.Address(), "CREATE DATABASE "+name)
	return s.address(name)
}

// Exec runs a statement in a database, by its address.
func (s *Server) Exec(t testing.TB, address, statement string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context())) //nolint:errcheck // it only ran this
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// User makes a user who has to show a password, and gives the first database's
// address as theirs, without it.
func (s *Server) User(t testing.TB, name, password string) string {
	t.Helper()
	s.Exec(t, s.Address(), "CREATE ROLE "+name+" LOGIN PASSWORD '"+password+"'")
	rules := filepath.Join(s.data(), "pg_hba.conf")
	text, err := os.ReadFile(rules)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(rules, append([]byte("host all "+name+" 127.0.0.1/32 scram-sha-256\n"), text...), 0o600); err != nil {
		t.Fatal(err)
	}
	s.Restart(t)
	return strings.Replace(s.Address(), "holdfast@", name+"@", 1)
}

func (s *Server) address(database string) string {
	return (&url.URL{Scheme: "postgres", User: url.User("holdfast"), Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)), Path: database, RawQuery: "sslmode=disable"}).String()
}

// Stop ends the server in order: what was committed is on the disk, what was under
// way is undone, clients are cut off. One that does not run is left alone.
func (s *Server) Stop(t testing.TB) { s.end(t, syscall.SIGINT) }

// Kill ends it as a crash would, without writing anything more. Its next start
// recovers from the log.
func (s *Server) Kill(t testing.TB) { s.end(t, syscall.SIGQUIT) }

func (s *Server) end(t testing.TB, with syscall.Signal) {
	t.Helper()
	if s.running == nil {
		return
	}
	if err := s.running.cmd.Process.Signal(with); err != nil {
		t.Errorf("end postgres: %v", err)
	}
	<-s.running.gone
	s.running = nil
}

// Restart stops the server if it runs, starts it and waits until it answers.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.Stop(t)
	if err := s.launch(t); err != nil {
		t.Fatal(err)
	}
}

// launch starts the server and waits until it answers.
func (s *Server) launch(t testing.TB) error {
	t.Helper()
	args := []string{"-D", s.data(), "-p", strconv.Itoa(s.port), "-h", "127.0.0.1", "-k", ""}
	for _, setting := range append([]string{
		"max_connections=200", "log_min_messages=warning", "lc_messages=C",
		"timezone=America/St_Johns",                     // for what relies on UTC, or on this machine's, without saying so
		"default_transaction_isolation=repeatable read", // what needs another says so
	}, s.settings...) {
		args = append(args, "-c", setting)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), filepath.Join(s.bin, "postgres"), args...)
	cmd.Dir, cmd.SysProcAttr = s.dir, attributes(t, s.dir)
	p, err := launch(cmd)
	if err != nil {
		return err
	}
	select {
	case <-p.ready:
		s.running = p
		return nil
	case <-p.gone:
		return fmt.Errorf("postgres ended by itself:\n%s", p.said())
	}
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// process is a server that was started.
type process struct {
	cmd         *exec.Cmd
	ready, gone chan struct{}

	mu    sync.Mutex
	lines []string
}

// launch starts cmd and reads what it says until it has ended.
func launch(cmd *exec.Cmd) (*process, error) {
	out, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := child.Start(cmd); err != nil {
		return nil, fmt.Errorf("start postgres: %w", err)
	}
	p := &process{cmd: cmd, ready: make(chan struct{}), gone: make(chan struct{})}
	go func() {
		defer close(p.gone)
		answers := false
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if !answers && strings.HasSuffix(lines.Text(), "database system is ready to accept connections") {
				answers = true
				close(p.ready)
			}
			p.keep(lines.Text())
		}
		_ = cmd.Wait() // what it said tells more than its code
	}()
	return p, nil
}

func (p *process) keep(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines = append(p.lines[max(0, len(p.lines)-50):], line)
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines, "\n")
}

// binaries is the folder of initdb and postgres: on the PATH, or where Debian
// puts them.
func binaries(t testing.TB) string {
	t.Helper()
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(path)
		}
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		t.Skip("no PostgreSQL on this machine: run scripts/need, or put initdb on the PATH")
	}
	slices.Sort(found)
	return filepath.Dir(found[len(found)-1])
}
