// Package cli is the command line: one file a command. Commands parse, call,
// and print; what they do lives elsewhere. To add one, add <name>.go and one
// line in groups.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"holdfast"
	"holdfast/internal/app"
	"holdfast/internal/config"
	"holdfast/internal/heap"
	"holdfast/internal/store"
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

// group is what the help shows together.
type group struct {
	id, title string
	commands  []*cobra.Command
}

// groups of all commands, in the order of the help.
func groups(s Streams) []group {
	return []group{
		{"write", "Write playbooks, and see what they would do:", []*cobra.Command{
			demoCommand(s),
			initCommand(s),
			devCommand(s),
			lintCommand(s),
			testCommand(s),
			simulateCommand(s),
			backtestCommand(s),
			previewCommand(s),
			sendTestCommand(s),
			graphCommand(s),
			schemaCommand(s),
			lspCommand(s),
		}},
		{"ship", "Ship a change:", []*cobra.Command{
			planCommand(s),
			applyCommand(s),
			rollbackCommand(s),
			releasesCommand(s),
		}},
		{"work", "Look after accounts:", []*cobra.Command{
			explainCommand(s),
			enrollmentsCommand(s),
			tasksCommand(s),
			holdCommand(s),
			releaseCommand(s),
			importCommand(s, openForImport),
			mergeCommand(s),
			announceCommand(s),
		}},
		{"stop", "Stop what goes wrong:", []*cobra.Command{
			stopCommand(s),
			resumeCommand(s),
			stopAllCommand(s),
			resumeAllCommand(s),
			triggersCommand(s),
		}},
		{"prove", "Show what happened, and keep people's rights:", []*cobra.Command{
			outboxCommand(s, app.OpenStore),
			ledgerCommand(s),
			auditCommand(s),
			suppressionsCommand(s),
			accessCommand(s),
			eraseCommand(s),
			retentionCommand(s),
		}},
		{"run", "Run it:", []*cobra.Command{
			serverCommand(s),
			workerCommand(s),
			relayCommand(s),
			codecServerCommand(s),
			readyCommand(s),
			doctorCommand(s),
			tokensCommand(s),
			migrateCommand(s),
			exportCommand(s),
			restoreCommand(s),
			moveCommand(s),
		}},
		{"about", "About holdfast:", []*cobra.Command{
			standinCommand(s),
			docsCommand(s),
			versionCommand(s),
		}},
	}
}

// Main runs args and returns the exit code. Interrupt and terminate cancel the
// command's context once; a second one kills the process.
func Main(args []string, s Streams) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	heap.Keep()

	root := rootCommand(s)
	root.SetArgs(args)
	err := mistyped(root, args)
	if err == nil {
		err = root.ExecuteContext(store.As(ctx, "os:"+config.FromEnvironment().User))
	}
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

// mistyped refuses what is no command of a group, for which cobra shows the help and
// says that all is well.
func mistyped(root *cobra.Command, args []string) error {
	c, rest, err := root.Find(args)
	if err != nil || c == root || c.Runnable() || c.ParseFlags(rest) != nil || c.Flags().NArg() == 0 {
		return nil //nolint:nilerr // whatever else is wrong, cobra says
	}
	name := c.Flags().Arg(0)
	e := holdfast.Errorf(holdfast.Invalid, "unknown command %q for %q", name, c.CommandPath())
	e.Hint = c.CommandPath() + " --help lists its commands"
	if near := c.SuggestionsFor(name); len(near) > 0 {
		e.Hint = "did you mean " + strings.Join(near, " or ") + "?"
	}
	return e
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
	for _, g := range groups(s) {
		root.AddGroup(&cobra.Group{ID: g.id, Title: g.title})
		for _, c := range g.commands {
			c.GroupID = g.id
			root.AddCommand(c)
		}
	}
	root.SetHelpCommandGroupID("about")
	root.SetCompletionCommandGroupID("about")
	return root
}
