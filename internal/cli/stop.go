package cli

import (
	"context"
	"fmt"

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
	c := &cobra.Command{
		Use:   "stop PLAYBOOK",
		Short: "Stop the sending of one playbook",
		Long: `Stops every message of a playbook, to customers and to your own people, from the
moment this command returns, whether holdfast runs or not. Others go on; so do clocks
and listening.`,
		Example: `  holdfast stop win-back --by "Mira: wrong price list"`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return inDir(cmd, func(ctx context.Context, st store.Store) error {
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
	return c
}

func resumeCommand(s Streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "resume PLAYBOOK",
		Short: "Let a playbook's messages go again after stop",
		Long: `Lets a playbook's messages go again. What was held is looked at again by all guards,
so nothing goes outside its window; what is overdue follows the playbook's catch_up.`,
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
