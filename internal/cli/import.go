package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"holdfast"
	"holdfast/internal/intake"
)

// shownProblems is how many rejected rows are printed; the rest are counted.
const shownProblems = 20

// openIntake opens the data directory's intake under the project's rules, with
// its playbooks published; done closes what it opened.
type openIntake func(ctx context.Context, dir, project string) (in *intake.Intake, done func() error, err error)

// importOptions are the flags of import.
type importOptions struct {
	as, dir, project, at string
	live, json           bool
}

func importCommand(s Streams, open openIntake) *cobra.Command {
	var o importOptions
	c := &cobra.Command{
		Use:   "import FILE...",
		Short: "Take messages and tables into a data directory",
		Long: `Takes files in: JSON lines in Segment's shape (track, group, identify, alias), or
CSV tables with a header; in UTF-8, plain or gzip. "-" reads standard input.

A row of a CSV is an upsert by its key, the column id: it makes the account or the
contact, or changes it. An empty cell leaves the field as it is. Of two rows about a
field the one with the later time (the column at, or --at) counts, in whatever order
they come.

What is imported is history: it builds accounts, contacts, objects and
metrics, and starts nothing; what it makes true is taken as known. With --live
it is taken as if it arrived now. A row that cannot be taken is printed with
its place and the others go in. The same rows again change nothing.`,
		Example: `  holdfast import events.jsonl.gz
  holdfast import accounts.csv --as accounts
  holdfast import contacts.csv --as contacts --at 2026-05-01`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			ctx := cmd.Context()
			in, done, err := open(ctx, o.dir, o.project)
			if err != nil {
				return err
			}
			i := &importer{in: in, opt: o, s: s, bar: progress{w: s.Err, on: !o.json && terminal(s.Err)}}
			err = i.run(ctx, files)
			return errors.Join(err, done())
		},
	}
	c.Flags().StringVar(&o.as, "as", "", "what the rows of a CSV are: accounts, contacts or events")
	c.Flags().StringVar(&o.at, "at", "", "when CSV rows without a time were true (default: the file's own time)")
	c.Flags().StringVar(&o.dir, "dir", ".holdfast", "data directory")
	c.Flags().StringVar(&o.project, "project", ".", "project directory")
	c.Flags().BoolVar(&o.live, "live", false, "take the messages as if they arrived now: they may start enrollments")
	c.Flags().BoolVar(&o.json, "json", false, "print one JSON object")
	return c
}

// importer is one run of import.
type importer struct {
	in    *intake.Intake
	opt   importOptions
	s     Streams
	bar   progress
	file  string
	rows  []intake.Row
	total importSummary
}

// importSummary is what import prints at the end.
type importSummary struct {
	intake.Result
	Problems []importProblem `json:"problems,omitempty"` // the first of them; Rejected counts all
}

type importProblem struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Reason string `json:"reason"`
}

func (i *importer) run(ctx context.Context, files []string) error {
	if i.opt.as != "" && !slices.Contains([]string{"accounts", "contacts", "events"}, i.opt.as) {
		return holdfast.Errorf(holdfast.Invalid, "--as %s: expected accounts, contacts or events", i.opt.as)
	}
	for _, f := range files {
		if err := i.take(ctx, f); err != nil {
			i.bar.clear()
			return fmt.Errorf("import %s: %w", f, err)
		}
	}
	if !i.opt.live {
		i.bar.say("marking what is true already")
		if err := i.in.MarkTruths(ctx); err != nil {
			i.bar.clear()
			return err
		}
	}
	i.bar.clear()
	return i.report()
}

// take reads one file and takes it in, some hundred rows at a time.
func (i *importer) take(ctx context.Context, file string) error {
	at, err := i.when(file)
	if err != nil {
		return err
	}
	r := i.s.In
	i.file = file
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		defer f.Close() //nolint:errcheck // it was only read
		r = i.bar.through(f, file)
	}
	opt := intake.FileOptions{Name: file, As: i.opt.as, At: at, Rules: i.in.Rules()}
	err = intake.ReadFile(ctx, r, opt, func(row intake.Row) error {
		i.rows = append(i.rows, row)
		if len(i.rows) < 500 {
			return nil
		}
		return i.flush(ctx)
	}, func(line int, reason string) {
		i.total.Messages++
		i.reject(line, reason)
	})
	return errors.Join(err, i.flush(ctx))
}

