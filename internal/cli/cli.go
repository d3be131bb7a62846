// Package cli is the command line: one file a command. Commands parse, call,
// and print; what they do lives elsewhere. To add one, add <name>.go and one
// line in Commands.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"holdfast/internal/app"
)

// Exit codes of every command.
const (
	ExitOK       = 0
	ExitFindings = 1 // the author's files have findings, or a test failed
	ExitTrouble  = 2 // could not run
	ExitChanges  = 3 // plan --detailed-exitcode: there is something to apply
)

// errFindings ends a command that printed its findings already.
var errFindings = errors.New("findings")

// Streams are where a command reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Commands in the order of the help.
func commands(s Streams) []*cobra.Command {
	return []*cobra.Command{
		demoCommand(s),
		devCommand(s),
		serverCommand(s),
		workerCommand(s),
		relayCommand(s),
		codecServerCommand(s),
		initCommand(s),
		enrollmentsCommand(s),
		tasksCommand(s),
		importCommand(s, openForImport),
		stopAllCommand(s),
		resumeAllCommand(s),
		stopCommand(s),
		resumeCommand(s),
		holdCommand(s),
		releaseCommand(s),
		triggersCommand(s),
		announceCommand(s),
		outboxCommand(s, app.OpenStore),
		ledgerCommand(s),
		suppressionsCommand(s),
		tokensCommand(s),
		eraseCommand(s),
		accessCommand(s),
		retentionCommand(s),
		mergeCommand(s),
		migrateCommand(s),
		exportCommand(s),
		restoreCommand(s),
		moveCommand(s),
		planCommand(s),
		applyCommand(s),
		rollbackCommand(s),
		releasesCommand(s),
		lintCommand(s),
		previewCommand(s),
		sendTestCommand(s),
		simulateCommand(s),
		graphCommand(s),
		explainCommand(s),
		backtestCommand(s),
		testCommand(s),
		standinCommand(s),
		lspCommand(s),
		schemaCommand(s),
		docsCommand(s),
		versionCommand(s),
	}
}

// Main runs args and returns the exit code. Interrupt and terminate cancel the
// command's context once; a second one kills the process.
func Main(args []string, s Streams) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)

	root := rootCommand(s)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return ExitOK
	case errors.Is(err, errFindings):
		return ExitFindings
	case errors.Is(err, errChanges):
		return ExitChanges
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		fmt.Fprintln(s.Err, "holdfast: interrupted")
		return 130
	}
	fmt.Fprintln(s.Err, "holdfast: "+err.Error())
	return ExitTrouble
}

// rootCommand is the program, with all its commands.
func rootCommand(s Streams) *cobra.Command {
	root := &cobra.Command{
		Use:           "holdfast",
		Short:         "Runs retention playbooks, written in YAML and CEL, as durable workflows",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	root.AddCommand(commands(s)...)
	return root
}
