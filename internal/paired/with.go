package paired

import (
	"encoding/json"
	"flag"
	"os"
	"testing"
)

var rows = flag.String("bench-rows", "", "file that the rows of benchmarks are added to, one JSON object a line")

// With notes, where -bench-rows says, that rows were measured with something of a
// version: a database, a server.
func With(t testing.TB, what, version string) {
	t.Helper()
	t.Logf("with %s %s", what, version)
	add(t, Row{With: what, Note: version})
}

// add a line to the file of -bench-rows, when there is one.
func add(t testing.TB, r Row) {
	t.Helper()
	if *rows == "" {
		return
	}
	line, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(*rows, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644) //nolint:gosec // a file for people
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(append(line, '\n')); err != nil {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}
