package steps

import "holdfast/internal/calendar"

// Email is the spec of `email`: one message to one person at the account.
type Email struct {
	Template  string        // templates/<Template>.md
	To        []string      // in order of preference: "contact" (the trigger's) or "contacts.<role>"
	From      string        // "owner" or "default"
	ReplyTo   string        // "" = the sender's; "owner" or an address
	Thread    string        // id of an earlier email step whose conversation it continues, or ""
	IfMissing string        // nobody to write to: "skip" or "task" (the owner finds someone)
	Expires   calendar.Span // not sent this long after it was due: skipped; zero = never
}
