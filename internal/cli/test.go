package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"holdfast"
	"holdfast/internal/diag"
	"holdfast/internal/playtest"
	"holdfast/internal/project"
	"holdfast/playbooks"
)

// testOptions are the flags of test.
type testOptions struct {
	run, junit                          string
	json, verbose, update, watch, cover bool
	coverMin                            float64
	paths                               []string
	width                               int
	colour                              bool
	only                                *regexp.Regexp
}

func testCommand(s Streams) *cobra.Command {
	var o testOptions
	c := &cobra.Command{
		Use:   "test [PATH...]",
		Short: "Run the tests of playbooks: their whole timelines on a simulated clock",
		Long: `Runs *.test.yaml of the projects at PATH (default: here), of one such file, or of
one playbook file. Each test plays an account through a playbook with the same
code as in production, 90 days in a moment, and holds what happened to what is
expected, both side by side where they differ. Nothing is sent.

Exits with 1 when a test fails, its file has a mistake, or --cover-min is missed.
docs/guides/test.md says how to write one.`,
		Example: `  holdfast test
  holdfast test playbooks/win-back.test.yaml -v
  holdfast test --run reply --watch
  holdfast test --cover --cover-min 100 --junit report.xml
  holdfast test --update`,
		RunE: func(cmd *cobra.Command, paths []string) (err error) {
			if o.paths = paths; len(paths) == 0 {
				o.paths = []string{"."}
			}
			if o.only, err = regexp.Compile(o.run); err != nil {
				return holdfast.Errorf(holdfast.Invalid, "--run %q is no pattern", o.run)
			}
			if o.coverMin > 0 {
				o.cover = true
			}
			o.width, o.colour = columns(s.Out), terminal(s.Out)
			if o.watch {
				return watchTests(cmd.Context(), s, o)
			}
			return runTests(cmd.Context(), s, o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.run, "run", "", "only tests whose name matches this regular expression")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "print each test and its timeline")
	f.BoolVar(&o.json, "json", false, "print one JSON object a line: tests, coverage, and a summary")
	f.StringVar(&o.junit, "junit", "", "write a JUnit XML report to this file, - for standard output")
	f.BoolVar(&o.update, "update", false, "rewrite expect of tests that fail as what happened; read the diff")
	f.BoolVar(&o.watch, "watch", false, "run again whenever a file of the project changes, until Ctrl-C")
	f.BoolVar(&o.cover, "cover", false, "say which steps and arms of the playbooks no test ran")
	f.Float64Var(&o.coverMin, "cover-min", 0, "fail when less than this percentage of steps, or of arms, ran")
	return c
}

// runTests reads, plays and reports once.
func runTests(ctx context.Context, s Streams, o testOptions) error {
	suites, err := readTests(s, o)
	if err != nil {
		return err
	}
	var tests []*playtest.Test
	for _, suite := range suites {
		for _, t := range suite.Tests {
			if o.only.MatchString(t.Name) {
				tests = append(tests, t)
			}
		}
	}
	if len(tests) == 0 {
		return noTests(suites, o)
	}
	report := newTestReport(s, o, len(tests))
	began := realClock.Now()
	if err := playtest.Play(ctx, tests, realClock.Now, report.test); err != nil {
		report.say.clear()
		return err
	}
	var covered []playtest.Coverage
	if o.cover {
		covered = playtest.Cover(covers(suites, o, report.results), report.results)
	}
	if o.update {
		if err := updateTests(s, report.results); err != nil {
			return err
		}
	}
	return report.end(covered, realClock.Now().Sub(began))
}

// readTests reads the tests of each path; what is wrong is printed, and ends the
// command when it is an error.
func readTests(s Streams, o testOptions) ([]*playtest.Suite, error) {
	var suites []*playtest.Suite
	var found []diag.Diagnostic
	sources := map[string]string{}
	var below []string
	for _, path := range o.paths {
		below = append(below, project.Below(path)...)
	}
	for _, path := range below {
		p, ds, err := project.Load(path)
		if err != nil {
			return nil, err
		}
		suite, more := playtest.Read(p)
		found = append(append(found, ds...), more...)
		maps.Copy(sources, p.Sources)
		suites = append(suites, suite)
	}
	if found = diag.Sort(found); !diag.Failed(found) {
		return suites, nil
	}
	found = slices.DeleteFunc(found, func(d diag.Diagnostic) bool { return d.Severity != diag.Error })
	if o.json {
		for _, d := range found {
			if err := printTestJSON(s, testFinding(d)); err != nil {
				return nil, err
			}
		}
		return nil, errFindings
	}
	if err := diag.Text(s.Out, found, sources, o.colour); err != nil {
		return nil, fmt.Errorf("write findings: %w", err)
	}
	fmt.Fprintln(s.Err, plural(len(found), "error", "errors")+"; no test was run")
	return nil, errFindings
}

func noTests(suites []*playtest.Suite, o testOptions) error {
	n := 0
	for _, suite := range suites {
		n += len(suite.Tests)
	}
	where := strings.Join(o.paths, ", ")
	if n > 0 {
		return holdfast.Errorf(holdfast.NotFound, "none of the %d tests in %s has a name that matches --run %q", n, where, o.run)
	}
	e := holdfast.Errorf(holdfast.NotFound, "there are no tests in %s", where)
	e.Hint = "write one beside its playbook, in NAME.test.yaml"
	return e
}

// covers are the playbooks whose coverage is told: all, or those that the tests
// chosen with --run are about.
func covers(suites []*playtest.Suite, o testOptions, results []playtest.Result) []*playbooks.Playbook {
	var books []*playbooks.Playbook
	for _, suite := range suites {
		for _, b := range suite.Project.Playbooks {
			about := func(r playtest.Result) bool { return r.Test.Case.Playbook == b }
			if o.run == "" || slices.ContainsFunc(results, about) {
				books = append(books, b)
			}
		}
	}
	return books
}

// updateTests rewrites the files of tests that failed.
func updateTests(s Streams, results []playtest.Result) error {
	byFile := map[string][]playtest.Result{}
	for _, r := range results {
		byFile[r.Test.At.File] = append(byFile[r.Test.At.File], r)
	}
	for _, file := range slices.Sorted(maps.Keys(byFile)) {
		text, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("update tests: %w", err)
		}
		fresh, n, err := playtest.Update(string(text), byFile[file])
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		if err := replaceFile(file, fresh); err != nil {
			return fmt.Errorf("update tests: %w", err)
		}
		fmt.Fprintf(s.Err, "%s: rewrote what %s; read the diff\n", file, plural(n, "test expects", "tests expect"))
	}
	return nil
}

// replaceFile writes a file whole or not at all, with the rights it had.
func replaceFile(file, text string) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	beside := file + ".new"
	if err := os.WriteFile(beside, []byte(text), info.Mode().Perm()); err != nil {
		return err
	}
	return errors.Join(os.Rename(beside, file))
}
