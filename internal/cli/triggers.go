package cli

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"holdfast"
	"holdfast/activities"
	"holdfast/internal/calendar"
	"holdfast/internal/intake"
	"holdfast/internal/store"
)

func triggersCommand(s Streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "triggers",
		Short: "List triggers that a surge or a silent feed holds back, and answer for them",
		Long: `A trigger that brings in far more accounts than it ever does is paused, and those
beyond wait: a feed that broke must not write to everybody. Look whether the data is
right, then let them in or forget them. So is one whose condition reads a feed that is
silent for everybody, longer than is usual: it goes on by itself when the feed is back,
or when somebody answers. It works whether holdfast runs or not.`,
		Example: "  holdfast triggers list\n  holdfast triggers resume usage-drop\n  holdfast triggers drop usage-drop fell --by Mira",
	}
	c.PersistentFlags().String("dir", ".holdfast", "data directory; it may be in use by a running holdfast")
	c.AddCommand(triggersList(s), triggersResume(s), triggersDrop(s))
	return c
}

func triggersList(s Streams) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List triggers that are paused, and how many accounts wait",
		Example: "  holdfast triggers list",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return inDir(cmd, func(ctx context.Context, st store.Store) error {
				held, err := intake.HeldTriggers(ctx, st)
				if err != nil {
					return err
				}
				if len(held) == 0 {
					fmt.Fprintln(s.Out, "no trigger is paused")
					return nil
				}
				w := tabwriter.NewWriter(s.Out, 0, 4, 2, ' ', 0)
				fmt.Fprintln(w, "playbook\ttrigger\twaiting\tpaused since\twhy")
				for _, h := range held {
					since := "goes on"
					if h.Paused {
						since = h.Since.Format("2006-01-02 15:04")
					}
					fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\n", h.Playbook, h.Trigger, h.Waiting, since, h.Why)
				}
				return w.Flush()
			})
		},
	}
}

func triggersResume(s Streams) *cobra.Command {
	var over string
	c := &cobra.Command{
		Use:   "resume PLAYBOOK [TRIGGER]",
		Short: "Let in who waits, spread over a day, and let the trigger go on",
		Long: `Lets in who waits, each account at a moment of its own within --over, by the rules of
entry and if its condition still holds, and lets the trigger go on.`,
		Example: "  holdfast triggers resume usage-drop\n  holdfast triggers resume usage-drop fell --over 5d",
		Args:    cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			span, err := calendar.ParseSpan(over)
			if err != nil {
				return holdfast.Errorf(holdfast.Invalid, "--over: %v", err)
			}
			return inDir(cmd, func(ctx context.Context, st store.Store) error {
				now, err := virtualNow(ctx, st)
				if err != nil {
					return err
				}
				all, err := intake.AdmitWaiting(ctx, st, args[0], second(args), span.Add(now.UTC(), calendar.Days{}).Sub(now), now)
				if err != nil {
					return err
				}
				for _, one := range all {
					fmt.Fprintf(s.Out, "%s %s goes on; %s within %s\n", args[0], one.Trigger, plural(one.Entries, "account enters", "accounts enter"), over)
				}
				return nil
			})
		},
	}
	c.Flags().StringVar(&over, "over", "1d", "how long they are spread over; 0s is at once")
	return c
}

func triggersDrop(s Streams) *cobra.Command {
	var by string
	c := &cobra.Command{
		Use:     "drop PLAYBOOK [TRIGGER]",
		Short:   "Forget who waits, and let the trigger go on",
		Long:    `Forgets who waits: each account's timeline says by whom. The trigger goes on with what comes from now on.`,
		Example: "  holdfast triggers drop usage-drop --by \"Mira: the feed was down\"",
		Args:    cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return inDir(cmd, func(ctx context.Context, st store.Store) error {
				now, err := virtualNow(ctx, st)
				if err != nil {
					return err
				}
				all, err := intake.DropWaiting(ctx, st, args[0], second(args), by, now)
				if err != nil {
					return err
				}
				for _, one := range all {
					fmt.Fprintf(s.Out, "%s %s goes on; %s forgotten\n", args[0], one.Trigger, plural(one.Entries, "account that waited is", "accounts that waited are"))
				}
				return nil
			})
		},
	}
	c.Flags().StringVar(&by, "by", "someone", "who drops them, and why: shown on each account's timeline")
	return c
}

func second(args []string) string {
	if len(args) < 2 {
		return ""
	}
	return args[1]
}

// virtualNow is the moment at which a data directory stands.
func virtualNow(ctx context.Context, st store.Store) (now time.Time, err error) {
	err = st.View(ctx, func(tx store.Tx) error {
		now, err = activities.Now(tx, realClock.Now())
		return err
	})
	return now, err
}
