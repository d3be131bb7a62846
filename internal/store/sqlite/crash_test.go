package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/internal/store/sqlite"
)

// crashDB makes this test binary the process that gets killed.
var crashDB = flag.String("crash-db", "", "database to write to until killed")

func TestMain(m *testing.M) {
	flag.Parse()
	if *crashDB != "" {
		fmt.Fprintln(os.Stderr, writeUntilKilled(*crashDB))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// writeUntilKilled commits from four goroutines and prints what each commit has
// acknowledged. An acknowledgement is one write, so that a kill cannot tear it.
func writeUntilKilled(path string) error {
	s, err := sqlite.Open(context.Background(), path)
	if err != nil {
		return err
	}
	errs := make(chan error)
	for g := range 4 {
		go func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%d-%d", g, i)
				err := s.Update(context.Background(), func(tx store.Tx) error {
					return errors.Join(tx.PutTouch(store.Touch{ID: id, Enrollment: id, State: holdfast.Claimed}), tx.MetaSet(fmt.Sprint(g), id))
				})
				if err != nil {
					errs <- err
					return
				}
				if _, err := os.Stdout.WriteString(id + "\n"); err != nil {
					errs <- err
					return
				}
			}
		}()
	}
	return <-errs
}

func TestKilledAtAnyMomentNothingAcknowledgedIsLost(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	var acknowledged []string
	for round := range 3 {
		acknowledged = append(acknowledged, killAfter(t, path, 150+100*round)...)
		s, err := sqlite.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		err = s.View(t.Context(), func(tx store.Tx) error {
			for _, id := range acknowledged {
				if _, err := tx.Touch(id); err != nil {
					return fmt.Errorf("acknowledged %s: %w", id, err)
				}
			}
			for g := range 4 { // both statements of a commit, or neither
				last, err := tx.MetaGet(fmt.Sprint(g))
				if err != nil {
					return err
				}
				if _, err := tx.Touch(last); last != "" && err != nil {
					return fmt.Errorf("half of commit %s: %w", last, err)
				}
			}
			return nil
		})
		if err := errors.Join(err, s.Close()); err != nil {
			t.Fatal(err)
		}
		var verdict string
		if err := raw(t, path).QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
			t.Fatalf("integrity: %s, %v", verdict, err)
		}
	}
}

// killAfter starts a writer, kills it when it has acknowledged n commits, and
// gives all that it had acknowledged by then. Each round writes the same ids
// again, over those of the last.
func killAfter(t *testing.T, path string, n int) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-crash-db="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		ids = append(ids, lines.Text())
		if len(ids) == n {
			if err := cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || len(ids) < n {
		t.Fatalf("the writer ended by itself after %d commits: %v", len(ids), err)
	}
	return ids
}
