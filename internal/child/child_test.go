package child_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"holdfast/internal/child"
)

// TestMain makes this binary the process that starts a child and is killed.
func TestMain(m *testing.M) {
	if os.Getenv("HOLDFAST_TEST_PARENT") != "" {
		cmd := exec.Command("sh", "-c", "echo started; read line; echo still here")
		cmd.Stdin, cmd.Stdout = os.Stdin, os.Stdout
		if err := child.Start(cmd); err != nil {
			os.Exit(1)
		}
		_ = cmd.Wait()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestAChildEndsWithItsKilledParent(t *testing.T) {
	t.Parallel()
	parent := exec.CommandContext(t.Context(), os.Args[0])
	parent.Env = append(os.Environ(), "HOLDFAST_TEST_PARENT=1")
	in, err := parent.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close() //nolint:errcheck // nobody reads it any more
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	parent.Stdout = w
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	out := bufio.NewReader(r)
	if line, err := out.ReadString('\n'); line != "started\n" {
		t.Fatalf("the child said %q, %v", line, err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	// The pipe ends when the last who holds it is gone: the child, which waits for a line.
	rest, err := io.ReadAll(out)
	if err != nil || strings.Contains(string(rest), "still here") {
		t.Errorf("after its parent the child said %q, %v", rest, err)
	}
	_ = parent.Wait()
}
