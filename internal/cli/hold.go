package cli

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"holdfast"
	"holdfast/activities"
	"holdfast/internal/calendar"
	"holdfast/internal/store"
)

func holdCommand(s Streams) *cobra.Command {
	var span, reason, by string
	c := &cobra.Command{
		Use:   "hold [ACCOUNT]",
		Short: "Hold an account: no automated touch of any playbook goes to it",
		Long: `Holds an account from the moment this command returns, whether holdfast runs or
not: no automated touch of any playbook goes to the customer until the hold ends or
is released. Clocks and listening go on, and so does work inside the house. What is
overdue then follows its playbook's catch_up. Without an account it lists the holds.`,
		Example: "  holdfast hold acme --for 10d --reason \"executive talks\" --by Mira\n  holdfast hold",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return inDir(cmd, func(ctx context.Context, st store.Store) error {
				if len(args) == 0 {
					return listHolds(ctx, st, s)
				}
				until, err := endOf(span)
				if err != nil {
					return err
				}
				h, err := activities.HoldAccount(ctx, st, args[0], by, reason, until, realClock.Now())
				if err != nil {
					return err
				}
				fmt.Fprintf(s.Out, "%s is held %s; holdfast release %s ends it\n", h.Account, untilWhen(h), h.Account)
				return nil
			})
		},
	}
	c.Flags().String("dir", ".holdfast", "data directory; it may be in use by a running holdfast")
	c.Flags().StringVar(&span, "for", "", "how long, such as 10d; without it until it is released")
	c.Flags().StringVar(&reason, "reason", "", "why: shown with every touch that waits")
	c.Flags().StringVar(&by, "by", "someone", "who holds it")
	return c
}

// endOf is when a hold that begins at a moment ends; the zero time for one
// without an end.
func endOf(span string) (func(time.Time) time.Time, error) {
	if span == "" {
		return func(time.Time) time.Time { return time.Time{} }, nil
	}
	sp, err := calendar.ParseSpan(span)
	if err != nil {
		return nil, holdfast.Errorf(holdfast.Invalid, "--for: %v", err)
	}
	if sp.Zero() {
		return nil, holdfast.Errorf(holdfast.Invalid, "--for %s is no time at all", span)
	}
	return func(t time.Time) time.Time { return sp.Add(t.UTC(), calendar.Days{}) }, nil
}

func untilWhen(h store.Hold) string {
	if h.Until.IsZero() {
		return "until it is released"
	}
	return "until " + h.Until.Format("Mon 2 Jan 2006 15:04 MST")
}

func listHolds(ctx context.Context, st store.Store, s Streams) error {
	return st.View(ctx, func(tx store.Tx) error {
		now, err := activities.Now(tx, realClock.Now())
		if err != nil {
			return err
		}
		all, err := tx.Holds("", now)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			fmt.Fprintln(s.Out, "no account is held")
			return nil
		}
		w := tabwriter.NewWriter(s.Out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "account\theld by\tsince\t\treason")
		for _, h := range all {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", h.Account, h.By, h.Since.Format("2006-01-02 15:04"), untilWhen(h), h.Reason)
		}
		return w.Flush()
	})
}

func releaseCommand(s Streams) *cobra.Command {
	var by string
	var playbooks bool
	c := &cobra.Command{
		Use:   "release ACCOUNT",
		Short: "End the holds on an account",
		Long: `Ends the holds that people have put on an account and, with --playbooks, those of
playbooks too. What waited is looked at again by all guards, so nothing goes outside
its window.`,
		Example: "  holdfast release acme --by Mira",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return inDir(cmd, func(ctx context.Context, st store.Store) error {
				ended, err := activities.ReleaseAccount(ctx, st, args[0], by, playbooks, realClock.Now())
				if err != nil {
					return err
				}
				if len(ended) == 0 {
					fmt.Fprintf(s.Out, "nobody holds %s; --playbooks ends the holds of playbooks too\n", args[0])
					return nil
				}
				var whose []string
				for _, h := range ended {
					whose = append(whose, h.By)
				}
				fmt.Fprintf(s.Out, "%s is released from %s\n", args[0], strings.Join(whose, ", "))
				return nil
			})
		},
	}
	c.Flags().String("dir", ".holdfast", "data directory; it may be in use by a running holdfast")
	c.Flags().StringVar(&by, "by", "someone", "who releases it")
	c.Flags().BoolVar(&playbooks, "playbooks", false, "end the holds of playbooks too")
	return c
}
