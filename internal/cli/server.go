package cli

import (
	"context"
	"path/filepath"

	"github.com/spf13/cobra"

	"holdfast"
	"holdfast/internal/app"
	"holdfast/internal/config"
	"holdfast/internal/project"
	"holdfast/internal/release"
	"holdfast/internal/store"
)

func serverCommand(s Streams) *cobra.Command {
	var o runOptions
	var with []string
	c := &cobra.Command{
		Use:   "server [DIR]",
		Short: "Run a project in production: real time, and the providers that it names",
		Long: `Runs the release in force in the data directory on the embedded engine, on the
machine's clock, through the channels that holdfast.yaml names. What is applied
meanwhile is taken over without a restart, channels excepted. Where nothing was
applied yet, the project in DIR is the first release; later ones come from holdfast
apply alone, and DIR only names the data directory.

Keys come from the environment: HOLDFAST_SENDGRID_KEY, HOLDFAST_SMTP_URL,
HOLDFAST_SLACK_TOKEN; other addresses of the providers from HOLDFAST_SENDGRID_URL
and HOLDFAST_SLACK_URL. The links in mails are signed with the first key of
HOLDFAST_LINK_KEYS or, without one, with a key that the data directory draws at its
first use.

HOLDFAST_DATABASE_URL (postgres://…) keeps what is remembered in PostgreSQL instead
of the data directory. HOLDFAST_TEMPORAL_ADDRESS (host:port) uses a Temporal cluster
instead of the embedded engine; _NAMESPACE, _TLS_CERT, _TLS_KEY, _TLS_CA and _API_KEY
go with it. The guide "PostgreSQL and Temporal of your own" has all of it.

With both elsewhere, any number of servers may run over them, and --with none leaves
the walking of enrollments and the relay to holdfast worker and holdfast relay, on as
many machines as you like: the guide "On several machines".
/metrics, /healthz and /readyz are on the page's address and, with --operations ADDR,
on one of their own; the guide "Operate" has their table. An ADDR that other machines
reach needs HOLDFAST_OPERATIONS_TOKEN. OTEL_EXPORTER_OTLP_ENDPOINT sends traces.

` + publicHelp,
		Example: "  HOLDFAST_SENDGRID_KEY=… holdfast server retention --dir /var/lib/holdfast\n  holdfast server --dir /var/lib/holdfast --public :8080\n  HOLDFAST_DATABASE_URL=postgres://db.internal/retention holdfast server --dir /var/lib/holdfast\n  holdfast server --with none --public :8080",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := ""
			if len(args) > 0 {
				dir = args[0]
			}
			if o.dir == "" {
				o.dir = filepath.Join(dir, ".holdfast")
			}
			env := config.FromEnvironment()
			if err := app.Upgrade(cmd.Context(), o.dir, env); err != nil {
				return err
			}
			p, err := projectInForce(cmd.Context(), s, dir, o.dir)
			if err != nil {
				return err
			}
			parts, err := partsOf(with)
			if err != nil {
				return err
			}
			by := env.By
			if by == "" {
				by = "holdfast server"
			}
			cfg := app.Config{Project: p, Env: env, Parts: parts, Follow: true, Stamp: release.Stamp{By: by, Source: project.Commit(p.Dir)}}
			o.serves = true
			return runProject(cmd.Context(), s, o, dir, cfg, false)
		},
	}
	o.flags(c)
	c.Flags().StringSliceVar(&with, "with", []string{string(app.Worker), string(app.Relay)}, "what it does beside the server's own: worker, relay, or none")
	return c
}

// projectInForce is the release that a data directory has, or DIR's project for
// one that has none. A DIR that differs from the release is told.
func projectInForce(ctx context.Context, s Streams, dir, data string) (*project.Project, error) {
	n, p, err := releaseIn(ctx, data)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		if dir == "" {
			e := holdfast.Errorf(holdfast.NotFound, "nothing was applied in %s yet", data)
			e.Hint = "name the project's directory, or holdfast apply it first"
			return nil, e
		}
		return loadProject(dir, s)
	}
	if dir == "" {
		return p, nil
	}
	say := newSayer(s, false)
	switch now, _, err := project.Load(dir); {
	case err != nil:
		say.f("running release %d; %s cannot be read: %v\n", n, dir, err)
	case project.Digest(now.Files) != project.Digest(p.Files):
		say.f("running release %d, from which %s differs: holdfast plan %s shows how, holdfast apply %s ships it\n", n, dir, dir, dir)
	default:
		say.f("running release %d\n", n)
	}
	return p, nil
}

// releaseIn is the release in force in a data directory; 0 when there is none.
func releaseIn(ctx context.Context, data string) (n int64, p *project.Project, err error) {
	err = withStore(ctx, app.OpenStore, data, func(st store.Store) error {
		return st.View(ctx, func(tx store.Tx) (err error) {
			if n, err = release.Force(tx); err != nil || n == 0 {
				return err
			}
			p, err = release.Open(tx, n)
			return err
		})
	})
	if holdfast.CodeOf(err) == holdfast.NotFound && n == 0 {
		return 0, nil, nil
	}
	return n, p, err
}
