package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"holdfast"
	"holdfast/internal/app"
	"holdfast/internal/config"
	"holdfast/internal/privacy"
	"holdfast/internal/store"
)

// smallFile is up to where a database file is rebuilt after each erasure: it takes
// a second or two, in which nothing else is written.
const smallFile = 256 << 20

type eraseOptions struct {
	dir, project, reason, by string
	dry, json, vacuum        bool
}

func eraseCommand(s Streams) *cobra.Command {
	var o eraseOptions
	c := &cobra.Command{
		Use:   "erase [CONTACT]",
		Short: "Remove a person: what they are, what they did, what was written to them",
		Long: `Removes a contact, by id, from the moment this command begins and whether holdfast
runs or not: no playbook reaches them any more, enrollments of which they are the
contact end as "erased", their tasks are closed. Their fields, the properties of
their events, the words of messages to them, and their name and address wherever
others' texts hold them are then removed, page by page. What is left is a mark in
place of their id, the counts, and the lines of the ledger. The suppression list
keeps an HMAC of the address: an import that brings them again brings nobody.

An erasure that breaks off is finished by the running holdfast, or by the same
command again. Without a contact it lists the erasures. It cannot be undone.`,
		Example: "  holdfast erase dana --dry-run\n  holdfast erase dana --reason \"asked on 4 May\" --by Mira\n  holdfast erase --vacuum",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.by == "" {
				o.by = config.FromEnvironment().By
			}
			if len(args) == 0 {
				return listErasures(cmd.Context(), s, o)
			}
			return erase(cmd.Context(), s, o, args[0])
		},
	}
	c.Flags().StringVar(&o.dir, "dir", ".holdfast", "data directory; it may be in use by a running holdfast")
	c.Flags().StringVar(&o.project, "project", ".", "project directory, when no release is in force")
	c.Flags().StringVar(&o.reason, "reason", "", "why: kept with the erasure, without their name")
	c.Flags().StringVar(&o.by, "by", "", "who erases (default HOLDFAST_BY, or the user)")
	c.Flags().BoolVar(&o.dry, "dry-run", false, "say what would be removed, and remove nothing")
	c.Flags().BoolVar(&o.json, "json", false, "print JSON")
	c.Flags().BoolVar(&o.vacuum, "vacuum", false, "rebuild the database file at the end, however large it is")
	return c
}

func erase(ctx context.Context, s Streams, o eraseOptions, contact string) (err error) {
	p, err := inForce(ctx, tasksOptions{dir: o.dir, project: o.project})
	if err != nil {
		return err
	}
	a, err := app.Beside(ctx, app.Config{Dir: o.dir, Project: p, Env: config.FromEnvironment(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	if o.dry {
		r, err := a.Eraser().Look(ctx, contact)
		if err != nil {
			return err
		}
		return showErasure(s, o, r)
	}
	r, err := a.Eraser().Begin(ctx, contact, o.by, o.reason)
	if err != nil {
		return err
	}
	if r, err = a.Eraser().Run(ctx, r.ID); err != nil {
		return err
	}
	if err := showErasure(s, o, r); err != nil {
		return err
	}
	return compact(s, o, a.Store)
}

// compact makes the files forget too.
func compact(s Streams, o eraseOptions, st store.Store) error {
	c, ok := st.(store.Compacter)
	if !ok {
		return nil
	}
	whole := o.vacuum
	if f, err := os.Stat(filepath.Join(o.dir, "holdfast.db")); err == nil && f.Size() <= smallFile {
		whole = true
	}
	if err := c.Compact(whole); err != nil {
		fmt.Fprintf(s.Err, "the database file may still hold what was removed, until it is rebuilt: %v\n", err)
		fmt.Fprintln(s.Err, "run holdfast erase --vacuum when less is going on")
		return nil
	}
	if !whole {
		fmt.Fprintln(s.Err, "the database file is large and was not rebuilt; holdfast erase --vacuum does it, and holds up all writing meanwhile")
	}
	return nil
}

func showErasure(s Streams, o eraseOptions, r privacy.Report) error {
	if o.json {
		return (&printer{out: s.Out, json: true}).JSON(r)
	}
	switch {
	case !r.Done.IsZero():
		fmt.Fprintf(s.Out, "erased on %s; %s stands for them\n", r.Done.UTC().Format("2 Jan 2006 15:04 MST"), r.ID)
	case o.dry && r.Began.IsZero():
		fmt.Fprintln(s.Out, "nothing was removed; an erasure would change")
	default:
		fmt.Fprintf(s.Out, "erasing; %s stands for them\n", r.ID)
	}
	showRows(s.Out, r)
	if r.Waits != "" {
		fmt.Fprintf(s.Out, "not done yet: %s\n", r.Waits)
	}
	return nil
}

func showRows(out io.Writer, r privacy.Report) {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, table := range slices.Sorted(maps.Keys(r.Rows)) {
		fmt.Fprintf(w, "  %s\t%s\n", table, plural(r.Rows[table], "row", "rows"))
	}
	_ = w.Flush() // as the other lines
	if r.Enrollments > 0 {
		fmt.Fprintf(out, "  %s of theirs end as %q\n", plural(r.Enrollments, "enrollment", "enrollments"), privacy.Outcome)
	}
	if r.Shared > 0 {
		fmt.Fprintf(out, "  %s with the same address: bound as erased too, without that address\n", plural(r.Shared, "other contact", "other contacts"))
	}
}

func listErasures(ctx context.Context, s Streams, o eraseOptions) error {
	if o.dry {
		return holdfast.Errorf(holdfast.Invalid, "--dry-run needs a contact")
	}
	return withStore(ctx, app.OpenStore, o.dir, func(st store.Store) error {
		if o.vacuum {
			return compact(s, o, st)
		}
		all, err := privacy.Erased(ctx, st)
		if err != nil {
			return err
		}
		p := &printer{out: s.Out, json: o.json}
		for _, r := range all {
			if o.json {
				if err := p.JSON(r); err != nil {
					return err
				}
				continue
			}
			state := "under way"
			if !r.Done.IsZero() {
				state = "done " + r.Done.UTC().Format("2006-01-02 15:04")
			}
			fmt.Fprintf(s.Out, "%s  %s  began %s  %s\n", r.ID, r.Account, r.Began.UTC().Format("2006-01-02 15:04"), state)
		}
		fmt.Fprintln(s.Err, plural(len(all), "erasure", "erasures"))
		return nil
	})
}
