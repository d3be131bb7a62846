package cli

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"holdfast/internal/app"
	"holdfast/internal/config"
	"holdfast/internal/transfer"
)

// moveOptions are the flags of move.
type moveOptions struct {
	dir, database, temporal, namespace string
	cancel, json                       bool
}

func moveCommand(s Streams) *cobra.Command {
	var o moveOptions
	c := &cobra.Command{
		Use:   "move",
		Short: "Take a data directory to PostgreSQL and to a Temporal cluster, with all that runs",
		Long: `Copies everything from the file of a data directory into an empty PostgreSQL database,
and hands its running enrollments over to a Temporal cluster, each at the step where it
stands. Stop the server first: the directory must not be in use. Killed at any moment,
the same command goes on where it was.

From its beginning on nothing starts on the old store any more, and until its end
nothing starts on the new one. Rows are copied page by page, then both stores are read
whole and compared. The file stays where it is, as a backup that is refused as a store.

Without --to-temporal (and without HOLDFAST_TEMPORAL_ADDRESS) the enrollments stay in
the engine of the data directory. Certificates and keys of a cluster come from the
HOLDFAST_TEMPORAL_ variables, as for a server.`,
		Example: "  holdfast move --dir /var/lib/holdfast --to-database postgres://db.internal/retention --to-temporal temporal.internal:7233\n  holdfast move --dir /var/lib/holdfast --to-database postgres://db.internal/retention --cancel",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return moveStore(cmd.Context(), s, o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.dir, "dir", ".holdfast", "data directory to move; no process may use it")
	f.StringVar(&o.database, "to-database", "", "PostgreSQL database to move to, empty (default: HOLDFAST_DATABASE_URL)")
	f.StringVar(&o.temporal, "to-temporal", "", "host:port of the Temporal cluster to move to (default: HOLDFAST_TEMPORAL_ADDRESS)")
	f.StringVar(&o.namespace, "to-namespace", "", "namespace there (default: HOLDFAST_TEMPORAL_NAMESPACE, or holdfast)")
	f.BoolVar(&o.cancel, "cancel", false, "give up a move that is not done: the database that it was begun to is emptied, and the data directory may be used again")
	f.BoolVar(&o.json, "json", false, "print one JSON object")
	return c
}

func moveStore(ctx context.Context, s Streams, o moveOptions) error {
	env := config.FromEnvironment()
	env.DatabaseURL = cmp.Or(o.database, env.DatabaseURL)
	env.Temporal.Address = cmp.Or(o.temporal, env.Temporal.Address)
	env.Temporal.Namespace = cmp.Or(o.namespace, env.Temporal.Namespace)
	say := newSayer(s, o.json)
	m := app.MoveOptions{Dir: o.dir, Env: env, Now: realClock.Now(), Told: say.rows, Log: slog.New(slog.DiscardHandler)}
	if o.cancel {
		if err := app.CancelMove(ctx, m); err != nil {
			return err
		}
		fmt.Fprintf(s.Out, "the move was given up; %s may be used again\n", o.dir)
		return nil
	}
	done, err := app.Move(ctx, m)
	say.clear()
	if err != nil {
		return err
	}
	if o.json {
		return (&printer{out: s.Out, json: true}).JSON(done)
	}
	printMoved(s, done)
	return nil
}

func printMoved(s Streams, done *transfer.Moved) {
	if done.Finished {
		fmt.Fprintf(s.Out, "everything was moved to %s before\n", done.To)
		return
	}
	total := printTables(s.Out, done.Tables)
	fmt.Fprintf(s.Out, "moved to %s: %d rows, compared\n", done.To, total)
	if done.Kept {
		fmt.Fprintln(s.Out, "enrollments stay in the engine that they run in")
	} else {
		fmt.Fprintf(s.Out, "%d enrollments that run begin anew where they stood\n", done.Started)
	}
	fmt.Fprintln(s.Out, "start the server with HOLDFAST_DATABASE_URL, and what names the cluster")
}
