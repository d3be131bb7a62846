//go:build !noembed

package temporal

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"go.temporal.io/sdk/worker"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
)

// bindTries bounds the race between choosing a free port and binding it.
const bindTries = 5

// Start opens or makes the server's file in o.Dir and runs the server. It
// returns when the server answers. The error has code conflict when the file was
// written by a newer server.
func Start(ctx context.Context, o Options) (*Embedded, error) {
	if o.Namespace == "" {
		o.Namespace = Namespace
	}
	if o.Retention == 0 {
		o.Retention = Retention
	}
	// The cache is one per process, shared with the server's own workers, and
	// its size is fixed by the first worker.
	worker.SetStickyWorkflowCacheSize(StickyWorkflows)

	file := filepath.Join(o.Dir, "temporal.db")
	if err := openFile(ctx, file); err != nil {
		return nil, err
	}
	if err := makeNamespace(sqlConfig(file, o.Unsynced), o); err != nil {
		return nil, err
	}
	k, err := newKeys()
	if err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		e, err := startServer(ctx, file, o, k)
		if err == nil || try == bindTries || !isBind(err) {
			return e, err
		}
	}
}

// errBind marks a start that lost a port to another process.
var errBind = errors.New("bind a loopback port")

func isBind(err error) bool { return errors.Is(err, errBind) }

func startServer(ctx context.Context, file string, o Options, k keys) (e *Embedded, err error) {
	ports, err := freePorts(ctx)
	if err != nil {
		return nil, err
	}
	log := newServerLog(o.Logger)
	// The server reports what it cannot survive by Fatal, which must not end our process.
	defer func() {
		if p := recover(); p != nil {
			f, ok := p.(fatal)
			if !ok {
				panic(p) //nolint:forbidigo // not the server's own way to give up, so not ours to hide
			}
			e, err = nil, f.err()
		}
	}()
	srv, err := temporal.NewServer(
		temporal.WithConfig(serverConfig(sqlConfig(file, o.Unsynced), ports)),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts(ports)),
		temporal.WithLogger(log),
		temporal.WithTLSConfigFactory(k),
		temporal.WithDynamicConfigClient(knobs(o)),
	)
	if err != nil {
		return nil, fmt.Errorf("set up the embedded temporal server: %w", err)
	}
	if err := srv.Start(); err != nil {
		log.mute()
		_ = srv.Stop()
		return nil, fmt.Errorf("start the embedded temporal server: %w", err)
	}
	listening := filepath.Join(o.Dir, portsFile)
	said := make(map[string]string, len(ports))
	for name, port := range ports {
		said[string(name)] = hostPort(port)
	}
	if err := writeJSON(listening, said); err != nil {
		log.mute()
		return nil, errors.Join(err, srv.Stop())
	}
	return &Embedded{
		hostPort: hostPort(ports[primitives.FrontendService]),
		tls:      k.client,
		stop: sync.OnceFunc(func() {
			log.mute() // its own parts complain about each other's leaving
			_ = srv.Stop()
			_ = os.Remove(listening)
		}),
	}, nil
}

// freePorts asks the kernel for a free port for each service.
func freePorts(ctx context.Context) (map[primitives.ServiceName]int, error) {
	ports := make(map[primitives.ServiceName]int, len(services))
	for _, s := range services {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(loopback, "0"))
		if err != nil {
			return nil, fmt.Errorf("find a free loopback port: %w", err)
		}
		defer l.Close()                         //nolint:errcheck // nothing was accepted on it
		ports[s] = l.Addr().(*net.TCPAddr).Port // a tcp listener's address
	}
	return ports, nil
}

func hostPort(port int) string { return net.JoinHostPort(loopback, strconv.Itoa(port)) }
