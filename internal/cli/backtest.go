package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"holdfast"
	"holdfast/internal/backtest"
	"holdfast/internal/calendar"
	"holdfast/internal/intake"
	"holdfast/internal/sim"
)

// backtestOptions are the flags of backtest.
type backtestOptions struct {
	project, as, from, to, trigger, label, within, lasts, tasks, sweep, format, html, csv string
	full, overlap                                                                         bool
}

func backtestCommand(s Streams) *cobra.Command {
	var o backtestOptions
	c := &cobra.Command{
		Use:   "backtest PLAYBOOK[#TRIGGER] FILE...",
		Short: "Ask recorded events whom a playbook would have enrolled, and how well that foretells churn",
		Long: `Holds recorded messages against the triggers of a playbook, in the order in
which they happened and with what was known at each moment: who would have been
enrolled and when, with --overlap beside which other playbooks, and with --label
how well the entries foretell an event. FILE is as for import: JSON lines or CSV, plain or
gzip; "-" reads standard input. Nothing is sent and no data directory is needed.

Entries follow the rules of entry. No step runs: an enrollment lasts until one
of the playbook's exits or its goal ends it, or for --lasts. With --full every
enrollment of every playbook runs through its steps in the simulator, which adds
mails a day, tasks a week for each owner, caps and rests. What never happened in
the recording, such as a reply to a mail that was not sent, does not happen.

An entry is right when the label follows within --within. Entries of accounts
that had the label before are left out, and so are those whose days are not over.
--sweep asks the same of several values: a piece of a condition with a range
(20..50, 20..50/5) or a list (20,30,40) in place of its number.`,
		Example: `  holdfast backtest renewal-90 events.jsonl.gz
  holdfast backtest usage-drop events.jsonl.gz --label 'Account Churned' --within 90d --html report.html
  holdfast backtest usage-drop events.jsonl.gz --label 'Account Churned' --sweep 'trend(metric.usage_30d, days(30), 1.0) <= 0.5..0.9/0.1'
  holdfast backtest win-back#half_year events.jsonl.gz --full --from 2024-07-01 --format json`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runBacktest(cmd.Context(), s, args[0], args[1:], o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.project, "project", ".", "project directory, when PLAYBOOK is a name")
	f.StringVar(&o.as, "as", "", "what the rows of a CSV are: accounts, contacts or events (default: told by its name)")
	f.StringVar(&o.trigger, "trigger", "", "id of the one trigger to ask about, as PLAYBOOK#TRIGGER (default: all of the playbook)")
	f.StringVar(&o.from, "from", "", "where triggers begin to be looked at; what lies before is history (default: once twice the widest window they read is full)")
	f.StringVar(&o.to, "to", "", "where they end to be looked at (default: the last message)")
	f.StringVar(&o.label, "label", "", "an event that entries should foretell, such as 'Account Churned'")
	f.StringVar(&o.within, "within", "90d", "how long after an entry the label counts, in days or weeks")
	f.StringVar(&o.lasts, "lasts", "90d", "how long an enrollment is taken to run when no exit ends it; 0d: until an exit")
	f.BoolVar(&o.full, "full", false, "run every enrollment of every playbook through its steps")
	f.StringVar(&o.tasks, "tasks", string(sim.Done), "with --full, what people do with tasks: done or idle")
	f.BoolVar(&o.overlap, "overlap", false, "look at the project's other playbooks too: who would have been in both, and lanes (always so with --full)")
	f.StringVar(&o.sweep, "sweep", "", "a piece of a condition with a range or a list in place of its number")
	f.StringVar(&o.format, "format", "text", "text, or json: one object")
	f.StringVar(&o.html, "html", "", "write the report with its charts to this file")
	f.StringVar(&o.csv, "csv", "", "write a line for each entry to this file")
	return c
}

func runBacktest(ctx context.Context, s Streams, ref string, files []string, o backtestOptions) error {
	if o.format != "text" && o.format != "json" {
		return holdfast.Errorf(holdfast.Invalid, "--format cannot be %q; use text or json", o.format)
	}
	q, err := asked(s, ref, o)
	if err != nil {
		return err
	}
	say := newSayer(s, o.format == "json")
	read := &recording{s: s, as: o.as, set: q.Project.Rules, bar: progress{w: s.Err, on: say.tty && !say.mute}}
	if err := read.all(ctx, files); err != nil {
		return err
	}
	q.Messages = read.messages
	q.Progress = func(done, all int) { say.progress("backtest", done, all) }
	r, err := backtest.Run(ctx, q)
	say.clear()
	if err != nil {
		return err
	}
	r.Rejected += read.bad.count
	for i := range read.bad.first {
		p := read.bad.first[i]
		r.Problems = slices.Insert(r.Problems, i, fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Reason))
	}
	if err := printBacktest(s, r, o); err != nil {
		return err
	}
	if r.Rejected > 0 {
		return errFindings
	}
	return nil
}

