package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"holdfast"
	"holdfast/activities"
	"holdfast/internal/clock"
	"holdfast/internal/intake"
	"holdfast/internal/project"
	"holdfast/internal/store"
	"holdfast/playbooks"
	"holdfast/rules"
)

// announceOptions are the flags of announce.
type announceOptions struct {
	project, props, id string
	dry, json          bool
}

func announceCommand(s Streams) *cobra.Command {
	var o announceOptions
	c := &cobra.Command{
		Use:   "announce EVENT",
		Short: "Tell all accounts of an event that is about none of them alone",
		Long: `Takes an event that is declared of: all, such as a release or a competitor's news, to
every account: those that match start the playbooks that wait for it, each at a moment
of its own within the trigger's spread. It works whether holdfast runs or not; a
running one begins within half a minute.

The same event with the same properties is announced once a day, however often this is
called; --id makes it another. --dry-run counts who matches, and writes nothing.`,
		Example: `  holdfast announce 'Feature Shipped' --props '{"topics": ["sso"]}' --dry-run
  holdfast announce 'Feature Shipped' --props '{"topics": ["sso"]}'
  holdfast announce list
  holdfast announce stop 4211 --by "Mira: the release slips"`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir, err := cmd.Flags().GetString("dir")
			if err != nil {
				return err
			}
			p, err := inForce(cmd.Context(), tasksOptions{dir: dir, project: o.project})
			if err != nil {
				return err
			}
			return inDir(cmd, func(ctx context.Context, st store.Store) error { return announce(ctx, s, st, p, args[0], o) })
		},
	}
	c.PersistentFlags().String("dir", ".holdfast", "data directory; it may be in use by a running holdfast")
	c.Flags().StringVar(&o.project, "project", ".", "project directory, where nothing was applied yet")
	c.Flags().StringVar(&o.props, "props", "", "the event's properties: a JSON object, or a file that holds one")
	c.Flags().StringVar(&o.id, "id", "", "its message id: the same id is one announcement for ever (default: of its day and content)")
	c.Flags().BoolVar(&o.dry, "dry-run", false, "only say how many accounts match")
	c.Flags().BoolVar(&o.json, "json", false, "print one JSON object")
	c.AddCommand(announceList(s), announceResume(s), announceStop(s))
	return c
}

func announce(ctx context.Context, s Streams, st store.Store, p *project.Project, event string, o announceOptions) error {
	props, err := eventProps(explainOptions{event: event, props: o.props})
	if err != nil {
		return err
	}
	if !p.Rules.OfAll(event) {
		return notOfAll(p.Rules, event)
	}
	now, err := virtualNow(ctx, st)
	if err != nil {
		return err
	}
	m := holdfast.Message{ID: o.id, Source: "announce", Kind: holdfast.Track, Event: event, At: now, Props: props}
	if m.ID == "" {
		said, err := json.Marshal(props)
		if err != nil {
			return err
		}
		m.ID = intake.ContentID([]byte(event), said, []byte(now.UTC().Format("2006-01-02")))
	}
	in := &intake.Intake{
		Store: st, Clock: clock.NewVirtual(now), Log: slog.New(slog.DiscardHandler),
		Rules:     func() *rules.Set { return p.Rules },
		Playbooks: func() []*playbooks.Playbook { return p.Playbooks },
		Options:   intake.Options{Place: activities.ProjectOf(p).Place},
	}
	if o.dry {
		return wouldReach(ctx, s, in, m, o)
	}
	res, err := in.Take(ctx, []holdfast.Message{m}, intake.Live)
	if err != nil {
		return err
	}
	for _, no := range res.Problems {
		return holdfast.Errorf(holdfast.Invalid, "%s: %s", event, no.Reason)
	}
	return announced(ctx, s, st, m, res.Repeated > 0, o)
}

func notOfAll(set *rules.Set, event string) error {
	fields := &holdfast.Error{Code: holdfast.Invalid, Message: fmt.Sprintf("%q is about one account, and no announcement", event),
		Hint: "import its messages, or declare it with of: all"}
	if _, ok := set.EventFields(event); !ok {
		fields.Message, fields.Hint = fmt.Sprintf("no event is called %q", event), "declare it with of: all"
		var all []string
		for _, name := range set.Events() {
			if set.OfAll(name) {
				all = append(all, name)
			}
		}
		if len(all) > 0 {
			fields.Hint = "of all accounts are: " + strings.Join(all, ", ")
		}
	}
	return fields
}

func wouldReach(ctx context.Context, s Streams, in *intake.Intake, m holdfast.Message, o announceOptions) error {
	got, err := in.TryAnnouncement(ctx, m, m.At)
	if err != nil {
		return err
	}
	if o.json {
		return (&printer{out: s.Out}).JSON(got)
	}
	if len(got.Triggers) == 0 {
		fmt.Fprintf(s.Out, "no playbook waits for %s\n", m.Event)
	}
	for _, t := range got.Triggers {
		fmt.Fprintf(s.Out, "%s %s: %d of %s would match\n", t.Playbook, t.Trigger, t.Matches, plural(got.Accounts, "account", "accounts"))
	}
	return nil
}

