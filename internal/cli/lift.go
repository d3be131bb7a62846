package cli

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"holdfast/activities"
	"holdfast/internal/calendar"
	"holdfast/internal/lift"
	"holdfast/internal/store"
	"holdfast/playbooks"
)

func enrollmentsLift(s Streams) *cobra.Command {
	var asJSON bool
	var playbook string
	c := &cobra.Command{
		Use:   "lift",
		Short: "Compare what playbooks treated with what they held out",
		Long: `Compares, for each playbook that holds accounts out, how many accounts met its goal
among those it treated and those it left alone, with a 95 % interval of the
difference. An account counts once, by its first entry, and only when the goal's
window is over.`,
		Example: "  holdfast enrollments lift\n  holdfast enrollments lift --playbook win-back --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return inDir(cmd, func(ctx context.Context, st store.Store) error {
				return st.View(ctx, func(tx store.Tx) error {
					rows, err := liftOf(tx, playbook)
					if err != nil {
						return err
					}
					return printLift(s, rows, asJSON)
				})
			})
		},
	}
	c.Flags().StringVar(&playbook, "playbook", "", "only of this playbook")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a playbook")
	return c
}

func liftOf(tx store.Tx, playbook string) ([]lift.Row, error) {
	now, err := activities.Now(tx, realClock.Now())
	if err != nil {
		return nil, err
	}
	var entries []lift.Entry
	windows := map[string]func(time.Time) time.Time{}
	for f := (store.EnrollmentFilter{Playbook: playbook}); ; {
		page, err := tx.ListEnrollments(f)
		if err != nil {
			return nil, err
		}
		if len(page) == 0 {
			return lift.Table(entries, now), nil
		}
		for _, e := range page {
			if windows[e.Digest] == nil {
				if windows[e.Digest], err = windowOf(tx, e.Digest); err != nil {
					return nil, err
				}
			}
			entries = append(entries, lift.Entry{
				Playbook: e.Playbook, Account: e.Account, Arm: e.Arm, Started: e.StartedAt, Met: e.GoalAt, Until: windows[e.Digest](e.StartedAt),
			})
		}
		f.After = page[len(page)-1].ID
	}
}

// windowOf says when the goal of a version's enrollment closes; the zero time
// when it has none.
func windowOf(tx store.Tx, digest string) (func(time.Time) time.Time, error) {
	v, err := tx.Version(digest)
	if err != nil {
		return nil, fmt.Errorf("read version %s: %w", digest, err)
	}
	b, err := playbooks.DecodeBundle(v.Bundle)
	if err != nil {
		return nil, fmt.Errorf("version %s: %w", digest, err)
	}
	span, ok := playbooks.GoalWindow(b)
	return func(t time.Time) time.Time {
		if !ok {
			return time.Time{}
		}
		return span.Add(t, calendar.Days{})
	}, nil
}

func printLift(s Streams, rows []lift.Row, asJSON bool) error {
	p := &printer{out: s.Out}
	if asJSON {
		for _, r := range rows {
			if err := p.JSON(r); err != nil {
				return err
			}
		}
		return nil
	}
	if len(rows) == 0 {
		fmt.Fprintln(s.Out, "no playbook has held an account out; holdout: 10% in a playbook does")
		return nil
	}
	w := tabwriter.NewWriter(s.Out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "playbook\tarm\taccounts\topen\tclosed\tgoal met\trate\tlift\t95 % interval")
	for _, r := range rows {
		lifted, between := "-", "-"
		if r.Known {
			lifted, between = fmt.Sprintf("%+.1f pp", 100*r.Lift), fmt.Sprintf("%+.1f to %+.1f", 100*r.Low, 100*r.High)
		}
		fmt.Fprintf(w, "%s\ttreated\t%s\t%s\t%s\n", r.Playbook, side(r.Treated), lifted, between)
		fmt.Fprintf(w, "\tholdout\t%s\n", side(r.HeldOut))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, r := range rows {
		for _, warning := range r.Warnings {
			fmt.Fprintf(s.Out, "%s: %s\n", r.Playbook, warning)
		}
	}
	return nil
}

func side(a lift.Side) string {
	rate := "-"
	if a.Closed > 0 {
		rate = fmt.Sprintf("%.1f%%", 100*a.Rate())
	}
	return fmt.Sprintf("%d\t%d\t%d\t%d\t%s", a.Accounts, a.Open, a.Closed, a.Met, rate)
}
