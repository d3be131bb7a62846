package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"holdfast"
	"holdfast/internal/config"
	"holdfast/internal/server/codec"
	"holdfast/internal/server/limits"
	"holdfast/internal/temporal"
)

func codecServerCommand(s Streams) *cobra.Command {
	var listen string
	var origins []string
	c := &cobra.Command{
		Use:   "codec-server",
		Short: "Decrypt payloads for Temporal's page and command line",
		Long: `Serves POST /decode and /encode, as Temporal's page and its command line ask a codec
server, with the keys of HOLDFAST_PAYLOAD_KEYS. Who calls must know
HOLDFAST_CODEC_TOKEN: as Authorization: Bearer, or as the password of Basic. A browser is
answered only when it stands on a page that an --origin names.

It speaks plain HTTP; put a proxy that ends TLS before it wherever it is not on this
machine. It needs no database and no Temporal.`,
		Example: "  holdfast codec-server --origin https://temporal.internal\n  temporal workflow show --workflow-id … --codec-endpoint http://127.0.0.1:8081 --codec-auth \"Bearer $HOLDFAST_CODEC_TOKEN\"",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			env := config.FromEnvironment()
			keys, err := temporal.ParsePayloadKeys(env.PayloadKeys)
			if err != nil {
				return err
			}
			if keys == nil {
				e := holdfast.Errorf(holdfast.Invalid, "there is nothing to decrypt with")
				e.Hint = "set HOLDFAST_PAYLOAD_KEYS to the keys of the workers"
				return e
			}
			h, err := codec.New(codec.Server{Codec: keys.Handler(), Token: env.CodecToken, Origins: origins, Log: quietLog(s.Err)})
			if err != nil {
				return err
			}
			return serveCodec(cmd.Context(), newSayer(s, false), h, listen)
		},
	}
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:8081", "address")
	c.Flags().StringSliceVar(&origins, "origin", nil, "page whose browsers are answered, such as https://temporal.internal; may be given again")
	return c
}

func serveCodec(ctx context.Context, say *sayer, h http.Handler, listen string) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		e := holdfast.Errorf(holdfast.Conflict, "--listen %s: cannot listen there: %v", listen, errors.Unwrap(err))
		e.Hint = "choose another, such as 127.0.0.1:8081"
		return e
	}
	server := limits.Codec().Server(h)
	done := make(chan error, 1)
	go func() { done <- server.Serve(limits.Codec().Listener(l)) }()
	say.f("ready: http://%s/\n", l.Addr())
	select {
	case err := <-done:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(ending); errors.Is(err, context.DeadlineExceeded) {
		return server.Close()
	}
	return nil
}
