package steps

import "holdfast/internal/calendar"

// Listening is the spec of `wait_for`.
type Listening struct {
	Events  []string
	Timeout calendar.Span
	Since   string // step id; "" = the last touch
}
