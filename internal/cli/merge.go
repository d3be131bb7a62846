package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"holdfast"
	"holdfast/internal/app"
	"holdfast/internal/config"
	"holdfast/internal/intake"
)

func mergeCommand(s Streams) *cobra.Command {
	var o tasksOptions
	var contact, dry bool
	c := &cobra.Command{
		Use:   "merge OLD INTO",
		Short: "Make an account, or a contact, part of another: they were one all along",
		Long: `Makes OLD part of INTO, which takes everything: fields (the newer of each), contacts,
objects, metrics, events, enrollments and what they entered by, touches with their
caps, suppressions, rests, holds and tasks. What still comes under the old id reaches
the survivor. Of two running enrollments of a playbook the older goes on, and the
younger ends as merged. It cannot be undone: look at it with --dry-run first. It works
whether holdfast runs or not. Merging the same again does nothing.`,
		Example: "  holdfast merge acme-old acme --dry-run\n  holdfast merge acme-old acme\n  holdfast merge dana.d dana --contact",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			kind := "account"
			if contact {
				kind = "contact"
			}
			did, err := mergeByHand(cmd.Context(), o, kind, args[0], args[1], dry)
			if err == nil {
				fmt.Fprint(s.Out, mergeWords(kind, args[0], args[1], did, dry))
			}
			return err
		},
	}
	c.Flags().StringVar(&o.dir, "dir", ".holdfast", "data directory; it may be in use by a running holdfast")
	c.Flags().StringVar(&o.project, "project", ".", "project directory, when no release is in force")
	c.Flags().BoolVar(&contact, "contact", false, "OLD and INTO are contacts")
	c.Flags().BoolVar(&dry, "dry-run", false, "say what would happen, and change nothing")
	return c
}

func mergeByHand(ctx context.Context, o tasksOptions, kind, old, into string, dry bool) (did intake.Joined, err error) {
	p, err := inForce(ctx, o)
	if err != nil {
		return did, err
	}
	a, err := app.Beside(ctx, app.Config{Dir: o.dir, Project: p, Env: config.FromEnvironment(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return did, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	m := holdfast.Message{
		ID: "merge/" + rand.Text(), Source: "hand", Kind: holdfast.Alias, Account: into,
		At: a.Clock.Now(), Props: map[string]any{holdfast.Previous: old},
	}
	if kind == "contact" {
		m.Account, m.Contact = "", into
	}
	return a.Intake.Merge(ctx, m, dry)
}

// mergeWords says what a merge did, or would do.
func mergeWords(kind, old, into string, did intake.Joined, dry bool) string {
	if did.Already {
		return fmt.Sprintf("%s and %s are one already\n", old, into)
	}
	verb, takes := "has become", "it took"
	if dry {
		verb, takes = "would become", "it would take"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s %s\n", kind, old, verb, into)
	if kind == "account" {
		fmt.Fprintf(&b, "  %s %s and %s\n", takes, plural(did.Contacts, "contact", "contacts"), plural(did.Enrollments, "enrollment", "enrollments"))
	}
	if len(did.Fields) > 0 {
		fmt.Fprintf(&b, "  fields that change: %s\n", strings.Join(did.Fields, ", "))
	}
	for _, name := range did.Ended {
		fmt.Fprintf(&b, "  both are in %s: the older enrollment goes on, the younger ends as merged\n", name)
	}
	return b.String()
}
