package crash

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"holdfast/channels/standin"
	"holdfast/internal/clock"
)

// An interrupt while messages are under way lets them finish: unlike a kill it
// leaves no touch of which nobody knows whether it went.
func TestStopsCleanly(t *testing.T) {
	t.Parallel()
	h := newHouse(t, &standin.Plan{Latency: latency})
	ctx := t.Context()
	f := &feed{total: 10}
	f.take(ctx, t, h, 10)
	p := h.serve(t)
	p.waitReady(ctx, t)
	p.live(ctx, t, time.Second)
	if code := p.interrupt(ctx, t); code != 0 {
		t.Errorf("exit code %d, want 0: it was asked to stop\n%s", code, p.words())
	}
	if !strings.Contains(p.words(), "stopped; the same command goes on from here") {
		t.Errorf("it did not say that it stopped:\n%s", p.words())
	}
	if err := syscall.Kill(p.cmd.Process.Pid, 0); err == nil {
		t.Errorf("process %d is still there", p.cmd.Process.Pid)
	}
	h.holdsNoLock(t, p)
	for _, r := range readRuns(h.open(ctx, t), t) {
		for _, touch := range r.touches {
			if !touch.State.Final() {
				t.Errorf("touch %s of %s was left %s", touch.Path, r.Account, touch.State)
			}
		}
	}
	sent := len(h.providers.Counts())

	again := h.serve(t)
	again.waitReady(ctx, t)
	h.settle(ctx, t, time.Minute)
	if code := again.interrupt(ctx, t); code != 0 {
		t.Errorf("exit code %d the second time, want 0\n%s", code, again.words())
	}
	a := newAudit(readRuns(h.open(ctx, t), t), h.providers.Counts(), clock.System{}.Now())
	if a.ends[told] != 10 || len(a.wrong) > 0 || len(h.providers.Counts()) <= sent {
		t.Errorf("want 10 told and nothing wrong; after %d touches the first time:\n%s%s", sent, a, strings.Join(a.wrong, "\n"))
	}
}

// holdsNoLock checks that the lock names p and that nobody holds it: a second
// command may open the directory at once.
func (h *house) holdsNoLock(t *testing.T, p *process) {
	t.Helper()
	file := filepath.Join(h.data, "LOCK")
	pid, err := os.ReadFile(file)
	if err != nil || strings.TrimSpace(string(pid)) != strconv.Itoa(p.cmd.Process.Pid) {
		t.Errorf("the lock file says %q, %v; want the process that was here", pid, err)
	}
	lock, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close() //nolint:errcheck // it gives the lock back
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		t.Errorf("the data directory is still locked: %v", err)
	}
}

func TestASecondProcessIsToldWhoHoldsTheDirectory(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	first := h.serve(t)
	first.waitReady(t.Context(), t)
	second := h.serve(t)
	<-second.ended
	want := "is in use by process " + strconv.Itoa(first.cmd.Process.Pid)
	if code := second.status().ExitStatus(); code != 2 || !strings.Contains(second.words(), want) {
		t.Errorf("exit code %d, %q; want 2 and %q", code, second.words(), want)
	}
	first.live(t.Context(), t, 0)
}
