package cli

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"holdfast/internal/app"
	"holdfast/internal/clock"
	"holdfast/internal/conductor"
	"holdfast/internal/intake"
	"holdfast/internal/project"
	"holdfast/internal/telemetry"
)

// runOptions are the flags that dev and server share.
type runOptions struct {
	dir, listen, public, at, speed string
	operations, logFormat          string
	json, verbose                  bool
	serves                         bool // a server: somebody may collect its log

	slack *slackDesk // of dev; nil: none
}

func (o *runOptions) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&o.dir, "dir", "", "data directory (default: .holdfast in DIR)")
	f.StringVar(&o.listen, "listen", "127.0.0.1:7788", "loopback address of the page")
	f.StringVar(&o.public, "public", "", "address at which providers call, such as :8080 (default: none)")
	f.StringVar(&o.operations, "operations", "", "address of /metrics, /healthz and /readyz (default: that of the page)")
	f.StringVar(&o.logFormat, "log-format", "", "text or json (default: json for a server without a terminal)")
	f.BoolVar(&o.json, "json", false, "print one JSON object a line")
	f.BoolVar(&o.verbose, "verbose", false, "print waits and branches as well")
}

func devCommand(s Streams) *cobra.Command {
	var o runOptions
	var slack string
	c := &cobra.Command{
		Use:   "dev DIR",
		Short: "Run a project while you write it: nothing leaves this machine",
		Long: `Runs the project in DIR on the embedded engine and serves the page. A change
to its files is linted at once; what lints is published, and enrollments that run
keep the version they began with. Keys of providers in the environment are not
read: mails go to the outbox, and what goes to Slack to a stand-in for it on this
machine, whose page shows the cards and forms to each of the team, and lets you
click them. It forgets them when the command ends. With --slack outbox they are
kept in the outbox, to be read.

With --at or --speed the clock is compressed: it starts at --at and moves to the
next due moment when nothing is in flight.

With --public ADDR the doors for the outside are opened there; those that need a
provider's key stay shut.`,
		Example: "  holdfast dev retention\n  holdfast dev retention --at 2026-06-01 --speed 2d/s --dir /tmp/try\n  holdfast dev retention --slack outbox",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := loadProject(args[0], s)
			if err != nil {
				return err
			}
			v, err := o.virtual()
			if err != nil {
				return err
			}
			cfg := app.Config{Project: p, Virtual: v}
			p.Settings.Channels = nil // outbox
			if o.slack, err = chooseSlack(cmd.Context(), slack, p); err != nil {
				return err
			}
			if o.slack != nil {
				cfg.Env = o.slack.env()
				defer o.slack.close() //nolint:errcheck // its ports are free either way
			}
			return runProject(cmd.Context(), s, o, args[0], cfg, true)
		},
	}
	o.flags(c)
	c.Flags().StringVar(&slack, "slack", "page", "where Slack's cards go: page or outbox")
	c.Flags().StringVar(&o.at, "at", "", "compressed clock: where it starts (default: today)")
	c.Flags().StringVar(&o.speed, "speed", "", "compressed clock: the most time that may pass in a second, such as 2d/s, or max")
	return c
}

// virtual is the compressed clock that the flags ask for, or nil.
func (o runOptions) virtual() (*app.Virtual, error) {
	if o.at == "" && o.speed == "" {
		return nil, nil
	}
	v := &app.Virtual{At: realClock.Now().Truncate(24 * time.Hour)}
	var err error
	if o.at != "" {
		if v.At, err = intake.ParseTime(o.at); err != nil {
			return nil, fmt.Errorf("--at %w", err)
		}
	}
	if o.speed != "" {
		if v.Pace, err = conductor.ParsePace(o.speed); err != nil {
			return nil, fmt.Errorf("--speed: %w", err)
		}
	}
	v.End = v.At.AddDate(5, 0, 0)
	return v, nil
}

