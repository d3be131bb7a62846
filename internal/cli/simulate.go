package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"holdfast"
	"holdfast/internal/calendar"
	"holdfast/internal/intake"
	"holdfast/internal/project"
	"holdfast/internal/sim"
	"holdfast/internal/source"
	"holdfast/internal/timeline"
	"holdfast/playbooks"
)

// simulateOptions are the flags of simulate.
type simulateOptions struct {
	account, at, events, span, trigger, tasks, project string
	svg, html                                          string
	paths, json                                        bool
	most                                               int
}

func simulateCommand(s Streams) *cobra.Command {
	var o simulateOptions
	c := &cobra.Command{
		Use:   "simulate PLAYBOOK",
		Short: "Show what a playbook would do for one account, day by day",
		Long: `Runs one account through a playbook on a simulated clock, with the same code as
in production, and prints the timeline: each touch, wait and branch, and why it
falls where it does. Nothing is sent, and no data directory is needed.

PLAYBOOK is a file or, with --project, a name. The account is a row of a CSV
table (contacts.csv beside it is read too) or the JSON lines of an event log up
to --at. A trigger is taken to have fired. --events says what happens later:
JSON lines such as

  {"type":"track","event":"email.replied","userId":"dana","groupId":"acme","timestamp":"2026-03-01T10:00:00Z"}

where task.completed with properties {"step":"call","answers":{…}} closes a task.
Tasks that no event closes are done when they are due, their required questions
answered with the first choice; --tasks idle lets them expire.

--paths plays the playbook again for every choice that people and the customer
have: each answer of a form, a task that cannot be done or expires, a yes, a no,
an event that is waited for, silence. --svg and --html draw the timeline; a page
of --paths holds them all.`,
		Example: `  holdfast simulate playbooks/win-back.yaml --account accounts.csv#acme
  holdfast simulate win-back --account log.jsonl#acme --at 2026-03-01 --trigger half_year --for 90d
  holdfast simulate win-back --account accounts.csv#acme --events replies.jsonl --json
  holdfast simulate win-back --account accounts.csv#acme --paths --html ways.html`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runSimulate(cmd.Context(), s, args[0], o) },
	}
	f := c.Flags()
	f.StringVar(&o.account, "account", "", "the account: FILE.csv#ID or FILE.jsonl#ID")
	f.StringVar(&o.at, "at", "", "where the clock starts: a date or an RFC 3339 time (default: now)")
	f.StringVar(&o.events, "events", "", "a file of what happens later")
	f.StringVar(&o.span, "for", "2y", "how long to go on at most")
	f.StringVar(&o.trigger, "trigger", "", "id of the trigger that is taken to have fired (default: the first)")
	f.StringVar(&o.tasks, "tasks", string(sim.Done), "what people do with tasks: done or idle")
	f.StringVar(&o.project, "project", ".", "project directory, when PLAYBOOK is a name")
	f.StringVar(&o.svg, "svg", "", "draw the timeline into this file")
	f.StringVar(&o.html, "html", "", "write a page with picture and reasons into this file")
	f.BoolVar(&o.paths, "paths", false, "play every choice that people and the customer have")
	f.IntVar(&o.most, "most", 200, "with --paths: at most so many ways")
	f.BoolVar(&o.json, "json", false, "print one JSON object a line, the last of kind summary")
	return c
}

func runSimulate(ctx context.Context, s Streams, playbook string, o simulateOptions) error {
	c, err := simulated(ctx, s, playbook, o)
	if err != nil {
		return err
	}
	if o.paths {
		return simulatePaths(ctx, s, c, o)
	}
	run, err := sim.Simulate(ctx, c)
	if err != nil {
		return err
	}
	if err := drawRuns(s, o, c, []timeline.Story{storyOf(c, run, "")}); err != nil {
		return err
	}
	if o.json {
		return printRunJSON(s, run)
	}
	return printRun(s, c, run)
}

