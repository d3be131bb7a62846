package cli

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestEveryCommandHasExamplesThatParse(t *testing.T) {
	t.Parallel()
	root := silentRoot()
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

func TestTheHelpHasEachCommandInItsGroup(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	root := rootCommand(Streams{In: strings.NewReader(""), Out: &out, Err: io.Discard})
	root.SetArgs([]string{"--help"})
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	shown := 0
	for _, g := range groups(Streams{}) {
		_, part, found := strings.Cut(out.String(), "\n"+g.title+"\n")
		part, _, _ = strings.Cut(part, "\n\n")
		for _, c := range g.commands {
			if want := !c.Hidden; !found || want != strings.Contains("\n"+part, "\n  "+c.Name()+" ") {
				t.Errorf("%q shows %s: %v, want %v", g.title, c.Name(), !want, want)
			}
			shown++
		}
	}
	if shown < 40 || strings.Contains(out.String(), "Additional Commands") {
		t.Errorf("%d commands were looked for in:\n%s", shown, &out)
	}
}

// Each page's sh lines that begin with holdfast are commands that there are,
// with flags that they take. Those of docs/start run, in cmd/holdfast.
func TestTheCommandsOfTheDocsParse(t *testing.T) {
	t.Parallel()
	pages := []string{"../../README.md"}
	err := filepath.WalkDir("../../docs", func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".md" {
			pages = append(pages, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, path := range pages {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range shell.FindAllStringSubmatch(string(text), -1) {
			for line := range strings.Lines(m[1]) {
				if !strings.HasPrefix(line, "holdfast ") {
					continue
				}
				lines++
				if err := parses(silentRoot(), line); err != nil {
					t.Errorf("%s: %s: %v", path, strings.TrimSpace(line), err)
				}
			}
		}
	}
	if lines < 80 {
		t.Errorf("only %d lines were looked at", lines)
	}
}

var quoted = regexp.MustCompile(`'[^']*'|"[^"]*"`)

var shell = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")

func silentRoot() *cobra.Command {
	return rootCommand(Streams{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard})
}

// parses what of an example's line the shell would give to holdfast.
func parses(root *cobra.Command, line string) error {
	_, line, _ = strings.Cut(line, "holdfast ")
	line = quoted.ReplaceAllString(line, "quoted")
	line, _, _ = strings.Cut(line, " | ")
	line, _, _ = strings.Cut(line, " > ")
	line, _, _ = strings.Cut(line, " # ")
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