// runProject runs until ctx ends, or until a compressed clock has no more to do.
func runProject(ctx context.Context, s Streams, o runOptions, dir string, cfg app.Config, watching bool) (err error) {
	if cfg.Dir = o.dir; cfg.Dir == "" {
		cfg.Dir = filepath.Join(dir, ".holdfast")
	}
	if cfg.Log, err = o.log(s); err != nil {
		return err
	}
	cfg.Telemetry = telemetry.New(realClock)
	if err := cfg.Telemetry.Export(ctx, cfg.Env.TraceEndpoint, buildVersion(), cfg.Log); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeTelemetry(ctx, cfg)) }()
	a, err := app.Open(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	say := newSayer(s, o.json)
	pace := ""
	var sources []conductor.Source
	if cfg.Virtual != nil {
		pace = "compressed: pace " + cfg.Virtual.Pace.String()
		say.f("time is compressed, from %s, pace %s\n", a.Clock.Now().Format("2 January 2006 15:04"), cfg.Virtual.Pace)
		c, err := readCast(dir, s)
		if err != nil {
			return err
		}
		if c != nil {
			sources = append(sources, a.Cast(c))
		}
	}
	site, err := serveSite(ctx, a, o.listen, pace) // first: a port in use is told at once
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, site.close(ctx)) }()
	ops, err := serveOperations(ctx, a, o.operations, cfg.Env.OperationsToken, say)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ops.close(ctx)) }()
	public, err := openDoors(ctx, o.public)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, public.close(ctx)) }()
	if o.slack != nil {
		if err := o.slack.attach(ctx, a); err != nil {
			return err
		}
	}
	if watching {
		feed, err := takeSamples(ctx, a, dir, say)
		if err != nil {
			return err
		}
		sources = append(sources, feed)
	}
	if err := a.Start(ctx); err != nil {
		return err
	}
	if err := public.serve(a, say); err != nil {
		return err
	}
	say.f("ready: %d playbooks; look at it: %s\n", len(cfg.Project.Playbooks), site.url)
	if o.slack != nil {
		say.f("slack: %s/ shows the cards\n", o.slack.url)
	}

	if watching {
		watch, stop := context.WithCancel(ctx)
		done := make(chan struct{})
		go func() {
			defer close(done)
			watchProject(watch, a, dir, s, say, o.slack)
		}()
		defer func() { stop(); <-done }()
	}
	p := &printer{out: s.Out, json: o.json, verbose: o.verbose, color: !o.json && terminal(s.Out)}
	err = a.Perform(ctx, p.Line, sources...)
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		say.f("stopped; the same command goes on from here\n")
		return nil
	}
	return err
}

// takeSamples takes in the data files that lie in a project: what happened before
// the clock's now at once, as history; the rest is the feed's, for its time.
func takeSamples(ctx context.Context, a *app.App, dir string, say *sayer) (*app.Feed, error) {
	var total intake.Result
	msgs, bad, err := readMessages(ctx, dataOf(dir), a.Project.Rules, a.Clock.Now())
	if err != nil {
		return nil, err
	}
	feed, err := a.Feed(ctx, msgs, &total, func(done, all int) { say.progress("taking in", done, all) })
	say.clear()
	say.problems(bad, total)
	if len(msgs) > 0 {
		say.f("took in %d messages of the project's files (%d known already)\n", total.Fresh, total.Repeated)
	}
	return feed, err
}

// watchProject publishes the project again whenever its files change and lint.
func watchProject(ctx context.Context, a *app.App, dir string, s Streams, say *sayer, desk *slackDesk) {
	last := fingerprint(dir)
	for clock.Sleep(ctx, time.Second) == nil {
		now := fingerprint(dir)
		if now == last {
			continue
		}
		last = now
		p, err := loadProject(dir, s)
		if err != nil {
			say.f("not published: mend it first\n")
			continue
		}
		p.Settings.Channels = nil
		if desk != nil {
			desk.take(p)
		}
		names, err := a.Republish(ctx, p)
		if err != nil {
			say.f("not published: %v\n", err)
			continue
		}
		published(say, p, names)
	}
}

func published(say *sayer, p *project.Project, names []string) {
	if len(names) == 0 {
		say.f("%d playbooks, none changed\n", len(p.Playbooks))
		return
	}
	say.f("published %s; running enrollments keep their version\n", strings.Join(names, ", "))
}

// fingerprint changes when a file of the project does.
func fingerprint(dir string) uint64 {
	h := fnv.New64a()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || (d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != dir) {
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
			return err
		}
		if info, err := d.Info(); err == nil && !d.IsDir() {
			fmt.Fprintf(h, "%s %d %d\n", path, info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	if err != nil {
		return 0
	}
	return h.Sum64()
}
