package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"holdfast"
	"holdfast/internal/app"
	"holdfast/internal/release"
	"holdfast/internal/store"
)

func rollbackCommand(s Streams) *cobra.Command {
	var o applyOptions
	c := &cobra.Command{
		Use:   "rollback [RELEASE]",
		Short: "Publish a former release again; enrollments move by the same rules",
		Long: `Publishes the files of a former release as a new one: the one before that in force,
or the number given. What it would do is shown first, as by plan. Running
enrollments keep their version unless --move is given. Git stays the truth: revert
there too, or the next apply brings the change back.`,
		Example: "  holdfast rollback --dir /var/lib/holdfast\n  holdfast rollback 12 --move --dry-run",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			choice, err := o.chosen()
			if err != nil {
				return err
			}
			sh := &shipment{s: s, o: &o.shipOptions, choice: choice, say: newSayer(s, o.json), data: o.dir}
			if sh.data == "" {
				sh.data = ".holdfast"
			}
			err = withStore(cmd.Context(), app.OpenStore, sh.data, func(st store.Store) error { return sh.former(cmd.Context(), st, args) })
			if err != nil {
				return err
			}
			return sh.apply(cmd.Context(), o, nil)
		},
	}
	o.flags(c, ".holdfast")
	return c
}

// former makes a stored release the shipment.
func (sh *shipment) former(ctx context.Context, st store.Store, args []string) error {
	var r store.Release
	err := st.View(ctx, func(tx store.Tx) (err error) {
		if len(args) == 0 {
			r, err = release.Former(tx)
			return err
		}
		n, err := strconv.ParseInt(args[0], 10, 64)
		if err != nil || n < 1 {
			return holdfast.Errorf(holdfast.Invalid, "%q is no number of a release", args[0])
		}
		if r, err = tx.Release(n); errors.Is(err, store.ErrNotFound) {
			e := holdfast.Errorf(holdfast.NotFound, "there is no release %d", n)
			e.Hint = "holdfast releases lists them"
			return e
		}
		return err
	})
	if err != nil {
		return err
	}
	sh.of, sh.source = r.Number, fmt.Sprintf("release %d", r.Number)
	sh.project, err = restore(ctx, st, r.Number)
	return err
}

func releasesCommand(s Streams) *cobra.Command {
	var asJSON bool
	var limit int
	c := &cobra.Command{
		Use:     "releases",
		Short:   "List what was applied: when, by whom, from which commit",
		Example: "  holdfast releases --dir /var/lib/holdfast\n  holdfast releases --json | jq 'select(.in_force)'",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return inDir(cmd, func(ctx context.Context, st store.Store) error {
				return st.View(ctx, func(tx store.Tx) error { return listReleases(tx, s, limit, asJSON) })
			})
		},
	}
	c.Flags().String("dir", ".holdfast", "data directory; it may be in use by a running holdfast")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	c.Flags().IntVar(&limit, "limit", 20, "how many, the newest first; 0 is all")
	return c
}

// releaseJSON is how a release is printed for programs.
type releaseJSON struct {
	Release int64     `json:"release"`
	At      time.Time `json:"at"`
	By      string    `json:"by"`
	Source  string    `json:"source"`
	Of      int64     `json:"of,omitempty"`
	Digest  string    `json:"digest"`
	InForce bool      `json:"in_force"`
	Taken   bool      `json:"taken"`
}

func listReleases(tx store.Tx, s Streams, limit int, asJSON bool) error {
	all, err := tx.Releases(0, limit)
	if err != nil {
		return err
	}
	force, err := release.Force(tx)
	if err != nil {
		return err
	}
	taken, refused, err := release.Taken(tx)
	if err != nil {
		return err
	}
	p := &printer{out: s.Out}
	w := tabwriter.NewWriter(s.Out, 0, 4, 2, ' ', 0)
	if !asJSON {
		fmt.Fprintln(w, "release\tapplied\tby\tfrom\t")
	}
	for _, r := range all {
		if asJSON {
			one := releaseJSON{r.Number, r.At, r.By, r.Source, r.Of, r.Digest, r.Number == force, r.Number == force && taken == force}
			if err := p.JSON(one); err != nil {
				return err
			}
			continue
		}
		note := ""
		switch {
		case r.Number != force:
		case refused != "":
			note = "not taken over: " + refused
		case taken != force:
			note = "in force, not taken over yet"
		default:
			note = "in force"
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\n", r.Number, r.At.Format("2006-01-02 15:04"), r.By, r.Source, note)
	}
	return w.Flush()
}
