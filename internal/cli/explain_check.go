package cli

import (
	"fmt"
	"io"

	"holdfast/playbooks"
)

// explainCheck writes what the reference says of a check.
func explainCheck(w io.Writer, name string) error {
	if err := checkNamed(name); err != nil {
		return err
	}
	c, _ := checkOf(name)
	fmt.Fprintf(w, "%s (%s)\n\n%s\n\n%s\n", c.Name, c.Severity, c.Summary, c.Why)
	for _, which := range []string{"bad", "good"} {
		for _, f := range playbooks.Case(name, which) {
			fmt.Fprintf(w, "\n%s, %s:\n\n%s", which, f.Name, f.Text)
		}
	}
	return nil
}
