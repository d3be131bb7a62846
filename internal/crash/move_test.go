package crash

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/channels/standin"
	"holdfast/internal/clock"
	"holdfast/internal/store"
	"holdfast/internal/store/postgres/pgtest"
	"holdfast/internal/temporal/temporaltest"
)

var moves = flag.Bool("move", false, "move and restore a store whose enrollments run; builds Temporal's server")

// underWay has enrollments asleep, waiting for somebody, and in the middle of a
// touch, in a house whose process was killed.
func underWay(ctx context.Context, t *testing.T, enrollments int) *house {
	t.Helper()
	misbehave := standin.NewPlan(1, 0)
	misbehave.Latency = 4 * latency
	h := houseOf(t, standin.Options{Plan: misbehave, File: filepath.Join(t.TempDir(), "accepted.jsonl")})
	f := &feed{total: enrollments}
	for life := 1; life <= 20; life++ {
		f.take(ctx, t, h, enrollments/4) // while those of before are further on
		p := h.serve(t)
		p.waitReady(ctx, t)
		st := h.open(ctx, t)
		for end := (clock.System{}).Now().Add(20 * time.Second); !allKinds(doing(st, t)) && (clock.System{}).Now().Before(end); {
			p.live(ctx, t, 50*time.Millisecond)
		}
		p.kill(t)
		now := doing(st, t)
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
		t.Logf("killed %d times: %v", life, now)
		if life > 1 && allKinds(now) {
			f.take(ctx, t, h, enrollments-f.given)
			return h
		}
	}
	t.Fatal("no kill met a touch being sent beside a wait for an answer")
	return nil
}

// doing counts what enrollments do.
func doing(st store.Store, t *testing.T) map[string]int {
	t.Helper()
	now := map[string]int{}
	for _, r := range readRuns(st, t) {
		if r.Status != "active" {
			now["ended"]++
			continue
		}
		now["at "+r.Step]++
		if slices.ContainsFunc(r.touches, func(one store.Touch) bool { return one.State == holdfast.Claimed || one.State == holdfast.Sending }) {
			now["being sent"]++
		}
	}
	return now
}

func allKinds(now map[string]int) bool { return now["being sent"] > 0 && now["at answer"] > 0 }

// kill9 runs a command and kills it after d; done is that it ended by itself before.
func (h *house) kill9(t *testing.T, d time.Duration, args ...string) (done bool) {
	t.Helper()
	cmd := exec.Command("holdfast", args...)
	cmd.Env = h.env
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	if _, err := clock.Wait(t.Context(), d, nil); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Process.Kill()
	return <-ended == nil
}

// From a file and the embedded engine to PostgreSQL and Temporal's own server, in the
// middle of everything, killed at moments all over the way.
func TestMoveWithEverythingUnderWay(t *testing.T) {
	t.Parallel()
	if !*moves {
		t.Skip("starts other processes: give -move")
	}
	const enrollments = 48
	ctx := t.Context()
	h := underWay(ctx, t, enrollments)
	s := &servers{database: pgtest.Start(t), engine: temporaltest.Start(t, "holdfast")}
	s.address = s.database.Database(t)
	move := []string{"move", "--json", "--dir", h.data, "--to-database", s.address, "--to-temporal", s.engine.Address()}
	killed, fenced := 0, 0
	// By shares of what the way takes, so that a quick machine sees as many as a slow one: small ones once it is begun,
	// from the start again: who goes on has less to do.
	share := time.Duration(25)
	for after := 50 * time.Millisecond; !h.kill9(t, after, move...); after += after / share {
		killed++
		out, err := h.refused(ctx, "stop", "--list", "--dir", h.data)
		if err == nil && fenced > 0 || err != nil && !strings.Contains(out, "this store is being moved") && !strings.Contains(out, "this store was moved") {
			t.Fatalf("the old store was used in the middle of a move: %v\n%s", err, out)
		}
		if err != nil {
			if fenced++; fenced == 1 {
				after, share = 50*time.Millisecond, 60
			}
		}
	}
	var done struct {
		Finished bool
		To       string
	}
	if err := json.Unmarshal([]byte(h.run(ctx, t, move...)), &done); err != nil || !done.Finished {
		t.Fatalf("after the end: %+v, %v", done, err)
	}
	t.Logf("killed %d times on the way to %s, %d of them after the first transaction", killed, done.To, fenced)
	if fenced < 5 {
		t.Errorf("only %d kills in the middle: the test sees too little", fenced)
	}
	if out, err := h.refused(ctx, "server", h.project, "--dir", h.data); err == nil || !strings.Contains(out, "this store was moved to database") {
		t.Errorf("a server on the old store: %v\n%s", err, out)
	}

	h.servers = s
	h.env = append(h.env, s.env()...)
	h.comesToRest(ctx, t, enrollments)
}

// An archive taken in the middle of everything is a store that runs on, with a new
// engine, once somebody lets it.
func TestRestoreWithEverythingUnderWay(t *testing.T) {
	t.Parallel()
	if !*moves {
		t.Skip("starts other processes: give -move")
	}
	const enrollments = 48
	ctx := t.Context()
	h := underWay(ctx, t, enrollments)
	archive := filepath.Join(t.TempDir(), "all.gz")
	h.run(ctx, t, "export", archive, "--dir", h.data)
	h.data = filepath.Join(t.TempDir(), "again")
	t.Log(h.run(ctx, t, "restore", archive, "--dir", h.data))

	before := maps.Clone(h.providers.Counts())
	p := h.serve(t)
	p.waitReady(ctx, t)
	p.live(ctx, t, 5*time.Second)
	if now := h.providers.Counts(); !maps.Equal(before, now) {
		t.Errorf("a restored store sent by itself: %d touches were accepted, now %d", len(before), len(now))
	}
	h.run(ctx, t, "resume-all", "--dir", h.data)
	p.kill(t)
	h.comesToRest(ctx, t, enrollments)
}

// comesToRest lets all enrollments come to rest and holds them against what the
// providers took.
func (h *house) comesToRest(ctx context.Context, t *testing.T, enrollments int) {
	t.Helper()
	last := h.serve(t)
	last.waitReady(ctx, t)
	h.settle(ctx, t, 4*time.Minute)
	if code := last.interrupt(ctx, t); code != 0 {
		t.Errorf("exit code %d after an interrupt, want 0\n%s", code, last.words())
	}
	a := newAudit(readRuns(h.open(ctx, t), t), h.providers.Counts(), clock.System{}.Now())
	t.Log(a)
	for _, w := range a.wrong {
		t.Error(w)
	}
	if a.runs != enrollments || a.ends[told] == 0 {
		t.Errorf("%d enrollments, %d came to the end; want %d", a.runs, a.ends[told], enrollments)
	}
	h.checksItsLedger(ctx, t)
}

// refused runs a command that must fail.
func (h *house) refused(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "holdfast", args...)
	cmd.Env = h.env
	out, err := cmd.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return string(out), exit
	}
	return string(out), err
}
