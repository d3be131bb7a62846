package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"holdfast"
	"holdfast/internal/app"
	"holdfast/internal/config"
	"holdfast/internal/store"
	"holdfast/internal/transfer"
)

func exportCommand(s Streams) *cobra.Command {
	var dir string
	var asJSON bool
	c := &cobra.Command{
		Use:   "export FILE|-",
		Short: "Write everything that is remembered into an archive",
		Long: `Writes all that the store holds into one compressed file, as one moment saw it, while
a server may go on beside it: of the database that HOLDFAST_DATABASE_URL names, else
of the data directory's file. holdfast restore reads it into an empty SQLite file or
PostgreSQL database, whichever it came from. - writes to the standard output.

The archive holds names, addresses and texts: keep it as you keep the database. It
does not hold Temporal's memory; enrollments that run begin anew where they stand.
A schema of an older holdfast is exported as it is, for a backup before an upgrade. A
store that a restore or a move is still filling is refused; one that was moved away is
exported as the move found it, and the command says so.`,
		Example: "  holdfast export backup.holdfast.gz --dir /var/lib/holdfast\n  holdfast export - | age -r age1… > backup.age",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return exportStore(cmd.Context(), s, args[0], dir, asJSON)
		},
	}
	c.Flags().StringVar(&dir, "dir", ".holdfast", "data directory; it may be in use by a running holdfast")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object: the tables with their rows and checksums")
	return c
}

func exportStore(ctx context.Context, s Streams, file, dir string, asJSON bool) (err error) {
	if file == "-" && (asJSON || terminal(s.Out)) {
		return holdfast.Errorf(holdfast.Invalid, "an archive on the standard output is for another program; name a file")
	}
	d, err := app.OpenDatabase(ctx, dir, config.FromEnvironment(), false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if version, _, err := d.Schema(ctx); err != nil {
		return err
	} else if version == 0 {
		return holdfast.Errorf(holdfast.NotFound, "%s holds no data", d.Where)
	}
	if err := d.View(ctx, func(tx store.Tx) error { return tellGone(s.Err, tx) }); err != nil {
		return err
	}
	say := newSayer(s, asJSON)
	if d.Clock == "" {
		d.Clock = "production"
	}
	write := func(w io.Writer) ([]transfer.Counted, error) {
		return transfer.Export(ctx, d, w, d.Clock, realClock.Now(), say.rows)
	}
	var tables []transfer.Counted
	if file == "-" {
		tables, err = write(s.Out)
	} else {
		tables, err = intoFile(file, write)
	}
	say.clear()
	if err != nil || file == "-" {
		return err
	}
	if asJSON {
		return (&printer{out: s.Out, json: true}).JSON(map[string]any{"file": file, "database": d.Where, "tables": tables})
	}
	total := printTables(s.Out, tables)
	fmt.Fprintf(s.Out, "%s: %d rows of %s\n", file, total, d.Where)
	return nil
}

// tellGone says of a store that was moved away how old an archive of it is.
func tellGone(w io.Writer, tx store.Tx) error {
	g, err := transfer.GoneOf(tx)
	if err != nil || g == nil {
		return err
	}
	what := "is being"
	if g.Done {
		what = "was"
	}
	fmt.Fprintf(w, "this store %s moved to %s: the archive is of what the move found, and holds nothing of what happened there since\n", what, g.To)
	return nil
}

// intoFile writes a file that is whole or not there.
func intoFile(file string, write func(io.Writer) ([]transfer.Counted, error)) (tables []transfer.Counted, err error) {
	if _, err := os.Stat(file); err == nil {
		e := holdfast.Errorf(holdfast.Conflict, "%s is there already", file)
		e.Hint = "name another file: an archive is never overwritten"
		return nil, e
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	partial := file + ".partial"
	f, err := os.OpenFile(partial, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	buffered := bufio.NewWriterSize(f, 1<<20)
	tables, err = write(buffered)
	if err == nil {
		err = buffered.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(partial, file)
	}
	if err != nil {
		return nil, errors.Join(err, os.Remove(partial))
	}
	return tables, nil
}

// printTables lists those with rows, and adds them up.
func printTables(w io.Writer, tables []transfer.Counted) (total int64) {
	for _, one := range tables {
		if total += one.Rows; one.Rows > 0 {
			fmt.Fprintf(w, "%10d  %s\n", one.Rows, one.Table)
		}
	}
	return total
}

// rows is a line that replaces itself, on a terminal only.
func (s *sayer) rows(table string, n int64, _ bool) {
	if s.tty && !s.mute {
		fmt.Fprintf(s.w, "\r\x1b[K%s: %d rows", table, n)
		s.bar = true
	}
}
