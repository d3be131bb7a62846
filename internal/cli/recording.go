package cli

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"holdfast"
	"holdfast/internal/intake"
	"holdfast/rules"
)

// recording reads what was recorded.
type recording struct {
	s        Streams
	as       string
	set      *rules.Set
	bar      progress
	messages messages
	bad      badRows
}

// untimed is the time of table rows that name none, until the first message is
// known: they were true from the beginning.
var untimed = time.Unix(1, 0).UTC()

func (r *recording) all(ctx context.Context, files []string) error {
	for _, name := range files {
		err := r.read(ctx, name)
		r.bar.clear()
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
	}
	var first time.Time
	for _, m := range r.messages {
		if !m.At.Equal(untimed) && (first.IsZero() || m.At.Before(first)) {
			first = m.At
		}
	}
	for i := range r.messages {
		if r.messages[i].At.Equal(untimed) {
			r.messages[i].At = first
		}
	}
	inOrder := func(a, b holdfast.Message) int { return a.At.Compare(b.At) }
	if !slices.IsSortedFunc(r.messages, inOrder) {
		slices.SortStableFunc(r.messages, inOrder)
	}
	return nil
}

func (r *recording) read(ctx context.Context, name string) error {
	in := r.s.In
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close() //nolint:errcheck // it was only read
		in = r.bar.through(f, name)
	}
	as := r.as
	if as == "" {
		as = tableKind(name)
	}
	return intake.ReadFile(ctx, in, intake.FileOptions{Name: name, As: as, At: untimed, Rules: r.set},
		func(row intake.Row) error {
			r.messages = append(r.messages, row.Message)
			return nil
		},
		func(line int, reason string) {
			r.bad.count++
			if len(r.bad.first) < shownProblems {
				r.bad.first = append(r.bad.first, importProblem{name, line, reason})
			}
		})
}
