package main_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/activities"
	"holdfast/internal/app"
	"holdfast/internal/clock"
	"holdfast/internal/store"
	"holdfast/steps"
)

const shipped = `playbook: nudge
class: service
trigger: {id: ticket, on: Support Ticket Opened}
exit: [{on: email.replied, outcome: answered}]
steps:
  - {id: settle, wait: 4bd}
  - {id: call, task: Call}
  - {id: hear, wait_for: {any: [email.replied], timeout: 7d}}
  - {id: close, end: told}
`

// shop is a project and its data directory, in which n enrollments sleep.
type shop struct {
	t   *testing.T
	dir string
}

func newShop(t *testing.T, n int) *shop {
	t.Helper()
	s := &shop{t: t, dir: t.TempDir()}
	s.write("holdfast.yaml", "project: shop\ntimezone: UTC\nrules: library\nsender: {name: Shop, email: shop@example.com}\n")
	s.write("team.yaml", "team:\n  - {id: sam, name: Sam Rivera, email: sam@example.com}\n")
	s.write("playbooks/nudge.yaml", shipped)
	s.run("apply", s.dir)
	st := s.open()
	defer st.Close() //nolint:errcheck // its rows are in
	err := st.Update(t.Context(), func(tx store.Tx) error {
		heads, err := tx.Heads()
		for i := range n {
			err = errors.Join(err, sleeper(tx, heads["nudge"], i))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sleeper is one of four kinds: it waits, has a task open, listens, or has not begun.
func sleeper(tx store.Tx, digest string, i int) error {
	at := clock.System{}.Now().Truncate(time.Millisecond)
	account := fmt.Sprintf("a%03d", i)
	wait := []struct{ step, kind string }{{"settle", "time"}, {"call", "task"}, {"hear", "event"}, {}}[i%4]
	st := steps.State{V: 1, At: wait.step, Started: at}
	if wait.step != "" {
		st.Wait = &steps.Wait{Path: wait.step, Kind: wait.kind, Since: at, Until: at.AddDate(0, 0, 7)}
	}
	state, err := json.Marshal(st)
	e := store.Enrollment{
		ID: "e-" + account, Playbook: "nudge", Digest: digest, Account: account, Trigger: "ticket",
		EntryKey: "1", Arm: "treated", Status: "active", StartedAt: at, Step: st.At, State: state,
	}
	_, enrolled := tx.Enroll(e)
	return errors.Join(err, enrolled, tx.PutAccount(store.Account{ID: account, Known: true}))
}

func (s *shop) write(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) command(args ...string) *exec.Cmd {
	return exec.CommandContext(s.t.Context(), "holdfast", args...) // TestMain puts it on the path
}

func (s *shop) run(args ...string) string {
	s.t.Helper()
	out, err := s.command(args...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("holdfast %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (s *shop) open() store.Store {
	s.t.Helper()
	st, err := app.OpenStore(s.t.Context(), filepath.Join(s.dir, ".holdfast"))
	if err != nil {
		s.t.Fatal(err)
	}
	return st
}

// asked counts the rows that ask each enrollment to move, by its step.
func (s *shop) asked() (rows map[string]int, most int) {
	s.t.Helper()
	st := s.open()
	defer st.Close() //nolint:errcheck // it was only read
	rows = map[string]int{}
	err := st.View(context.WithoutCancel(s.t.Context()), func(tx store.Tx) error {
		es, err := tx.ListEnrollments(store.EnrollmentFilter{})
		for _, e := range es {
			signals, err2 := tx.Signals(e.ID, 0)
			err = errors.Join(err, err2)
			n := 0
			for _, sig := range signals {
				if sig.Kind == activities.MigrateSignal {
					n++
				}
			}
			rows[e.Step] += n
			most = max(most, n)
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return rows, most
}

// waitFor waits until so many are asked: each adds a row for the relay.
func (s *shop) waitFor(asked int) {
	s.t.Helper()
	st := s.open()
	defer st.Close() //nolint:errcheck // it was only read
	before := 0
	for {
		n := 0
		err := st.View(s.t.Context(), func(tx store.Tx) (err error) {
			n, err = tx.Unsettled()
			return err
		})
		if err != nil {
			s.t.Fatal(err)
		}
		if before == 0 {
			before = n
		}
		if n >= before+asked {
			return
		}
	}
}

// TestAMoveThatIsKilledIsFinishedByTheNext kills an apply in the middle of three
// hundred enrollments, lets two more run at the same time, and counts.
func TestAMoveThatIsKilledIsFinishedByTheNext(t *testing.T) {
	t.Parallel()
	s := newShop(t, 300)
	s.write("playbooks/nudge.yaml", strings.Replace(shipped, "  - {id: call, task: Call}\n", "", 1))
	if out := s.run("plan", s.dir, "--move"); !strings.Contains(out, "225 running to move, 75 blocked") ||
		!strings.Contains(out, `75 at call: blocked because a task is open at step "call", which the new version does not have`) {
		t.Fatalf("the plan:\n%s", out)
	}
	first := s.command("apply", s.dir, "--move", "--batch", "1", "--wait", "1ms")
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	s.waitFor(20)
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := first.Wait(); err == nil {
		t.Fatal("it was done before it was killed; the test sees too little")
	}
	rows, _ := s.asked()
	total := rows["settle"] + rows["hear"] + rows[""]
	if total >= 225 {
		t.Fatal("all had been asked before it was killed; the test sees too little")
	}
	two := [2]*exec.Cmd{}
	for i := range two {
		two[i] = s.command("apply", s.dir, "--move", "--batch", "7", "--json")
		two[i].Stderr = os.Stderr
		if err := two[i].Start(); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range two {
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	}
	rows, most := s.asked()
	if rows["settle"] != 75 || rows["hear"] != 75 || rows[""] != 75 || rows["call"] != 0 || most != 1 {
		t.Errorf("rows by step %v, %d at most for one; want 75 each, none at call, one each", rows, most)
	}
	t.Logf("killed after %d of 225", total)
}

// TestAnApplyThatIsKilledAnywhereIsFinishedByTheNext kills a release at moments
// all along the way. The same command again finishes it, and there is one.
func TestAnApplyThatIsKilledAnywhereIsFinishedByTheNext(t *testing.T) {
	t.Parallel()
	s := newShop(t, 4)
	s.write("playbooks/nudge.yaml", strings.Replace(shipped, "4bd", "5bd", 1))
	for after := time.Duration(0); after < 200*time.Millisecond; after += 15 * time.Millisecond {
		c := s.command("apply", s.dir)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		if err := clock.Sleep(t.Context(), after); err != nil {
			t.Fatal(err)
		}
		_ = c.Process.Kill() // it may be done
		_ = c.Wait()
	}
	s.run("apply", s.dir)
	st := s.open()
	defer st.Close() //nolint:errcheck // it was only read
	err := st.View(t.Context(), func(tx store.Tx) error {
		all, err := tx.Releases(0, 0)
		heads, err2 := tx.Heads()
		if len(all) != 2 {
			t.Errorf("%d releases, want 2", len(all))
		}
		v, err3 := tx.Version(heads["nudge"])
		if v.Playbook != "nudge" || !strings.Contains(s.run("plan", s.dir), "nothing to publish: the directory is release 2") {
			t.Errorf("the head is %+v", v)
		}
		return errors.Join(err, err2, err3)
	})
	if err != nil {
		t.Fatal(err)
	}
}
