package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"holdfast/internal/reference"
)

// docsCommand is for this project's own docs.
func docsCommand(s Streams) *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:     "docs",
		Short:   "Write the reference pages from the code",
		Example: "  holdfast docs --write docs/reference",
		Hidden:  true,
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := reference.Write(dir); err != nil {
				return err
			}
			fmt.Fprintf(s.Out, "wrote %s\n", dir)
			return nil
		},
	}
	c.Flags().StringVar(&dir, "write", "docs/reference", "directory of the pages")
	return c
}
