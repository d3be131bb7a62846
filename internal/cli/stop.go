package cli

import (
	"cmp"
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"holdfast/activities"
	"holdfast/internal/store"
)

func stopAllCommand(s Streams) *cobra.Command {
	var by string
	c := &cobra.Command{
		Use:   "stop-all",
		Short: "Stop all sending at once: one row that every claim reads",
		Long: `Stops every message of every playbook, to customers and to your own people, from
the moment this command returns, whether holdfast runs or not. A message that is on
its way at that moment is finished. Clocks and listening go on.`,
		Example: `  holdfast stop-all --by "Mira: wrong price list"`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return inDir(cmd, func(ctx context.Context, st store.Store) error {
				if err := activities.StopAll(ctx, st, by); err != nil {
					return err
				}
				fmt.Fprintln(s.Out, "all sending is stopped; holdfast resume-all lets it go on")
				return nil
			})
		},
	}
	c.Flags().String("dir", ".holdfast", "data directory; it may be in use by a running holdfast")
	c.Flags().StringVar(&by, "by", "someone", "who stops it, and why: shown with every touch that is held")
	return c
}

func resumeAllCommand(s Streams) *cobra.Command {
	c := &cobra.Command{
		Use:     "resume-all",
		Short:   "Let messages go again after stop-all",
		Long:    `Lets messages go again. What was held is looked at again by all guards, so nothing goes outside its window.`,
		Example: "  holdfast resume-all",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return inDir(cmd, func(ctx context.Context, st store.Store) error {
				if err := activities.ResumeAll(ctx, st, realClock.Now()); err != nil {
					return err
				}
				fmt.Fprintln(s.Out, "sending goes on")
				return nil
			})
		},
	}
	c.Flags().String("dir", ".holdfast", "data directory; it may be in use by a running holdfast")
	return c
}

func stopCommand(s Streams) *cobra.Command {
	var by string
	var list bool
	c := &cobra.Command{
		Use:   "stop [PLAYBOOK]",
		Short: "Stop the sending of one playbook, or list what is stopped",
		Long: `Stops every message of a playbook, to customers and to your own people, from the
moment this command returns, whether holdfast runs or not. Others go on; so do clocks
and listening. The failure brake does the same when a playbook fails again and again,
or too many of its e-mails bounce or are reported as spam.`,
		Example: "  holdfast stop win-back --by \"Mira: wrong price list\"\n  holdfast stop --list",
		Args: func(cmd *cobra.Command, args []string) error {
			if list {
				return cobra.NoArgs(cmd, args)
			}
			return cobra.ExactArgs(1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return inDir(cmd, func(ctx context.Context, st store.Store) error {
				if list {
					return listStops(ctx, st, s)
				}
				if err := activities.StopPlaybook(ctx, st, args[0], by); err != nil {
					return err
				}
				fmt.Fprintf(s.Out, "%s is stopped; holdfast resume %s lets it go on\n", args[0], args[0])
				return nil
			})
		},
	}
	c.Flags().String("dir", ".holdfast", "data directory; it may be in use by a running holdfast")
	c.Flags().StringVar(&by, "by", "someone", "who stops it, and why: shown with every touch that is held")
	c.Flags().BoolVar(&list, "list", false, "list what is stopped, and by whom")
	return c
}

func listStops(ctx context.Context, st store.Store, s Streams) error {
	stops, err := activities.Stops(ctx, st)
	if err != nil {
		return err
	}
	if len(stops) == 0 {
		fmt.Fprintln(s.Out, "nothing is stopped")
		return nil
	}
	w := tabwriter.NewWriter(s.Out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "playbook\tstopped by")
	for _, one := range stops {
		fmt.Fprintf(w, "%s\t%s\n", cmp.Or(one.Playbook, "(all)"), one.By)
	}
	return w.Flush()
}

func resumeCommand(s Streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "resume PLAYBOOK",
		Short: "Let a playbook's messages go again after stop",
		Long: `Lets a playbook's messages go again, and has its failure brake count anew. What was
held is looked at again by all guards, so nothing goes outside its window; what is
overdue follows the playbook's catch_up.`,
		Example: "  holdfast resume win-back",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return inDir(cmd, func(ctx context.Context, st store.Store) error {
				if err := activities.ResumePlaybook(ctx, st, args[0], realClock.Now()); err != nil {
					return err
				}
				fmt.Fprintf(s.Out, "%s goes on\n", args[0])
				return nil
			})
		},
	}
	c.Flags().String("dir", ".holdfast", "data directory; it may be in use by a running holdfast")
	return c
}