// asked is the question that the arguments pose, without its messages.
func asked(s Streams, ref string, o backtestOptions) (q backtest.Question, err error) {
	name, trigger, _ := strings.Cut(ref, "#")
	if trigger == "" {
		trigger = o.trigger
	}
	q = backtest.Question{Label: o.label, Full: o.full, Alone: !o.overlap, Tasks: sim.People(o.tasks)}
	if q.Tasks != sim.Done && q.Tasks != sim.Idle {
		return q, holdfast.Errorf(holdfast.Invalid, "--tasks %s: expected done or idle", o.tasks)
	}
	if q.Project, q.Playbook, err = findPlaybook(s, name, o.project); err != nil {
		return q, err
	}
	if q.Trigger, err = findTrigger(q.Playbook, trigger); err != nil {
		return q, err
	}
	if q.Label != "" && !slices.Contains(q.Project.Rules.Events(), q.Label) {
		e := holdfast.Errorf(holdfast.NotFound, "--label %s: no event is declared under this name", q.Label)
		e.Hint = "declared are " + strings.Join(q.Project.Rules.Events(), ", ")
		return q, e
	}
	if q.Within, err = days("--within", o.within, 1); err != nil {
		return q, err
	}
	if q.Lasts, err = days("--lasts", o.lasts, 0); err != nil {
		return q, err
	}
	for _, end := range []struct {
		flag, text string
		to         *time.Time
	}{{"--from", o.from, &q.From}, {"--to", o.to, &q.To}} {
		if end.text == "" {
			continue
		}
		if *end.to, err = intake.ParseTime(end.text); err != nil {
			return q, fmt.Errorf("%s %w", end.flag, err)
		}
	}
	if o.sweep != "" {
		q.Sweep, err = backtest.ParseSweep(o.sweep)
	}
	return q, err
}

// days of a flag that is a span in days or weeks.
func days(flag, text string, least int) (int, error) {
	sp, err := calendar.ParseSpan(text)
	if err == nil && sp.Days >= least && sp.Months == 0 && sp.Business == 0 && sp.Dur == 0 {
		return sp.Days, nil
	}
	return 0, holdfast.Errorf(holdfast.Invalid, "%s %s: write days or weeks, such as 90d", flag, text)
}

// printBacktest writes the report where it is wanted.
func printBacktest(s Streams, r *backtest.Report, o backtestOptions) error {
	for _, out := range []struct {
		file  string
		write func(io.Writer) error
	}{{o.html, r.HTML}, {o.csv, r.CSV}} {
		if out.file == "" {
			continue
		}
		f, err := os.Create(out.file)
		if err != nil {
			return err
		}
		if err := errors.Join(out.write(f), f.Close()); err != nil {
			return fmt.Errorf("write %s: %w", out.file, err)
		}
	}
	if o.format == "json" {
		out := json.NewEncoder(s.Out)
		out.SetEscapeHTML(false)
		return out.Encode(r)
	}
	return r.Text(s.Out, columns(s.Out))
}

// columns is how wide the terminal is; 100 elsewhere.
func columns(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return 100
}
