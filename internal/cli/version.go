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
			fmt.Fprintf(s.Out, "holdfast %s %s\n", buildVersion(), info.GoVersion)
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

// stamped is the version that a build without git was given: -ldflags "-X holdfast/internal/cli.stamped=v1.2.3".
var stamped string

// buildVersion is the version of this binary, "" when it is not known.
func buildVersion() string {
	if stamped != "" {
		return stamped
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	return info.Main.Version
}
