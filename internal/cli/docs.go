package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"holdfast/internal/reference"
)

// docsCommand is for this project's own docs.
func docsCommand(s Streams) *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:     "docs",
		Short:   "Write the reference pages, llms.txt and llms-full.txt from the code",
		Example: "  holdfast docs --write docs",
		Hidden:  true,
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := reference.Write(dir, Reference()); err != nil {
				return err
			}
			fmt.Fprintf(s.Out, "wrote %s\n", dir)
			return nil
		},
	}
	c.Flags().StringVar(&dir, "write", "docs", "directory of the docs")
	return c
}

// Reference is what the reference says of each command that people see, in the
// order of the help.
func Reference() []reference.Command {
	root := rootCommand(Streams{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard})
	var all []reference.Command
	for _, c := range root.Commands() {
		if !c.Hidden {
			all = append(all, described(c))
		}
	}
	return all
}

func described(c *cobra.Command) reference.Command {
	d := reference.Command{
		Path:     strings.TrimPrefix(c.CommandPath(), "holdfast "),
		Use:      c.UseLine(),
		Short:    c.Short,
		Long:     strings.TrimSpace(strings.TrimPrefix(c.Long, c.Short+".")),
		Examples: c.Example,
	}
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		kind, usage := pflag.UnquoteUsage(f)
		fallback := f.DefValue
		if kind == "" {
			kind = f.Value.Type()
		}
		if fallback == "false" || fallback == "[]" {
			fallback = ""
		}
		d.Flags = append(d.Flags, reference.Flag{Name: f.Name, Short: f.Shorthand, Type: kind, Default: fallback, Usage: usage})
	})
	for _, sub := range c.Commands() {
		if !sub.Hidden {
			d.Parts = append(d.Parts, described(sub))
		}
	}
	return d
}
