package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"holdfast"
	"holdfast/internal/diag"
	"holdfast/internal/playtest"
	"holdfast/internal/project"
	"holdfast/internal/source"
)

// linting is what lint was asked for.
type linting struct {
	format        string
	strict, notes bool
	colour        bool
	only, skip    []string
	explain       string
}

var lintFormats = []string{"text", "json", "github", "sarif"}

func lintCommand(s Streams) *cobra.Command {
	var o linting
	c := &cobra.Command{
		Use:   "lint [PATH...]",
		Short: "Check projects, or single playbook files: each finding with its place and the likely fix",
		Long: `Check projects, or single playbook files: each finding with its place and the likely fix.
A directory that is no project stands for all projects below it.

An error will not run: lint exits with 1. A warning runs, probably not as
meant: it fails with --strict only. A note is taste, and shown with --notes.
What could not be looked at is trouble: lint exits with 2. Findings go to
standard output.

A comment lets a warning pass, on its line or on the line below:

  send_window: always   # lint: allow no-guardrails because this is a status page`,
		Example: `  holdfast lint
  holdfast lint playbooks/win-back.yaml
  holdfast lint --format json . | jq '.[].message'
  holdfast lint --format github --strict
  holdfast lint --format sarif > holdfast.sarif
  holdfast lint --skip banned-claim,overlap
  holdfast lint --explain dead-branch`,
		RunE: func(_ *cobra.Command, paths []string) error { return o.run(s, paths) },
	}
	c.Flags().StringVar(&o.format, "format", "text", "text; json, one array of findings; github, workflow commands; sarif, for code scanning")
	c.Flags().BoolVar(&o.strict, "strict", false, "let warnings fail too")
	c.Flags().BoolVar(&o.notes, "notes", false, "show notes, which are taste")
	c.Flags().StringSliceVar(&o.only, "only", nil, "show these checks alone")
	c.Flags().StringSliceVar(&o.skip, "skip", nil, "leave these checks out")
	c.Flags().StringVar(&o.explain, "explain", "", "say what a check looks for, and why, with a bad and a good case")
	c.Flags().BoolVar(&o.colour, "color", false, "colour the text where the output is no terminal too")
	return c
}

func (o linting) run(s Streams, paths []string) error {
	if o.explain != "" {
		return explainCheck(s.Out, o.explain)
	}
	if !slices.Contains(lintFormats, o.format) {
		return holdfast.Errorf(holdfast.Invalid, "--format cannot be %q; use text, json, github or sarif", o.format)
	}
	for _, name := range slices.Concat(o.only, o.skip) {
		if err := checkNamed(name); err != nil {
			return err
		}
	}
	if len(paths) == 0 {
		paths = []string{"."}
	}
	found, sources, books, err := lint(paths)
	if err != nil {
		return err
	}
	found = slices.DeleteFunc(found, func(d diag.Diagnostic) bool { return !o.shows(d) })
	if err := o.write(s.Out, found, sources); err != nil {
		return fmt.Errorf("write findings: %w", err)
	}
	fmt.Fprintln(s.Err, tally(found, books))
	warned := slices.ContainsFunc(found, func(d diag.Diagnostic) bool { return d.Severity == diag.Warning })
	if diag.Failed(found) || o.strict && warned {
		return errFindings
	}
	return nil
}

// shows reports whether d was asked for. An error is never left out by --only:
// what does not run is not right, whatever one looks for.
func (o linting) shows(d diag.Diagnostic) bool {
	switch {
	case d.Severity == diag.Note && !o.notes && !slices.Contains(o.only, d.Check):
		return false
	case slices.Contains(o.skip, d.Check):
		return d.Severity == diag.Error
	}
	return len(o.only) == 0 || slices.Contains(o.only, d.Check) || d.Severity == diag.Error
}

func (o linting) write(w io.Writer, found []diag.Diagnostic, sources map[string]string) error {
	switch o.format {
	case "json":
		return diag.JSON(w, found)
	case "github":
		return diag.GitHub(w, found)
	case "sarif":
		return diag.SARIF(w, found, checks(), buildVersion())
	}
	return diag.Text(w, found, sources, o.colour || terminal(w))
}

// checkNamed is the error that there is no such check.
func checkNamed(name string) error {
	if _, ok := checkOf(name); ok {
		return nil
	}
	e := holdfast.Errorf(holdfast.Invalid, "there is no check %q", name)
	var names []string
	for _, c := range checks() {
		names = append(names, c.Name)
	}
	e.Hint = "the checks are " + strings.Join(names, ", ")
	if near := source.Suggest(name, names); near != "" {
		e.Hint = `did you mean "` + near + `"?`
	}
	return e
}

// lint is the findings under paths, each once, the texts they point into, and
// how many playbooks are right.
func lint(paths []string) (found []diag.Diagnostic, sources map[string]string, books int, err error) {
	sources = map[string]string{}
	for _, path := range paths {
		for _, path := range project.Below(path) {
			p, ds, err := project.Load(path)
			if err != nil {
				return nil, nil, 0, err
			}
			_, tests := playtest.Read(p)
			found = slices.Concat(found, ds, p.Notes, tests)
			maps.Copy(sources, p.Sources)
			books += len(p.Playbooks)
		}
	}
	return diag.Sort(found), sources, books, nil
}

// tally is one line for people: `2 errors and 1 warning; 4 playbooks are right`.
func tally(found []diag.Diagnostic, books int) string {
	count := map[diag.Severity]int{}
	for _, d := range found {
		count[d.Severity]++
	}
	right := plural(books, "playbook is right", "playbooks are right")
	if len(found) == 0 {
		return right
	}
	said := plural(count[diag.Error], "error", "errors") + " and " + plural(count[diag.Warning], "warning", "warnings")
	if n := count[diag.Note]; n > 0 {
		said += " and " + plural(n, "note", "notes")
	}
	return said + "; " + right
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
