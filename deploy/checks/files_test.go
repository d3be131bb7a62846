package checks

import (
	"os"
	"testing"
)

// Where deploy/ and the repository are, from here.
const (
	root       = "../"
	repository = "../../"
)

func slurp(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
