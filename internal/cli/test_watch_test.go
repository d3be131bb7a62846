package cli

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The first run passes; a change makes it fail; the end of the context, as
// Ctrl-C brings it, ends it.
func TestWatchRunsAgainAfterAChangeUntilItIsInterrupted(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "p")
	if err := initCommand(Streams{Out: io.Discard, Err: io.Discard}).RunE(nil, []string{dir}); err != nil {
		t.Fatal(err)
	}
	out, in := io.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() {
		err := watchTests(ctx, Streams{Out: in, Err: in}, testOptions{paths: []string{dir}, only: regexp.MustCompile(""), width: 120})
		in.Close() //nolint:errcheck // it cannot fail
		ended <- err
	}()
	lines := bufio.NewScanner(out)
	until := func(start string) {
		t.Helper()
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), start) {
				return
			}
		}
		t.Fatalf("it ended without saying %q: %v", start, lines.Err())
	}
	until("ok ")
	until("waiting for a change")
	file := filepath.Join(dir, "playbooks", "check-in.test.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), "outcome: answered", "outcome: ignored", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	until("FAIL an answer ends it")
	until("waiting for a change")
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v, want that it was cancelled", err)
	}
}
