package cli

import (
	"fmt"
	"time"

	"holdfast/internal/diag"
	"holdfast/internal/playtest"
)

// testReport tells of tests as they end, in their order.
type testReport struct {
	s       Streams
	o       testOptions
	say     *sayer
	all     int
	results []playtest.Result
	failed  int

	file           string // of the tests that are counted
	passed, inFile int
}

func newTestReport(s Streams, o testOptions, all int) *testReport {
	return &testReport{s: s, o: o, say: newSayer(s, false), all: all}
}

// test takes one result.
func (r *testReport) test(res playtest.Result) error {
	r.results = append(r.results, res)
	if !res.OK() {
		r.failed++
	}
	r.say.clear()
	defer r.say.progress("testing", len(r.results), r.all)
	if r.o.json {
		return printTestJSON(r.s, testLine(res))
	}
	if r.o.junit == "-" {
		return nil
	}
	if at := res.Test.At; at.File != r.file {
		r.closeFile()
		r.file, r.passed, r.inFile = at.File, 0, 0
	}
	if r.inFile++; res.OK() {
		r.passed++
	}
	switch {
	case r.o.update && !res.OK() && res.Err == nil: // it is told when it is written
	case !res.OK():
		r.failure(res)
	case r.o.verbose:
		fmt.Fprintf(r.s.Out, "%s %s (%s)\n", playtest.Paint("32", "ok  ", r.o.colour), res.Test.Name, place(res.Test.At))
	}
	if r.o.verbose && res.Err == nil {
		r.timeline(res)
	}
	return nil
}

func place(at diag.Span) string { return fmt.Sprintf("%s:%d", at.File, at.Line) }

func (r *testReport) failure(res playtest.Result) {
	at := res.Test.At
	fmt.Fprintf(r.s.Out, "%s %s\n     %s, playbook %s\n", playtest.Paint("1;31", "FAIL", r.o.colour), res.Test.Name, place(at), res.Test.Case.Playbook.Name)
	fmt.Fprintf(r.s.Out, "%s\n", res.Diff(r.o.width, r.o.colour))
}

// timeline is all that happened, a line each.
func (r *testReport) timeline(res playtest.Result) {
	for _, h := range res.Happened {
		fmt.Fprintf(r.s.Out, "       %s\n", h)
	}
}

// closeFile says how many of a file's tests hold.
func (r *testReport) closeFile() {
	switch {
	case r.file == "" || r.o.json || r.o.junit == "-" || r.o.update:
	case r.passed == r.inFile:
		fmt.Fprintf(r.s.Out, "%s %s  %s\n", playtest.Paint("32", "ok  ", r.o.colour), r.file, plural(r.passed, "test", "tests"))
	default:
		fmt.Fprintf(r.s.Out, "%s %s  %d of %s failed\n", playtest.Paint("1;31", "FAIL", r.o.colour), r.file, r.inFile-r.passed, plural(r.inFile, "test", "tests"))
	}
}

// end tells the coverage and the sum, and writes the report for CI.
func (r *testReport) end(covered []playtest.Coverage, took time.Duration) error {
	r.say.clear()
	r.closeFile()
	enough := r.coverage(covered)
	if r.o.junit != "" {
		if err := writeJUnit(r.s, r.o.junit, r.results, took); err != nil {
			return err
		}
	}
	if r.o.json {
		if err := printTestJSON(r.s, testSum{Kind: "summary", Tests: len(r.results), Failed: r.failed, Seconds: took.Seconds()}); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(r.s.Err, "%s, %d failed, in %.1f s\n", plural(len(r.results), "test", "tests"), r.failed, took.Seconds())
	}
	if r.broken() > 0 || !enough {
		return errFindings
	}
	return nil
}

// broken counts what failed and was not rewritten.
func (r *testReport) broken() int {
	if !r.o.update {
		return r.failed
	}
	n := 0
	for _, res := range r.results {
		if res.Err != nil {
			n++
		}
	}
	return n
}

// coverage tells what no test ran; enough unless --cover-min is missed.
func (r *testReport) coverage(covered []playtest.Coverage) (enough bool) {
	enough = true
	for _, c := range covered {
		steps, arms := playtest.Percent(c.StepsRun(), c.Steps), playtest.Percent(c.ArmsRun(), c.Arms)
		if steps < r.o.coverMin || arms < r.o.coverMin {
			enough = false
		}
		if r.o.json {
			if err := printTestJSON(r.s, coverLine(c)); err != nil {
				return false
			}
			continue
		}
		if r.o.junit == "-" {
			continue
		}
		fmt.Fprintf(r.s.Out, "%s: %d of %d steps (%.0f %%), %d of %d arms (%.0f %%)\n",
			c.Playbook, c.StepsRun(), c.Steps, down(steps), c.ArmsRun(), c.Arms, down(arms))
		for _, n := range c.Never {
			what := "step " + n.Step
			if n.Arm != "" {
				what += ", arm " + n.Arm
			}
			fmt.Fprintf(r.s.Out, "  %s:%d:%d: never ran: %s\n", n.At.File, n.At.Line, n.At.Col, what)
		}
	}
	if !enough {
		fmt.Fprintf(r.s.Err, "less than %g %% ran\n", r.o.coverMin)
	}
	return enough
}

// down keeps 99.6 from being shown as 100.
func down(percent float64) float64 { return float64(int(percent)) }
