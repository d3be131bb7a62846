package steps

import "holdfast/internal/calendar"

// Slack is the spec of `slack`: a note to our own people.
type Slack struct {
	To      string        // "#channel", "owner" or "owner.manager"
	Text    string        // Liquid
	Expires calendar.Span // as for Email
}
