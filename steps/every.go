package steps

import (
	"holdfast/internal/calendar"
	"holdfast/rules"
)

// Every is the spec of `every`: anchored passes.
type Every struct {
	Each  calendar.Span
	For   calendar.Span // zero = no such limit
	Times int           // 0 = no such limit
	Until *rules.Expr   // nil = none
	First string        // id of the body's first step
}
