package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"holdfast/internal/app"
	"holdfast/internal/config"
	"holdfast/internal/store"
	"holdfast/internal/suppressions"
)

// suppressionsOptions are the flags of suppressions.
type suppressionsOptions struct {
	dir, project, contact, address, kind, only, by string
	json                                           bool
}

func (o suppressionsOptions) who() suppressions.Who {
	return suppressions.Who{Contact: o.contact, Address: o.address}
}

func suppressionsCommand(s Streams) *cobra.Command {
	var o suppressionsOptions
	c := &cobra.Command{
		Use:   "suppressions",
		Short: "See and change who must not be written to",
		Long: `The list of those who must not be written to. Opted out binds outreach; bounced,
complained and erased bind everything. With SendGrid, a running holdfast keeps its
lists in step with ours: an opt-out and an erasure are told to it, and what it
learns from mailboxes comes back. It works whether holdfast runs or not.`,
	}
	c.PersistentFlags().StringVar(&o.dir, "dir", ".holdfast", "data directory; it may be in use by a running holdfast")
	who := func(c *cobra.Command) *cobra.Command {
		c.Flags().StringVar(&o.contact, "contact", "", "a contact's id")
		c.Flags().StringVar(&o.address, "address", "", "an e-mail address, and everybody who has it")
		return c
	}

	list := who(&cobra.Command{
		Use:     "list",
		Short:   "List suppressions: who, how, since when and why",
		Example: "  holdfast suppressions list\n  holdfast suppressions list --address dana@acme.example --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withStore(cmd.Context(), app.OpenStore, o.dir, func(st store.Store) error { return listSuppressions(cmd.Context(), st, s, o) })
		},
	})
	list.Flags().StringVar(&o.only, "kind", "", "only of one kind: opted_out, bounced, complained, erased")
	list.Flags().BoolVar(&o.json, "json", false, "print one JSON object a line")

	add := who(&cobra.Command{
		Use:   "add",
		Short: "Suppress a contact or an address",
		Long: `Suppresses a contact, or an address and everybody who has it. Playbooks learn of it
at once: exits on contact.opted_out and email.bounced act in the same commit.`,
		Example: "  holdfast suppressions add --contact dana --by \"Mira: said so on the phone\"\n  holdfast suppressions add --address dana@acme.example --kind erased",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := suppressing(cmd.Context(), o, func(a *app.App, tx store.Tx) error {
				if err := o.audit(cmd.Context(), tx, "suppression.add", a.Clock.Now()); err != nil {
					return err
				}
				return suppressions.Add(tx, a.Intake.Emit, o.who(), o.kind, o.by, a.Clock.Now())
			})
			if err == nil {
				fmt.Fprintf(s.Out, "%s is suppressed as %s\n", o.contact+o.address, o.kind)
			}
			return err
		},
	})
	add.Flags().StringVar(&o.by, "by", "someone", "who says so, and why")

	lift := who(&cobra.Command{
		Use:     "lift",
		Short:   "Let a contact or an address be written to again",
		Long:    `Ends suppressions of one kind; those of other kinds stay. An erasure is not lifted.`,
		Example: "  holdfast suppressions lift --contact dana\n  holdfast suppressions lift --address dana@acme.example --kind bounced",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := suppressing(cmd.Context(), o, func(a *app.App, tx store.Tx) error {
				if err := o.audit(cmd.Context(), tx, "suppression.lift", a.Clock.Now()); err != nil {
					return err
				}
				return suppressions.Lift(tx, o.who(), o.kind, a.Clock.Now())
			})
			if err == nil {
				fmt.Fprintf(s.Out, "%s is not suppressed as %s any more\n", o.contact+o.address, o.kind)
			}
			return err
		},
	})
	for _, sub := range []*cobra.Command{add, lift} {
		sub.Flags().StringVar(&o.kind, "kind", "opted_out", "opted_out, bounced, complained or erased")
		sub.Flags().StringVar(&o.project, "project", ".", "project directory, when no release is in force")
	}
	c.AddCommand(list, add, lift)
	return c
}

// audit tells of a change in its transaction. An address is not kept there, nor what
// was said: the list itself has them.
func (o suppressionsOptions) audit(ctx context.Context, tx store.Tx, what string, now time.Time) error {
	on := o.contact
	if on == "" {
		on = "an address"
	}
	return store.Audited(ctx, tx, now, "", what, on, map[string]any{"kind": o.kind})
}

// suppressing changes the list beside a process that may be running.
func suppressing(ctx context.Context, o suppressionsOptions, change func(*app.App, store.Tx) error) (err error) {
	p, err := inForce(ctx, tasksOptions{dir: o.dir, project: o.project})
	if err != nil {
		return err
	}
	a, err := app.Beside(ctx, app.Config{Dir: o.dir, Project: p, Env: config.FromEnvironment(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return a.Store.Update(ctx, func(tx store.Tx) error { return change(a, tx) })
}

// suppressionRow is a suppression as JSON.
type suppressionRow struct {
	Contact string    `json:"contact,omitempty"`
	Address string    `json:"address,omitempty"`
	Kind    string    `json:"kind"`
	Since   time.Time `json:"since"`
	Why     string    `json:"why"`
}

func listSuppressions(ctx context.Context, st store.Store, s Streams, o suppressionsOptions) error {
	var rows []suppressionRow
	err := st.View(ctx, func(tx store.Tx) error {
		all, err := tx.AllSuppressions(0)
		if o.contact+o.address != "" {
			all, err = tx.Suppressions(o.contact, o.address)
		}
		rows = nil
		for _, one := range all {
			if o.only != "" && one.Kind != o.only {
				continue
			}
			why, err := whySuppressed(tx, one)
			if err != nil {
				return err
			}
			rows = append(rows, suppressionRow{one.Contact, one.Address, one.Kind, one.At, why})
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("list suppressions: %w", err)
	}
	p := &printer{out: s.Out, json: o.json}
	t := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		if o.json {
			if err := p.JSON(r); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", cell(cmp.Or(r.Contact, "-"), 24), cell(cmp.Or(r.Address, "-"), 40), r.Kind, r.Since.UTC().Format("2006-01-02 15:04"), cell(r.Why, 60))
	}
	fmt.Fprintln(s.Err, plural(len(rows), "suppression", "suppressions"))
	return t.Flush()
}

// whySuppressed is what brought a suppression, in words.
func whySuppressed(tx store.Tx, s store.Suppression) (string, error) {
	if s.Event == 0 {
		return "the address alone: by hand, or in the provider's list", nil
	}
	ev, err := tx.Event(s.Event)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if by, _ := ev.Props["by"].(string); by != "" {
		return by, nil
	}
	if list, _ := ev.Props["list"].(string); list != "" {
		return "the provider's list " + list, nil
	}
	return ev.Event, nil
}