// when is the time of CSV rows that name none: never after the clock, which in a
// compressed run is behind the file's.
func (i *importer) when(file string) (time.Time, error) {
	now := i.in.Clock.Now()
	if i.opt.at != "" {
		t, err := intake.ParseTime(i.opt.at)
		if err != nil {
			return t, fmt.Errorf("--at %w", err)
		}
		return t, nil
	}
	if file == "-" {
		return now, nil
	}
	info, err := os.Stat(file)
	if err != nil {
		return now, err
	}
	if t := info.ModTime(); t.Before(now) {
		return t.UTC(), nil
	}
	return now, nil
}

func (i *importer) flush(ctx context.Context) error {
	if len(i.rows) == 0 {
		return nil
	}
	msgs := make([]holdfast.Message, len(i.rows))
	for n, row := range i.rows {
		msgs[n] = row.Message
	}
	mode := intake.History
	if i.opt.live {
		mode = intake.Live
	}
	res, err := i.in.Take(ctx, msgs, mode)
	for _, p := range res.Problems {
		i.reject(i.rows[p.Index].Line, p.Reason)
	}
	res.Problems, res.Rejected = nil, 0
	i.total.Add(res)
	i.rows = i.rows[:0]
	return err
}

func (i *importer) reject(line int, reason string) {
	i.total.Rejected++
	if len(i.total.Problems) < shownProblems {
		i.total.Problems = append(i.total.Problems, importProblem{i.file, line, reason})
	}
}

// report prints the summary: 1 as the exit code when a row was rejected.
func (i *importer) report() error {
	t := i.total
	if i.opt.json {
		if err := (&printer{out: i.s.Out}).JSON(t); err != nil {
			return err
		}
	} else {
		for _, p := range t.Problems {
			fmt.Fprintf(i.s.Out, "%s:%d: %s\n", p.File, p.Line, p.Reason)
		}
		if more := t.Rejected - len(t.Problems); more > 0 {
			fmt.Fprintf(i.s.Out, "and %d more\n", more)
		}
		fmt.Fprintln(i.s.Out, i.words())
	}
	if t.Rejected > 0 {
		return errFindings
	}
	return nil
}

func (i *importer) words() string {
	t := i.total
	said := []string{fmt.Sprintf("%d messages: %d new, %d known already, %d rejected", t.Messages, t.Fresh, t.Repeated, t.Rejected)}
	if i.opt.live {
		said = append(said, fmt.Sprintf("%d enrollments started, %d ended, %d goals met", t.Enrolled, t.Exited, t.Goals))
		if t.Waiting > 0 {
			said = append(said, fmt.Sprintf("%d wait, since their trigger is paused: holdfast triggers list", t.Waiting))
		}
		if t.Late > 0 {
			said = append(said, fmt.Sprintf("%d were too old to start anything", t.Late))
		}
	}
	if len(t.Undeclared) > 0 {
		names := make([]string, 0, len(t.Undeclared))
		for name := range t.Undeclared {
			names = append(names, name)
		}
		slices.SortFunc(names, func(a, b string) int {
			if d := t.Undeclared[b] - t.Undeclared[a]; d != 0 {
				return d
			}
			return strings.Compare(a, b)
		})
		if len(names) > 5 {
			names = append(names[:5], "…")
		}
		said = append(said, "kept but declared by no schema: "+strings.Join(names, ", "))
	}
	return strings.Join(said, "\n")
}

// progress is a line on a terminal that says how far reading is.
type progress struct {
	w           io.Writer
	on          bool
	name        string
	read, total int64
	shown       int64
}

// through counts what is read of f.
func (p *progress) through(f *os.File, name string) io.Reader {
	p.name, p.read, p.total, p.shown = name, 0, 0, -1
	if info, err := f.Stat(); err == nil {
		p.total = info.Size()
	}
	return io.TeeReader(f, p)
}

// Write counts p's bytes and redraws at every percent.
func (p *progress) Write(b []byte) (int, error) {
	p.read += int64(len(b))
	if p.on && p.total > 0 {
		if percent := 100 * p.read / p.total; percent != p.shown {
			p.shown = percent
			p.say(fmt.Sprintf("%-30s %s %3d %%", fit(p.name, 30), strings.Repeat("=", int(percent/4))+strings.Repeat(" ", 25-int(min(percent, 100)/4)), percent))
		}
	}
	return len(b), nil
}

func (p *progress) say(text string) {
	if p.on {
		fmt.Fprintf(p.w, "\r\x1b[K%s", text)
	}
}

func (p *progress) clear() { p.say("") }
