package crash

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"holdfast/channels/standin"
	"holdfast/internal/cli"
	"holdfast/internal/clock"
)

// TestMain makes this test binary the product as well: a child that is called
// holdfast runs its command line.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"holdfast": func() {
			os.Exit(cli.Main(os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
		},
	})
}

// house is a project, a data directory, and the providers that outlive every
// process that works there.
type house struct {
	project, data string
	providers     *standin.Pair
	accepted      string // file of what they took in; "" keeps none
	public        string // where providers call; "" opens no door
	env           []string
	servers       *servers // nil: the product's own, which die with it
	lives         []life
}

func newHouse(t *testing.T, plan *standin.Plan) *house {
	t.Helper()
	return houseOf(t, standin.Options{Plan: plan})
}

func houseOf(t *testing.T, o standin.Options) *house {
	t.Helper()
	pair, err := standin.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pair.Close() })
	return &house{
		project: filepath.Join("testdata", "project"), data: filepath.Join(t.TempDir(), "data"), providers: pair, accepted: o.File,
		env: append(os.Environ(),
			"HOLDFAST_SENDGRID_KEY=SG.crash", "HOLDFAST_SENDGRID_URL="+pair.SendGridURL,
			"HOLDFAST_SLACK_TOKEN=xoxb-crash", "HOLDFAST_SLACK_URL="+pair.SlackURL),
	}
}

// run runs a command to its end.
func (h *house) run(ctx context.Context, t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(ctx, "holdfast", args...)
	cmd.Env = h.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("holdfast %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// process is a running `holdfast server`, or another command that says when it is ready.
type process struct {
	cmd     *exec.Cmd
	started time.Time
	ready   chan struct{} // closed when it says so
	took    time.Duration // from start to ready; read it after ready
	since   time.Time     // when it and its servers were last up; read it after ready
	ended   chan struct{} // closed when it is gone and said all that it had to say
	err     error         // of Wait; read it after ended

	mu   sync.Mutex
	said strings.Builder
}

// serve starts the product on the house's data directory.
func (h *house) serve(t *testing.T) *process {
	t.Helper()
	args := []string{"server", h.project, "--dir", h.data, "--listen", "127.0.0.1:0"}
	if h.public != "" {
		args = append(args, "--public", h.public)
	}
	return h.start(t, args...)
}

// start starts a command of the product that runs until it is ended.
func (h *house) start(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{
		// Not bound to the test's context: the test ends it, by the signal it means.
		cmd:   exec.Command("holdfast", args...),
		ready: make(chan struct{}), ended: make(chan struct{}),
	}
	p.cmd.Env = h.env
	pipe, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.started = clock.System{}.Now()
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
	})
	go func() {
		defer close(p.ended)
		for lines := bufio.NewScanner(pipe); lines.Scan(); {
			p.hear(lines.Text())
		}
		p.err = p.cmd.Wait()
	}()
	return p
}

func (p *process) hear(line string) {
	p.mu.Lock()
	p.said.WriteString(line + "\n")
	p.mu.Unlock()
	if strings.HasPrefix(line, "ready:") {
		p.since = clock.System{}.Now()
		p.took = p.since.Sub(p.started)
		close(p.ready)
	}
}

func (p *process) words() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.String()
}

// startLimit bounds a start and a stop, on a machine that may have much else to do. A
// start takes a second or two on a free one; a stop, as long as providers do.
const startLimit = 5 * time.Minute

// waitReady fails the test when p does not come up.
func (p *process) waitReady(ctx context.Context, t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	select {
	case <-p.ready:
	case <-p.ended:
		t.Fatalf("it ended before it was ready: %v\n%s", p.err, p.words())
	case <-ctx.Done():
		t.Fatalf("not ready after %v\n%s", startLimit, p.words())
	}
}

// live lets p live for d; ending by itself fails the test.
func (p *process) live(ctx context.Context, t *testing.T, d time.Duration) {
	t.Helper()
	gone, err := clock.Wait(ctx, d, p.ended)
	if err != nil || gone {
		t.Fatalf("it ended by itself: %v, %v\n%s", p.err, err, p.words())
	}
}

// kill is kill -9.
func (p *process) kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatalf("kill: %v\n%s", err, p.words())
	}
	<-p.ended
	if status := p.status(); !status.Signaled() || status.Signal() != syscall.SIGKILL {
		t.Fatalf("it ended by itself: %v\n%s", p.err, p.words())
	}
}

// interrupt asks p to stop, as Ctrl-C does, and returns its exit code.
func (p *process) interrupt(ctx context.Context, t *testing.T) int {
	t.Helper()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	select {
	case <-p.ended:
	case <-ctx.Done():
		t.Fatalf("still there %v after the interrupt\n%s", startLimit, p.words())
	}
	return p.status().ExitStatus()
}

func (p *process) status() syscall.WaitStatus {
	if exit, ok := errors.AsType[*exec.ExitError](p.err); ok {
		return exit.Sys().(syscall.WaitStatus) // what Sys is on every Unix
	}
	return 0
}
