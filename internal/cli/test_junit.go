package cli

import (
	"encoding/xml"
	"fmt"
	"os"
	"time"

	"holdfast/internal/playtest"
)

// JUnit's report, as CI servers read it.
type (
	junitSuites struct {
		XMLName  xml.Name      `xml:"testsuites"`
		Tests    int           `xml:"tests,attr"`
		Failures int           `xml:"failures,attr"`
		Time     string        `xml:"time,attr"`
		Suites   []*junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Time     string      `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		File    string        `xml:"file,attr"`
		Line    int           `xml:"line,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitFailure `xml:"failure,omitempty"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// writeJUnit writes one suite a file of tests.
func writeJUnit(s Streams, file string, results []playtest.Result, took time.Duration) error {
	seconds := func(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
	all := junitSuites{Tests: len(results), Time: seconds(took)}
	times := map[*junitSuite]time.Duration{}
	for _, r := range results {
		at := r.Test.At
		if n := len(all.Suites); n == 0 || all.Suites[n-1].Name != at.File {
			all.Suites = append(all.Suites, &junitSuite{Name: at.File})
		}
		suite := all.Suites[len(all.Suites)-1]
		c := junitCase{Name: r.Test.Name, Class: r.Test.Case.Playbook.Name, File: at.File, Line: at.Line, Time: seconds(r.Took)}
		if !r.OK() {
			c.Failure = &junitFailure{Message: r.Why(), Text: r.Diff(120, false)}
			suite.Failures++
			all.Failures++
		}
		suite.Tests++
		times[suite] += r.Took
		suite.Time = seconds(times[suite])
		suite.Cases = append(suite.Cases, c)
	}
	text, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("write the JUnit report: %w", err)
	}
	text = append([]byte(xml.Header), append(text, '\n')...)
	if file == "-" {
		_, err = s.Out.Write(text)
		return err
	}
	if err := os.WriteFile(file, text, 0o644); err != nil { // as other reports of CI
		return fmt.Errorf("write the JUnit report: %w", err)
	}
	return nil
}
