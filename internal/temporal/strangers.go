package temporal

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

// portsFile of a data directory says where the engine inside listens, for whoever
// wants to know whether it lets strangers in.
const portsFile = "ports.json"

// strangerWithin is how long a port may take to turn a stranger away.
const strangerWithin = 3 * time.Second

// Ports are the addresses (host:port) on which the engine inside the process that
// holds dir listens, by service; nil when none runs there.
func Ports(dir string) (map[string]string, error) {
	held, err := Held(dir)
	if err != nil || !held {
		return nil, err
	}
	ports := map[string]string{}
	if err := readJSON(filepath.Join(dir, portsFile), &ports); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return ports, nil
}

// Held reports whether a process holds the data directory. It takes nothing, and
// makes nothing where there is none.
func Held(dir string) (bool, error) {
	file := filepath.Join(dir, "LOCK")
	if _, err := os.Stat(file); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		return false, fmt.Errorf("look at the lock of %s: %w", dir, err)
	}
	lock := flock.New(file, flock.SetFlag(os.O_RDONLY))
	free, err := lock.TryRLock()
	if err != nil {
		return false, fmt.Errorf("look at the lock of %s: %w", dir, err)
	}
	if free {
		return false, lock.Unlock()
	}
	return true, lock.Close()
}

// LetsIn reports whether the server at address answers a caller that has no
// certificate, in plain text or over TLS. The error is that nothing listens there.
func LetsIn(ctx context.Context, address string) (bool, error) {
	conn, err := (&net.Dialer{Timeout: strangerWithin}).DialContext(ctx, "tcp", address)
	if err != nil {
		return false, fmt.Errorf("call %s: %w", address, err)
	}
	if err := conn.Close(); err != nil {
		return false, fmt.Errorf("call %s: %w", address, err)
	}
	for _, how := range []credentials.TransportCredentials{
		insecure.NewCredentials(),
		credentials.NewTLS(&tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}), //nolint:gosec // it plays a stranger, and says nothing
	} {
		in, err := answers(ctx, address, how)
		if in || err != nil {
			return in, err
		}
	}
	return false, nil
}

// answers reports whether a question reached the server behind the handshake. Any
// answer of its own counts, also that it does not know the question.
func answers(ctx context.Context, address string, how credentials.TransportCredentials) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, strangerWithin)
	defer cancel()
	conn, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(how))
	if err != nil {
		return false, fmt.Errorf("call %s: %w", address, err)
	}
	defer conn.Close() //nolint:errcheck // nothing was entrusted to it
	_, err = grpc_health_v1.NewHealthClient(conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{})
	none := []codes.Code{codes.Unavailable, codes.DeadlineExceeded, codes.Canceled}
	return !slices.Contains(none, status.Code(err)), nil
}
