package explain

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"holdfast/internal/store"
	"holdfast/playbooks"
)

func byName(a, b *playbooks.Playbook) int { return cmp.Compare(a.Name, b.Name) }

// day and moment show a time where the account is.
func (w *asker) day(t time.Time) string { return t.In(w.zone).Format("2 Jan 2006") }

func (w *asker) moment(t time.Time) string { return t.In(w.zone).Format("Mon 2 Jan 2006 15:04") }

// said is a line of the timeline in words.
func said(l store.Line) string {
	var parts []string
	if l.Outcome != "" && l.Outcome != "parked" {
		parts = append(parts, l.Outcome)
	}
	if l.Reason != "" {
		parts = append(parts, l.Reason)
	}
	if len(parts) == 0 {
		return l.Kind
	}
	return strings.Join(parts, "; ")
}

// code is an expression in a sentence.
func code(src string) string { return "`" + strings.Join(strings.Fields(src), " ") + "`" }

// first keeps at most n of some words.
func first(words []string, n int) string {
	if len(words) > n {
		words = append(words[:n:n], fmt.Sprintf("and %d more", len(words)-n))
	}
	return strings.Join(words, "; ")
}

// missing makes an account's absence an answer.
func missing(err error) bool { return errors.Is(err, store.ErrNotFound) }
