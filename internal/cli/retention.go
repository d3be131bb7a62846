package cli

import (
	"cmp"
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"holdfast/internal/app"
	"holdfast/internal/privacy"
	"holdfast/internal/store"
)

// retentionRow is one period as JSON.
type retentionRow struct {
	Name  string `json:"name"`
	Kept  string `json:"kept"`
	Older *int   `json:"older,omitempty"`
}

func retentionCommand(s Streams) *cobra.Command {
	var o tasksOptions
	var dry, asJSON bool
	c := &cobra.Command{
		Use:   "retention",
		Short: "Show for how long what happened is kept, and what is older",
		Long: `Shows the periods of the project's retention. A running holdfast removes once a
day, in small pages, what is older and needed by nothing. With --dry-run it counts
what would go now. It writes nothing, and works whether holdfast runs or not.`,
		Example: "  holdfast retention\n  holdfast retention --dry-run --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return showRetention(cmd.Context(), s, o, dry, asJSON)
		},
	}
	c.Flags().StringVar(&o.dir, "dir", ".holdfast", "data directory; it may be in use by a running holdfast")
	c.Flags().StringVar(&o.project, "project", ".", "project directory, when no release is in force")
	c.Flags().BoolVar(&dry, "dry-run", false, "count the rows that would be removed now")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return c
}

func showRetention(ctx context.Context, s Streams, o tasksOptions, dry, asJSON bool) error {
	p, err := inForce(ctx, o)
	if err != nil {
		return err
	}
	var older map[string]int
	err = withStore(ctx, app.OpenStore, o.dir, func(st store.Store) error {
		if !dry {
			return nil
		}
		now, err := clockOf(ctx, st)
		if err != nil {
			return err
		}
		older, err = privacy.Older(ctx, st, p.Settings.Retention, p.Rules, now)
		return err
	})
	if err != nil {
		return err
	}
	out := &printer{out: s.Out, json: asJSON}
	t := tabwriter.NewWriter(s.Out, 0, 4, 2, ' ', 0)
	for _, one := range privacy.Periods(p.Settings.Retention) {
		row := retentionRow{Name: one.Name, Kept: cmp.Or(one.Span.String(), "forever")}
		if n, counted := older[one.Name]; counted {
			row.Older = &n
		}
		if asJSON {
			if err := out.JSON(row); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(t, "%s\tkept %s", row.Name, row.Kept)
		if row.Older != nil {
			fmt.Fprintf(t, "\t%s older", plural(*row.Older, "row", "rows"))
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}
