package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"holdfast/internal/schema"
)

func schemaCommand(s Streams) *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of a project's documents, for editors",
		Long: `Print the JSON Schema of a project's documents, for editors.

It knows the keys of playbooks, rules, team and settings, and what may stand
there. It does not know a project's own fields, events and steps: holdfast lsp
does, and holdfast lint has the last word.`,
		Example: "  holdfast schema --write .vscode/" + schema.File + "\n  holdfast schema | jq '.definitions.step.properties | keys'",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if file == "" {
				_, err := fmt.Fprint(s.Out, schema.JSON())
				return err
			}
			if err := os.WriteFile(file, []byte(schema.JSON()), 0o644); err != nil {
				return fmt.Errorf("write the schema: %w", err)
			}
			fmt.Fprintf(s.Err, "wrote %s\n", file)
			return nil
		},
	}
	c.Flags().StringVar(&file, "write", "", "write it to this file instead of standard output")
	return c
}
