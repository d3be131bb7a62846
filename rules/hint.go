package rules

import (
	"fmt"
	"strings"

	"holdfast/internal/source"
)

func quoted(format string, args ...any) string { return fmt.Sprintf(format, args...) }

// suggest is `did you mean "x"?` for the one candidate near word, or otherwise.
func suggest(word string, candidates []string, otherwise string) string {
	if s := source.Suggest(word, candidates); s != "" {
		return didYouMean(s)
	}
	return otherwise
}

func didYouMean(word string) string { return fmt.Sprintf("did you mean %q?", word) }

// choices lists at most a dozen names after lead.
func choices(lead string, names []string) string {
	const most = 12
	if len(names) == 0 {
		return ""
	}
	if len(names) > most {
		return lead + strings.Join(names[:most], ", ") + " …"
	}
	return lead + strings.Join(names, ", ")
}
