package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"holdfast"
	"holdfast/internal/app"
	"holdfast/internal/clock"
	"holdfast/internal/config"
	"holdfast/internal/store/migrations"
)

// migrateOptions are the flags of migrate.
type migrateOptions struct {
	dir          string
	dryRun, json bool
	wait         time.Duration
}

// waitUnlessSaid is --wait without a span.
const waitUnlessSaid = 5 * time.Minute

func migrateCommand(s Streams) *cobra.Command {
	var o migrateOptions
	c := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the schema of the database up to date",
		Long: `Shows which migrations the database lacks and applies them: the database that
HOLDFAST_DATABASE_URL names, else the file of the data directory, which must be there
and which no running holdfast may use meanwhile. In PostgreSQL all of them are one transaction. A database
of a newer holdfast is refused: schemas never go backward, the way back is the backup
made before.

A server does the same when it starts. Where it must not, because its role may not
change tables or because several start at once, set HOLDFAST_MIGRATE=off for it: it
then refuses an older schema, and this command is a step of the deployment.`,
		Example: "  holdfast migrate --dry-run\n  HOLDFAST_DATABASE_URL=postgres://db.internal/retention holdfast migrate --wait=2m",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && cmd.Flags().Changed("wait") {
				e := holdfast.Errorf(holdfast.Invalid, "%q stands apart from --wait", args[0])
				e.Hint = "write --wait=" + args[0]
				return e
			}
			return cobra.NoArgs(cmd, args)
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			return migrateDatabase(cmd.Context(), s, o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.dir, "dir", ".holdfast", "data directory")
	f.BoolVar(&o.dryRun, "dry-run", false, "only show what is missing")
	f.BoolVar(&o.json, "json", false, "print one JSON object")
	f.DurationVar(&o.wait, "wait", 0, "wait so long for a database that does not answer yet, such as --wait=2m")
	f.Lookup("wait").NoOptDefVal = waitUnlessSaid.String()
	return c
}

// migrated is what migrate prints.
type migrated struct {
	Database string   `json:"database"`
	Version  int      `json:"version"` // before
	Newest   int      `json:"newest"`
	Pending  []string `json:"pending"` // names of the migrations that were missing
	Applied  bool     `json:"applied"`
}

func migrateDatabase(ctx context.Context, s Streams, o migrateOptions) (err error) {
	if o.wait < 0 {
		return holdfast.Errorf(holdfast.Invalid, "--wait %s: expected a span such as 2m", o.wait)
	}
	d, err := openWithin(ctx, s, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	all, err := migrations.All()
	if err != nil {
		return err
	}
	m := migrated{Database: d.Where, Pending: []string{}}
	if m.Version, m.Newest, err = d.Schema(ctx); err != nil {
		return err
	}
	for _, step := range all[m.Version:] {
		m.Pending = append(m.Pending, step.Name)
	}
	if !o.dryRun && len(m.Pending) > 0 {
		if err := d.Migrate(ctx, m.Newest); err != nil {
			return fmt.Errorf("migrate %s: %w", m.Database, err)
		}
		m.Applied = true
	}
	if o.json {
		return (&printer{out: s.Out, json: true}).JSON(m)
	}
	m.print(s, o.dryRun)
	return nil
}

func (m migrated) print(s Streams, dry bool) {
	if len(m.Pending) == 0 {
		fmt.Fprintf(s.Out, "%s: schema version %d, nothing to do\n", m.Database, m.Version)
		return
	}
	fmt.Fprintf(s.Out, "%s: schema version %d, this holdfast has %d\n", m.Database, m.Version, m.Newest)
	for _, name := range m.Pending {
		fmt.Fprintf(s.Out, "  %s\n", name)
	}
	if dry {
		fmt.Fprintln(s.Out, "nothing was changed")
		return
	}
	fmt.Fprintf(s.Out, "schema version %d\n", m.Newest)
}

// openWithin opens the database, and waits for one that does not answer.
func openWithin(ctx context.Context, s Streams, o migrateOptions) (*app.Database, error) {
	env := config.FromEnvironment()
	if env.DatabaseURL == "" && !exists(o.dir) {
		e := holdfast.Errorf(holdfast.NotFound, "%s holds no data", o.dir)
		e.Hint = "name the data directory with --dir, or a database with HOLDFAST_DATABASE_URL"
		return nil, e
	}
	until := realClock.Now().Add(o.wait)
	say := newSayer(s, o.json)
	for said := false; ; said = true {
		// What is only looked at is not made, and may be in use.
		d, err := app.OpenDatabase(ctx, o.dir, env, !o.dryRun)
		if holdfast.CodeOf(err) != holdfast.Unavailable || !realClock.Now().Before(until) {
			return d, err
		}
		if !said {
			say.f("waiting for the database: %v\n", err)
		}
		if err := clock.Sleep(ctx, time.Second); err != nil {
			return nil, err
		}
	}
}
