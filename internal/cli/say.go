package cli

import (
	"fmt"
	"io"

	"holdfast/internal/clock"
	"holdfast/internal/intake"
)

// realClock is the machine's, for telling how long a command took.
var realClock clock.Clock = clock.System{}

// sayer tells people on the error stream what a long command does; a JSON run is
// told only what is wrong.
type sayer struct {
	w    io.Writer
	mute bool
	tty  bool
	bar  bool
}

func newSayer(s Streams, mute bool) *sayer { return &sayer{w: s.Err, mute: mute, tty: terminal(s.Err)} }

func (s *sayer) f(format string, args ...any) {
	if !s.mute {
		fmt.Fprintf(s.w, format, args...)
	}
}

// progress is a line that replaces itself, on a terminal only.
func (s *sayer) progress(what string, done, all int) {
	if s.tty && !s.mute && all > 0 {
		fmt.Fprintf(s.w, "\r\x1b[K%s: %d of %d (%d %%)", what, done, all, done*100/all)
		s.bar = true
	}
}

func (s *sayer) clear() {
	if s.bar {
		fmt.Fprint(s.w, "\r\x1b[K")
		s.bar = false
	}
}

// problems lists the first rows and messages that were refused.
func (s *sayer) problems(bad badRows, total intake.Result) {
	for _, p := range bad.first {
		fmt.Fprintf(s.w, "%s:%d: %s\n", p.File, p.Line, p.Reason)
	}
	for i, p := range total.Problems {
		if i == shownProblems {
			break
		}
		fmt.Fprintf(s.w, "message %s: %s\n", p.ID, p.Reason)
	}
}