// announced says under which number it goes.
func announced(ctx context.Context, s Streams, st store.Store, m holdfast.Message, again bool, o announceOptions) error {
	all, err := intake.Announcements(ctx, st)
	if err != nil {
		return err
	}
	for _, a := range all {
		if a.Message.ID != m.ID || a.Message.Source != m.Source {
			continue
		}
		switch {
		case o.json:
			return (&printer{out: s.Out}).JSON(a)
		case again:
			fmt.Fprintf(s.Out, "it was announced already: number %d, %s; --id makes it another\n", a.Seq, a.Phase)
		default:
			fmt.Fprintf(s.Out, "announcement %d of %s is made; holdfast announce list shows how far it is\n", a.Seq, m.Event)
		}
		return nil
	}
	return holdfast.Errorf(holdfast.Conflict, "the id %s was taken before and announced nothing", m.ID)
}

func announceList(s Streams) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "list",
		Short:   "List announcements: how far each is, who matched and who entered",
		Example: "  holdfast announce list\n  holdfast announce list --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return inDir(cmd, func(ctx context.Context, st store.Store) error {
				all, err := intake.Announcements(ctx, st)
				if err != nil {
					return err
				}
				return listAnnouncements(s, all, asJSON)
			})
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return c
}

func listAnnouncements(s Streams, all []intake.Announcement, asJSON bool) error {
	if asJSON {
		p := &printer{out: s.Out}
		for _, a := range all {
			if err := p.JSON(a); err != nil {
				return err
			}
		}
		return nil
	}
	if len(all) == 0 {
		fmt.Fprintln(s.Out, "nothing was announced")
		return nil
	}
	w := tabwriter.NewWriter(s.Out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "number\tevent\tmade\tphase\tlooked at\tplaybook\ttrigger\tmatch\tentered\tpassed\twhy")
	for _, a := range all {
		looked := max(a.Looked, a.Accounts)
		if a.Phase == intake.Entering {
			looked = a.Looked
		}
		head := fmt.Sprintf("%d\t%s\t%s\t%s\t%d", a.Seq, a.Message.Event, a.Taken.Format("2006-01-02 15:04"), a.Phase, looked)
		if len(a.Triggers) == 0 {
			fmt.Fprintf(w, "%s\t\t\t\t\t\t%s\n", head, a.Why)
		}
		for _, t := range a.Triggers {
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%s\n", head, t.Playbook, t.Trigger, t.Matches, t.Entered, t.Passed, a.Why)
		}
	}
	return w.Flush()
}

func announceResume(s Streams) *cobra.Command {
	return &cobra.Command{
		Use:     "resume NUMBER",
		Short:   "Let an announcement go on that asks",
		Long:    `Lets in who matches, spread from now on. An announcement asks when it matches more accounts than anybody is likely to mean.`,
		Example: "  holdfast announce resume 4211",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return answerAnnouncement(cmd, args[0], func(ctx context.Context, st store.Store, n int64) error {
				a, err := intake.ResumeAnnouncement(ctx, st, n)
				if err == nil {
					fmt.Fprintf(s.Out, "announcement %d of %s goes on\n", n, a.Message.Event)
				}
				return err
			})
		},
	}
}

func announceStop(s Streams) *cobra.Command {
	var by string
	c := &cobra.Command{
		Use:     "stop NUMBER",
		Short:   "End an announcement: nobody enters by it any more",
		Long:    `Ends an announcement for good: after this command nobody enters by it. Who has entered stays; holdfast stop PLAYBOOK keeps them from being written to.`,
		Example: "  holdfast announce stop 4211 --by \"Mira: the release slips\"",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return answerAnnouncement(cmd, args[0], func(ctx context.Context, st store.Store, n int64) error {
				now, err := clockOf(ctx, st)
				if err != nil {
					return err
				}
				a, err := intake.StopAnnouncement(ctx, st, n, by, now)
				if err == nil {
					fmt.Fprintf(s.Out, "announcement %d of %s is stopped\n", n, a.Message.Event)
				}
				return err
			})
		},
	}
	c.Flags().StringVar(&by, "by", "someone", "who stops it, and why: shown on each account's timeline")
	return c
}

func answerAnnouncement(cmd *cobra.Command, arg string, do func(context.Context, store.Store, int64) error) error {
	n, err := strconv.ParseInt(arg, 10, 64)
	if err != nil {
		return holdfast.Errorf(holdfast.Invalid, "%q is no number of an announcement: holdfast announce list shows them", arg)
	}
	return inDir(cmd, func(ctx context.Context, st store.Store) error { return do(ctx, st, n) })
}
