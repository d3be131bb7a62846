package steps

import (
	"holdfast/internal/calendar"
	"holdfast/rules"
)

// Wait is taken by State; the spec of `wait` is Pause.

// Pause is the spec of `wait`: for a span, or until a moment.
type Pause struct {
	For      calendar.Span
	Until    *rules.Expr // Date or Timestamp; nil = For
	At       int         // minutes after local midnight at which a Date falls due
	IfPast   string      // next, skip, exit
	OnChange string      // rebase, keep, exit
}
