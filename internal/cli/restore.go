package cli

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"holdfast/internal/app"
	"holdfast/internal/config"
	"holdfast/internal/transfer"
)

func restoreCommand(s Streams) *cobra.Command {
	var dir string
	var running, asJSON bool
	c := &cobra.Command{
		Use:   "restore FILE|-",
		Short: "Fill an empty store from an archive",
		Long: `Reads what holdfast export wrote into an empty store: the database that
HOLDFAST_DATABASE_URL names, else the file of a data directory that is new. An archive
that was cut short, altered or written by a newer holdfast is refused with the place,
and leaves nothing behind; so does an interrupt. An archive of an older holdfast is
brought up to date.

Touches that were being sent become unknown and are not sent again. Enrollments that
run begin anew at the step where they stood, in whichever engine the next server uses;
it must not be the one in which they ran before.

Nothing is sent until holdfast resume-all: what the old store sent since the archive
was made is not in it, and a server that still runs on the old store would write to the
same people. --running leaves that out.`,
		Example: "  holdfast restore backup.holdfast.gz --dir /var/lib/holdfast-2\n  HOLDFAST_DATABASE_URL=postgres://db.internal/retention holdfast restore backup.holdfast.gz",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return restoreArchive(cmd.Context(), s, args[0], dir, running, asJSON)
		},
	}
	c.Flags().StringVar(&dir, "dir", ".holdfast", "data directory, one without data; made when it is not there")
	c.Flags().BoolVar(&running, "running", false, "let messages go at once")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return c
}

func restoreArchive(ctx context.Context, s Streams, file, dir string, running, asJSON bool) error {
	from, name := s.In, "the archive"
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return fmt.Errorf("restore: %w", err)
		}
		defer f.Close() //nolint:errcheck // it was only read
		from, name = f, file
	}
	say := newSayer(s, asJSON)
	o := transfer.RestoreOptions{Name: name, Now: realClock.Now(), Running: running, Told: say.rows}
	done, where, err := app.Restore(ctx, dir, config.FromEnvironment(), from, o)
	say.clear()
	if err != nil {
		return err
	}
	if asJSON {
		return (&printer{out: s.Out, json: true}).JSON(struct {
			Database string `json:"database"`
			*transfer.Restored
		}{where, done})
	}
	total := printTables(s.Out, done.Tables)
	fmt.Fprintf(s.Out, "%s: %d rows, as they were on %s\n", where, total, done.Made.UTC().Format(time.RFC1123Z))
	fmt.Fprintf(s.Out, "%d enrollments begin anew where they stood; %d touches that were on their way are unknown\n", done.Started, done.Unknown)
	if done.Stopped {
		fmt.Fprintln(s.Out, "nothing is sent until holdfast resume-all: first make sure that nothing runs on the old store")
	}
	return nil
}