// simulated is the case that the arguments name.
func simulated(ctx context.Context, s Streams, playbook string, o simulateOptions) (c sim.Case, err error) {
	if o.account == "" {
		return c, holdfast.Errorf(holdfast.Invalid, "simulate needs an account: --account FILE.csv#ID or FILE.jsonl#ID")
	}
	if c.Tasks = sim.People(o.tasks); c.Tasks != sim.Done && c.Tasks != sim.Idle {
		return c, holdfast.Errorf(holdfast.Invalid, "--tasks %s: expected done or idle", o.tasks)
	}
	if c.Project, c.Playbook, err = findPlaybook(s, playbook, o.project); err != nil {
		return c, err
	}
	if c.At, c.Until, err = period(o.at, o.span); err != nil {
		return c, err
	}
	if c.Trigger, err = findTrigger(c.Playbook, o.trigger); err != nil {
		return c, err
	}
	if c.Account, c.Known, err = sim.ReadAccount(ctx, o.account, c.At, c.Project.Rules); err != nil {
		return c, err
	}
	if o.events != "" {
		c.Events, err = sim.ReadEvents(ctx, o.events, c.Account, c.At, c.Project.Rules)
	}
	return c, err
}

// findPlaybook is the one in a file, or of a name in a project.
func findPlaybook(s Streams, ref, dir string) (*project.Project, *playbooks.Playbook, error) {
	file := strings.HasSuffix(ref, ".yaml")
	if file {
		if _, err := os.Stat(ref); err != nil {
			return nil, nil, err
		}
		dir = ref
	}
	p, err := loadProject(dir, s)
	if err != nil {
		return nil, nil, err
	}
	var names []string
	for _, b := range p.Playbooks {
		if b.Name == ref {
			return p, b, nil
		}
		names = append(names, b.Name)
	}
	if file && len(p.Playbooks) == 1 {
		return p, p.Playbooks[0], nil
	}
	e := holdfast.Errorf(holdfast.NotFound, "there is no playbook %q in %s", ref, dir)
	if file {
		e = holdfast.Errorf(holdfast.Invalid, "%s holds %d playbooks", ref, len(names))
	}
	if near := source.Suggest(ref, names); near != "" {
		names = []string{near}
	}
	if len(names) > 0 {
		e.Hint = "name one with --project: " + strings.Join(names, ", ")
	}
	return nil, nil, e
}

func findTrigger(p *playbooks.Playbook, id string) (string, error) {
	var ids []string
	for _, t := range p.Triggers {
		ids = append(ids, t.ID)
	}
	if id == "" || slices.Contains(ids, id) {
		return id, nil
	}
	e := holdfast.Errorf(holdfast.NotFound, "playbook %s has no trigger %q", p.Name, id)
	e.Hint = "it has " + strings.Join(ids, ", ")
	return "", e
}

// period is from --at for --for.
func period(at, span string) (from, until time.Time, err error) {
	from = realClock.Now().Truncate(time.Minute)
	if at != "" {
		if from, err = intake.ParseTime(at); err != nil {
			return from, until, fmt.Errorf("--at %w", err)
		}
	}
	length, err := calendar.ParseSpan(span)
	if err != nil {
		return from, until, fmt.Errorf("--for %w", err)
	}
	return from, length.Add(from, calendar.Days{}), nil
}

// runSummary is the last line of --json.
type runSummary struct {
	Kind   string    `json:"kind"` // summary
	Ended  bool      `json:"ended"`
	Doing  string    `json:"doing,omitempty"` // when it did not end
	Stands time.Time `json:"stands"`
}

func printRunJSON(s Streams, run sim.Run) error {
	out := json.NewEncoder(s.Out)
	out.SetEscapeHTML(false)
	for _, l := range run.Lines {
		if err := out.Encode(l); err != nil {
			return err
		}
	}
	sum := runSummary{Kind: "summary", Ended: run.Ended, Stands: run.Stands}
	if !run.Ended {
		sum.Doing = run.Doing
	}
	return out.Encode(sum)
}

// whenFormat shows a moment where the account is.
const whenFormat = "Mon 2 Jan 2006 15:04"

func printRun(s Streams, c sim.Case, run sim.Run) error {
	fmt.Fprintf(s.Out, "%s for %s from %s (%s)\n\n", c.Playbook.Name, c.Account, c.At.In(run.Zone).Format(whenFormat), run.Zone)
	t := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	for _, l := range run.Lines {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", l.At.In(run.Zone).Format(whenFormat), l.Kind, l.Path, timeline.Words(l))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if !run.Ended {
		fmt.Fprintf(s.Out, "\nOn %s it has not ended: %s.\n", run.Stands.In(run.Zone).Format(whenFormat), run.Doing)
	}
	return nil
}
