package diag

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// GitHub writes ds as workflow commands, one a line, which Actions shows beside
// the lines of a pull request. Files are named as they are: relative to the
// checkout when lint ran there. Columns count from 1, as GitHub's do.
func GitHub(w io.Writer, ds []Diagnostic) error {
	out := bufio.NewWriter(w)
	for _, d := range ds {
		level := map[Severity]string{Error: "error", Warning: "warning", Note: "notice"}[d.Severity]
		message := d.Message
		if d.Hint != "" {
			message += "\nhint: " + d.Hint
		}
		fmt.Fprintf(out, "::%s file=%s,line=%d,endLine=%d,col=%d,endColumn=%d,title=%s::%s\n", level,
			property(d.File), d.Line, d.Line, d.Col, max(d.End, d.Col+1)-1, property(d.Check), escaped(message))
	}
	return out.Flush()
}

// escaped is what the runner turns back in a message.
func escaped(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

// property is escaped, and what ends a property besides.
func property(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(escaped(s))
}
