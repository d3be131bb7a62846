package temporal

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/grpc"
)

func TestAPortWithoutAGuardLetsStrangersIn(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	open := grpc.NewServer() // it knows no question, and says so to anybody
	go func() { _ = open.Serve(l) }()
	t.Cleanup(open.Stop)
	if in, err := LetsIn(t.Context(), l.Addr().String()); !in || err != nil {
		t.Errorf("got %v, %v", in, err)
	}
	if _, err := LetsIn(t.Context(), "127.0.0.1:1"); err == nil {
		t.Error("nothing listens on port 1, and no error says so")
	}
}

func TestAHeldDirectoryIsSeenWithoutTakingIt(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	if held, err := Held(dir); held || err != nil {
		t.Errorf("none: %v, %v", held, err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("looking has made it")
	}
	d, err := OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if held, err := Held(dir); !held || err != nil {
		t.Errorf("held: %v, %v", held, err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if held, err := Held(dir); held || err != nil {
		t.Errorf("given back: %v, %v", held, err)
	}
	if _, err := OpenDir(dir); err != nil {
		t.Errorf("it cannot be taken any more: %v", err)
	}
}
