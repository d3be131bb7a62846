package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"holdfast/internal/app"
	"holdfast/internal/cast"
	"holdfast/internal/conductor"
	"holdfast/internal/intake"
	"holdfast/internal/project"
)

// demoOptions are the flags of demo.
type demoOptions struct {
	data                                  []string
	project, at, span, speed, dir, listen string
	json, serve, verbose                  bool
}

func demoCommand(s Streams) *cobra.Command {
	var o demoOptions
	c := &cobra.Command{
		Use:   "demo",
		Short: "Run the shipped playbooks over half a year of a sample company, time compressed",
		Long: `Runs playbooks over recorded data on the real embedded engine, with time
compressed: the clock moves to the next due moment only when nothing is in
flight, so that every touch falls exactly where it would have fallen. Nothing
leaves this machine; mails and Slack messages go to the outbox and can be read.

Without --data it runs a sample company of sixty accounts. With --data it runs
your messages (Segment-shaped JSON lines or CSV, plain or gzip): what lies before
--at is history and starts nothing.`,
		Example: `  holdfast demo
  holdfast demo --serve
  holdfast demo --data events.jsonl.gz --project examples/ravenstack --at 2024-07-01 --for 184d --speed max --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runDemo(cmd.Context(), s, o) },
	}
	f := c.Flags()
	f.StringArrayVar(&o.data, "data", nil, "a file of messages, or a CSV named accounts.csv or contacts.csv; may be repeated")
	f.StringVar(&o.project, "project", "", "project directory; default: the sample project that declares the data's events")
	f.StringVar(&o.at, "at", "", "where the clock starts: a date or an RFC 3339 time (sample: 2026-01-05)")
	f.StringVar(&o.span, "for", "", "how long the clock runs, such as 184d (sample: 210d)")
	f.StringVar(&o.speed, "speed", "max", "the most time that may pass in a second, such as 2d/s, or max")
	f.StringVar(&o.dir, "dir", "", "keep the data in this directory, and go on from where it stood")
	f.BoolVar(&o.json, "json", false, "print one JSON object a line, the last of kind summary")
	f.BoolVar(&o.serve, "serve", false, "keep the page up when the run is over, until Ctrl-C")
	f.StringVar(&o.listen, "listen", "127.0.0.1:0", "loopback address of the page")
	f.BoolVar(&o.verbose, "verbose", false, "print waits and branches as well")
	return c
}

func runDemo(ctx context.Context, s Streams, o demoOptions) (err error) {
	began := realClock.Now()
	pace, err := conductor.ParsePace(o.speed)
	if err != nil {
		return fmt.Errorf("--speed: %w", err)
	}
	run, err := prepare(ctx, s, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, run.cleanup()) }()

	a, err := app.Open(ctx, app.Config{
		Dir: run.dir, Project: run.project, Log: quietLog(s.Err), ScanEvery: 24 * time.Hour,
		Virtual: &app.Virtual{At: run.from, End: run.to, Pace: pace},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()

	say := newSayer(s, o.json)
	say.f("%s: time is compressed, from %s to %s, pace %s; nothing leaves this machine\n",
		run.project.Settings.Name, run.from.Format("2 January 2006"), run.to.Format("2 January 2006"), pace)
	site, err := serveSite(ctx, a, o.listen, "compressed: pace "+pace.String())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, site.close(ctx)) }()
	say.f("look at it: %s\n", site.url)
	var total intake.Result
	feed, err := a.Feed(ctx, run.messages, &total, func(done, all int) { say.progress("history", done, all) })
	if err != nil {
		return err
	}
	total.Rejected += run.bad.count
	total.Messages += run.bad.count
	say.clear()
	say.problems(run.bad, total)
	if err := a.Start(ctx); err != nil {
		return err
	}

	p := &printer{out: s.Out, json: o.json, verbose: o.verbose, color: !o.json && terminal(s.Out)}
	sources := []conductor.Source{feed}
	if run.cast != nil {
		sources = append(sources, a.Cast(run.cast))
	}
	if err := a.Perform(ctx, p.Line, sources...); err != nil {
		return err
	}
	site.finish()
	sum, err := summarise(ctx, a, total)
	if err != nil {
		return err
	}
	sum.From, sum.To, sum.Seconds = run.from, a.Clock.Now(), realClock.Now().Sub(began).Seconds()
	if err := sum.print(p, s.Out); err != nil {
		return err
	}
	if o.serve {
		say.f("\nthe page stays up at %s until Ctrl-C\n", site.url)
		<-ctx.Done()
	}
	return nil
}

// demoRun is what one demo works on.
type demoRun struct {
	project  *project.Project
	dir      string
	from, to time.Time
	messages messages
	bad      badRows
	cast     *cast.Cast // nil: nobody acts
	temp     []string   // removed at the end
}

func (r *demoRun) cleanup() error {
	var errs []error
	for _, dir := range r.temp {
		errs = append(errs, os.RemoveAll(dir))
	}
	return errors.Join(errs...)
}

// prepare finds the project, the data and the span of time.
func prepare(ctx context.Context, s Streams, o demoOptions) (r *demoRun, err error) {
	r = &demoRun{}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.cleanup())
		}
	}()
	root, err := r.tempDir("holdfast-demo-")
	if err != nil {
		return r, err
	}
	if r.dir = o.dir; r.dir == "" {
		r.dir = root + "/data"
	}
	dir, files := o.project, o.data
	if dir == "" {
		if dir, err = sample(ctx, root, files, s.Err); err != nil {
			return r, err
		}
	}
	if len(files) == 0 {
		files = dataOf(dir)
	}
	if r.project, err = loadProject(dir, s); err != nil {
		return r, err
	}
	r.project.Settings.Channels = nil // whatever it names, here all goes to the outbox
	if r.cast, err = readCast(dir, s); err != nil {
		return r, err
	}
	if r.from, r.to, err = period(cmp.Or(o.at, "2026-01-05"), cmp.Or(o.span, "210d")); err != nil {
		return r, err
	}
	r.messages, r.bad, err = readMessages(ctx, files, r.project.Rules, r.from)
	return r, err
}

func (r *demoRun) tempDir(prefix string) (string, error) {
	dir, err := os.MkdirTemp("", prefix)
	if err == nil {
		r.temp = append(r.temp, dir)
	}
	return dir, err
}
