package temporaltest

import (
	"flag"
	"net"
	"testing"

	"holdfast/internal/child"
)

var elsewhere = flag.Bool("elsewhere", false, "run Temporal's own server, a process apart; builds it")

func TestElsewhereLostPortsAreChosenAnew(t *testing.T) {
	t.Parallel()
	if !*elsewhere {
		t.Skip("starts another process: give -elsewhere")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	asked := 0
	s := &Server{binary: build(t, "server", "cmd/server"), dir: t.TempDir()}
	t.Cleanup(func() { s.Kill(t) })
	s.begin(t, stores{File: "temporal.db"}, func(t testing.TB) int {
		if asked++; asked == 3 {
			return l.Addr().(*net.TCPAddr).Port // its matching service's
		}
		return child.Port(t)
	})
	if asked != 16 {
		t.Errorf("asked for %d ports, want twice 8", asked)
	}
}
