package child

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// Ports are chosen below those that kernels hand out by themselves, and so that they
// fit a smallint, in which Temporal keeps them in PostgreSQL.
const fromPort, toPort = 10_000, 32_768

// Port is a TCP port of 127.0.0.1 that nobody listens on. Until t ends nobody else gets
// it from here, in whichever process: to listen on it, to stop and to listen again.
func Port(t testing.TB) int {
	t.Helper()
	for range 1000 {
		port := fromPort + rand.IntN(toPort-fromPort)
		if take(t, port) {
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}

// take takes port until t ends. The UDP port of the same number, which nobody needs, is
// the lock: it is the whole machine's, and the kernel gives it back whatever happens.
func take(t testing.TB, port int) bool {
	t.Helper()
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	lock, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", address)
	if err != nil {
		return false
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
	if err != nil {
		_ = lock.Close()
		return false
	}
	_ = l.Close() // nothing was accepted on it
	t.Cleanup(func() { _ = lock.Close() })
	return true
}
