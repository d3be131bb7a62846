package child

import (
	"net"
	"testing"
)

func TestAPortIsNobodyElsesUntilTheTestEnds(t *testing.T) {
	t.Parallel()
	var port int
	t.Run("it is taken", func(t *testing.T) {
		port = Port(t)
		if take(t, port) {
			t.Errorf("port %d was given twice", port)
		}
	})
	if !take(t, port) {
		t.Errorf("port %d was not given back", port)
	}
}

func TestAPortThatSomebodyListensOnIsNotGiven(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if port := l.Addr().(*net.TCPAddr).Port; take(t, port) {
		t.Errorf("port %d was given, which somebody listens on", port)
	}
}
