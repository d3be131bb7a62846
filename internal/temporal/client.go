package temporal

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
)

// ClientOptions say which server to talk to. TLS nil means plain text, for a
// server of one's own on a trusted network.
type ClientOptions struct {
	HostPort  string
	Namespace string // default Namespace
	TLS       *tls.Config
	APIKey    string                // "" none
	Logger    *slog.Logger          // nil discards
	Metrics   client.MetricsHandler // nil: nobody counts
}

// Client connects, or fails when the server does not answer before ctx ends.
func Client(ctx context.Context, o ClientOptions) (client.Client, error) {
	if o.Namespace == "" {
		o.Namespace = Namespace
	}
	var credentials client.Credentials
	if o.APIKey != "" {
		credentials = client.NewAPIKeyStaticCredentials(o.APIKey)
	}
	c, err := client.DialContext(ctx, client.Options{
		Credentials:       credentials,
		HostPort:          o.HostPort,
		Namespace:         o.Namespace,
		Identity:          "holdfast@" + strconv.Itoa(os.Getpid()), // not the SDK's, which writes the machine's name into every history
		Logger:            log.NewStructuredLogger(orDiscard(o.Logger)),
		MetricsHandler:    o.Metrics,
		ConnectionOptions: client.ConnectionOptions{TLS: o.TLS},
	})
	if err != nil {
		return nil, fmt.Errorf("connect to temporal at %s: %w", o.HostPort, err)
	}
	return c, nil
}

// Client connects to the embedded server.
func (e *Embedded) Client(ctx context.Context, namespace string, l *slog.Logger) (client.Client, error) {
	return Client(ctx, ClientOptions{HostPort: e.hostPort, Namespace: namespace, TLS: e.TLS(), Logger: l})
}

// Registry is where workflows and activities are made known.
type Registry = worker.Registry

// atOnce bounds the workflow tasks that a process has in hand. Each may hold a
// send, and each waits for its timeout when the process is killed.
const atOnce = 200

// Worker makes a worker on queue with what register adds to it; the caller starts
// and stops it. A workflow whose worker died is handed to another after a second;
// activities say that they live (see heartbeats).
func Worker(c client.Client, queue string, register func(Registry)) worker.Worker {
	w := worker.New(c, queue, worker.Options{
		StickyScheduleToStartTimeout:            time.Second,
		MaxConcurrentWorkflowTaskExecutionSize:  atOnce,
		MaxConcurrentLocalActivityExecutionSize: atOnce,
		WorkerStopTimeout:                       10 * time.Second,
		MaxHeartbeatThrottleInterval:            time.Second,
		Interceptors:                            []interceptor.WorkerInterceptor{&heartbeats{}},
		WorkflowTaskPollerBehavior:              worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{}),
		ActivityTaskPollerBehavior:              worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{}),
	})
	register(w)
	return w
}

func orDiscard(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.New(slog.DiscardHandler)
	}
	return l
}
