package cli

import (
	"context"
	"encoding/json"

	"github.com/spf13/cobra"

	"holdfast"
	"holdfast/internal/privacy"
	"holdfast/internal/store"
)

func accessCommand(s Streams) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "access CONTACT",
		Short: "Show everything that is kept about one person",
		Long: `Gathers what is kept about a contact, by id, for whoever asks to see it: fields with
the moment and the message that set each, consent and what binds them now, events,
enrollments, what was sent and what became of it, tasks about them, and where other
rows name them. Of somebody who was erased it shows what was left. It reads one
snapshot beside a running holdfast, and writes nothing.`,
		Example: "  holdfast access dana > dana.json\n  holdfast access dana --format csv > dana.csv",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if format != "json" && format != "csv" {
				return holdfast.Errorf(holdfast.Invalid, "--format is json or csv, not %q", format)
			}
			return inDir(cmd, func(ctx context.Context, st store.Store) error {
				p, err := privacy.Access(ctx, st, args[0])
				if err != nil {
					return err
				}
				if format == "csv" {
					return p.WriteCSV(s.Out)
				}
				e := json.NewEncoder(s.Out)
				e.SetEscapeHTML(false)
				e.SetIndent("", "  ")
				return e.Encode(p)
			})
		},
	}
	c.Flags().String("dir", ".holdfast", "data directory; it may be in use by a running holdfast")
	c.Flags().StringVar(&format, "format", "json", "json or csv")
	return c
}
