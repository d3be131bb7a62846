package cli

import (
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestEveryCommandHasExamplesThatParse(t *testing.T) {
	t.Parallel()
	root := &cobra.Command{Use: "holdfast"}
	root.AddCommand(commands(Streams{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard})...)
	for _, c := range root.Commands() {
		eachLeaf(c, func(c *cobra.Command) {
			if c.Short == "" || c.Example == "" {
				t.Errorf("%s: summary %q and example %q, want both", c.CommandPath(), c.Short, c.Example)
			}
			for line := range strings.Lines(c.Example) {
				if err := parses(root, line); err != nil {
					t.Errorf("%s: its example %q: %v", c.CommandPath(), strings.TrimSpace(line), err)
				}
			}
		})
	}
}

// parses what of an example's line the shell would give to holdfast.
func parses(root *cobra.Command, line string) error {
	_, line, _ = strings.Cut(line, "holdfast ")
	line, _, _ = strings.Cut(line, " | ")
	line, _, _ = strings.Cut(line, " > ")
	if before, rest, ok := strings.Cut(line, `"`); ok { // one quoted word is enough for now
		_, after, _ := strings.Cut(rest, `"`)
		line = before + "quoted" + after
	}
	c, args, err := root.Find(strings.Fields(line))
	if err != nil {
		return err
	}
	if err := c.ParseFlags(args); err != nil {
		return err
	}
	return c.ValidateArgs(c.Flags().Args())
}

// eachLeaf calls fn for c, or for what it is divided into.
func eachLeaf(c *cobra.Command, fn func(*cobra.Command)) {
	for _, sub := range c.Commands() {
		eachLeaf(sub, fn)
	}
	if !c.HasSubCommands() {
		fn(c)
	}
}
