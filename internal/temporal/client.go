package temporal

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"strconv"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
)

// ClientOptions say which server to talk to. TLS nil means plain text, for a
// server of one's own on a trusted network.
type ClientOptions struct {
	HostPort  string
	Namespace string // default Namespace
	TLS       *tls.Config
	APIKey    string                // "" none
	Keys      *PayloadKeys          // nil encrypts nothing
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
	dial, err := o.Keys.dialOptions()
	if err != nil {
		return nil, err
	}
	c, err := client.DialContext(ctx, client.Options{
		Credentials:       credentials,
		HostPort:          o.HostPort,
		Namespace:         o.Namespace,
		Identity:          "holdfast@" + strconv.Itoa(os.Getpid()) + "-" + rand.Text()[:6], // not the SDK's, which writes the machine's name into every history
		Logger:            log.NewStructuredLogger(orDiscard(o.Logger)),
		MetricsHandler:    o.Metrics,
		ConnectionOptions: client.ConnectionOptions{TLS: o.TLS, DialOptions: dial},
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

func orDiscard(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.New(slog.DiscardHandler)
	}
	return l
}
