package cli

import (
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func versionCommand(s Streams) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print what this binary is made of",
		Example: "  holdfast version",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			info, ok := debug.ReadBuildInfo()
			if !ok {
				return errors.New("this binary carries no build information")
			}
			fmt.Fprintf(s.Out, "holdfast %s %s\n", info.Main.Version, info.GoVersion)
			for _, dep := range info.Deps {
				switch dep.Path {
				case "go.temporal.io/server", "go.temporal.io/sdk", "github.com/google/cel-go", "modernc.org/sqlite":
					fmt.Fprintf(s.Out, "  %s %s\n", dep.Path, dep.Version)
				}
			}
			return nil
		},
	}
}

// buildVersion is the version of this binary, "" when it is not known.
func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	return info.Main.Version
}
