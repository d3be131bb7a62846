package cli

import (
	"fmt"
	"maps"

	"github.com/spf13/cobra"

	"holdfast"
	"holdfast/internal/diag"
	"holdfast/internal/project"
)

func lintCommand(s Streams) *cobra.Command {
	var format string
	var strict, colour bool
	c := &cobra.Command{
		Use:   "lint [PATH...]",
		Short: "Check projects, or single playbook files: each finding with its place and the likely fix",
		Long: `Check projects, or single playbook files: each finding with its place and the likely fix.

An error will not run: lint exits with 1. A warning runs, probably not as
meant: it fails with --strict only. Findings go to standard output.`,
		Example: "  holdfast lint\n  holdfast lint playbooks/win-back.yaml\n  holdfast lint --format json . | jq '.[].message'",
		RunE: func(_ *cobra.Command, paths []string) error {
			if format != "text" && format != "json" {
				return holdfast.Errorf(holdfast.Invalid, "--format cannot be %q; use text or json", format)
			}
			if len(paths) == 0 {
				paths = []string{"."}
			}
			found, sources, books, err := lint(paths)
			if err != nil {
				return err
			}
			if format == "json" {
				err = diag.JSON(s.Out, found)
			} else {
				err = diag.Text(s.Out, found, sources, colour)
			}
			if err != nil {
				return fmt.Errorf("write findings: %w", err)
			}
			fmt.Fprintln(s.Err, tally(found, books))
			if diag.Failed(found) || strict && len(found) > 0 {
				return errFindings
			}
			return nil
		},
	}
	c.Flags().StringVar(&format, "format", "text", "text, or json: one array of findings")
	c.Flags().BoolVar(&strict, "strict", false, "let warnings fail too")
	c.Flags().BoolVar(&colour, "color", false, "colour the text")
	return c
}

// lint is the findings under paths, each once, the texts they point into, and
// how many playbooks are right.
func lint(paths []string) (found []diag.Diagnostic, sources map[string]string, books int, err error) {
	sources = map[string]string{}
	for _, path := range paths {
		p, ds, err := project.Load(path)
		if err != nil {
			return nil, nil, 0, err
		}
		found = append(found, ds...)
		maps.Copy(sources, p.Sources)
		books += len(p.Playbooks)
	}
	return diag.Sort(found), sources, books, nil
}

// tally is one line for people: `2 errors and 1 warning; 4 playbooks are right`.
func tally(found []diag.Diagnostic, books int) string {
	errors := 0
	for _, d := range found {
		if d.Severity == diag.Error {
			errors++
		}
	}
	right := plural(books, "playbook is right", "playbooks are right")
	if len(found) == 0 {
		return right
	}
	return plural(errors, "error", "errors") + " and " + plural(len(found)-errors, "warning", "warnings") + "; " + right
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
