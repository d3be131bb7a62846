package cli

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"holdfast"
	"holdfast/internal/app"
	"holdfast/internal/clock"
	"holdfast/internal/config"
	"holdfast/internal/project"
	"holdfast/internal/telemetry"
)

// elsewhereHelp is said by the commands that do one part.
const elsewhereHelp = `It needs the database and Temporal of the others: HOLDFAST_DATABASE_URL and
HOLDFAST_TEMPORAL_ADDRESS with what goes with them, as holdfast server says. A data
directory is not needed. It runs the release that a server has taken over, waits for
the first, and follows the next.

Run as many as you like, on as many machines. One that dies is replaced by the others
within seconds. On interrupt or SIGTERM it takes no more, finishes what is under way,
and ends with 0.`

func workerCommand(s Streams) *cobra.Command {
	return partCommand(s, app.Worker, &cobra.Command{
		Use:   "worker",
		Short: "Walk enrollments and send, beside servers and relays on other machines",
		Long: `Does what enrollments have to do, and sends, in a process of its own.

` + elsewhereHelp + `

It needs the providers' keys: HOLDFAST_SENDGRID_KEY, HOLDFAST_SMTP_URL,
HOLDFAST_SLACK_TOKEN, and the HOLDFAST_LINK_KEYS of the servers.`,
		Example: "  HOLDFAST_DATABASE_URL=postgres://db.internal/retention HOLDFAST_TEMPORAL_ADDRESS=temporal.internal:7233 holdfast worker",
	})
}

func relayCommand(s Streams) *cobra.Command {
	return partCommand(s, app.Relay, &cobra.Command{
		Use:   "relay",
		Short: "Hand what was decided to Temporal, beside servers and workers on other machines",
		Long: `Starts and wakes workflows as the rows in the database say, in a process of its own.

` + elsewhereHelp + `

It needs no provider's key. --operations serves /metrics, /healthz and /readyz.`,
		Example: "  HOLDFAST_DATABASE_URL=postgres://db.internal/retention HOLDFAST_TEMPORAL_ADDRESS=temporal.internal:7233 holdfast relay",
	})
}

// partCommand makes c a command that does one part.
func partCommand(s Streams, part app.Part, c *cobra.Command) *cobra.Command {
	var o runOptions
	c.Flags().StringVar(&o.dir, "dir", "", "data directory that is held against a process that wants it alone (default: none)")
	c.Flags().StringVar(&o.operations, "operations", "", "address of /metrics, /healthz and /readyz (default: none)")
	c.Flags().StringVar(&o.logFormat, "log-format", "", "text or json (default: json without a terminal)")
	c.Args = cobra.NoArgs
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		o.serves = true
		return runPart(cmd.Context(), s, o, part)
	}
	return c
}

// runPart does one part until ctx ends.
func runPart(ctx context.Context, s Streams, o runOptions, part app.Part) (err error) {
	env := config.FromEnvironment()
	if !env.Elsewhere() {
		e := holdfast.Errorf(holdfast.Invalid, "a %s works beside servers on other machines, and needs the database and Temporal where they have them", part)
		e.Hint = "set HOLDFAST_DATABASE_URL and HOLDFAST_TEMPORAL_ADDRESS; without them, holdfast server does everything in one process"
		return e
	}
	say := newSayer(s, false)
	cfg := app.Config{Dir: o.dir, Env: env, Follow: true, Parts: []app.Part{part}}
	if cfg.Log, err = o.log(s); err != nil {
		return err
	}
	cfg.Telemetry = telemetry.New(realClock)
	if err := cfg.Telemetry.Export(ctx, env.TraceEndpoint, buildVersion(), cfg.Log); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeTelemetry(ctx, cfg)) }()
	if cfg.Project, err = firstRelease(ctx, o, env, say); err != nil {
		return stopped(ctx, say, err)
	}
	a, err := app.Open(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	ops, err := serveOperations(ctx, a, o.operations, env.OperationsToken, say)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ops.close(ctx)) }()
	if err := a.Start(ctx); err != nil {
		return err
	}
	say.f("ready: %s\n", part)
	return stopped(ctx, say, a.Run(ctx))
}

// stopped is nil when err is that ctx was ended, as an operator does.
func stopped(ctx context.Context, say *sayer, err error) error {
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		say.f("stopped; the same command goes on from here\n")
		return nil //nolint:nilerr // it was asked to stop
	}
	return err
}

// firstRelease is the release that a server has taken over; while there is none, or
// no table yet, it waits.
func firstRelease(ctx context.Context, o runOptions, env config.Environment, say *sayer) (*project.Project, error) {
	waits := sync.OnceFunc(func() { say.f("no release yet: waiting for a holdfast server to take one over\n") })
	for {
		if err := app.Upgrade(ctx, o.dir, env); err != nil {
			return nil, err
		}
		st, err := app.OpenStore(ctx, o.dir)
		if err == nil {
			p, err := app.TakenOver(ctx, st, waits)
			return p, errors.Join(err, st.Close())
		}
		if holdfast.CodeOf(err) != holdfast.NotFound {
			return nil, err
		}
		waits()
		if err := clock.Sleep(ctx, time.Second); err != nil {
			return nil, err
		}
	}
}

// partsOf is what --with says beside the doors: nil is all there is.
func partsOf(with []string) ([]app.Part, error) {
	parts := []app.Part{app.Server}
	for _, name := range with {
		switch name {
		case string(app.Worker), string(app.Relay):
			parts = append(parts, app.Part(name))
		case "none":
		default:
			return nil, fmt.Errorf("--with %s: there is worker, relay, and none", name)
		}
	}
	if len(parts) == 3 {
		return nil, nil
	}
	return parts, nil
}
