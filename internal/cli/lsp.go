package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"holdfast/internal/diag"
	"holdfast/internal/lsp"
	"holdfast/internal/playtest"
	"holdfast/internal/project"
)

func lspCommand(s Streams) *cobra.Command {
	var pause time.Duration
	c := &cobra.Command{
		Use:   "lsp",
		Short: "Speak to an editor: findings, completion, hover, definitions and renames while you type",
		Long: `Speak to an editor: findings, completion, hover, definitions and renames while you type.

This is a language server: editors start it and speak LSP 3.17 with it over
standard input and output. docs/guides/editor.md says how to set one up. Logs go
to standard error. It ends with 0 after an orderly shutdown, and with 1 when the
editor just went away.`,
		Example: "  holdfast lsp\n  holdfast lsp --pause 300ms",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log := slog.New(slog.NewTextHandler(s.Err, nil))
			err := lsp.Serve(cmd.Context(), s.In, s.Out, lsp.Options{Version: builtAs(), Pause: pause, Log: log, Check: testFindings})
			if errors.Is(err, lsp.ErrNoShutdown) {
				fmt.Fprintln(s.Err, "holdfast: "+err.Error())
				return errFindings // the exit code that LSP wants
			}
			return err
		},
	}
	c.Flags().DurationVar(&pause, "pause", 150*time.Millisecond, "how long to let typing go on before looking for findings")
	c.Flags().Bool("stdio", true, "what editors add to say how they speak; there is no other way")
	return c
}

// testFindings are the mistakes in a project's tests.
func testFindings(p *project.Project) []diag.Diagnostic {
	_, found := playtest.Read(p)
	return found
}

// builtAs is the version of this binary; "" when it carries none.
func builtAs() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return ""
}
