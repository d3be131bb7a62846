package holdfast

import "time"

// Kinds of inbound messages, as in Segment's tracking API.
const (
	Track    = "track"    // something happened
	Identify = "identify" // traits of a contact
	Group    = "group"    // traits of an account
	Alias    = "alias"    // an account, or a contact, was another one all along
)

// Previous is the prop of an Alias that holds the id which is no more. Contact or,
// without one, Account is whom it has become.
const Previous = "previous"

// Message is one inbound fact, normalised: the only shape in which the outside
// reaches the product. Values in Props are JSON-shaped: string, bool, float64
// or json.Number, nil, []any, map[string]any.
type Message struct {
	ID      string         `json:"id"`     // the sender's message id; the same id twice is one message
	Source  string         `json:"source"` // who sent it: "import", "demo", "system", a source key
	Kind    string         `json:"kind"`   // Track, Identify, Group or Alias
	Event   string         `json:"event"`  // Track: its name. Dotted names (email.replied) are ours alone
	Account string         `json:"account"`
	Contact string         `json:"contact,omitempty"`
	At      time.Time      `json:"at"` // when it happened, by the sender's clock
	Props   map[string]any `json:"props,omitempty"`
}

// Names of our own events. Only our own handlers make them (decision: nobody
// forges our events); all are dotted.
const (
	EventReplied         = "email.replied" // props: touch, step, playbook, enrollment, text; so have all of email.*
	EventAutoReplied     = "email.auto_replied"
	EventDelivered       = "email.delivered"
	EventOpened          = "email.opened"  // by a person, never by a mail program that looks ahead
	EventClicked         = "email.clicked" // props also: url, without its query
	EventComplained      = "email.complained"
	EventOptedOut        = "contact.opted_out" // props: touch (of the mail it came from), said (how); via, where it was said elsewhere than to us
	EventPaused          = "contact.paused"    // props: touch, said, until: no outreach before
	EventOptedIn         = "contact.opted_in"  // takes either back; with via, an opt-out of the same via alone
	EventTaskDone        = "task.completed"    // props: task, step, playbook, enrollment, by, answers
	EventTaskCannot      = "task.cannot"       // the assignee says it cannot be done; props as above and reason
	EventTaskExpired     = "task.expired"      // nobody did it in time
	EventEnrollmentEnded = "enrollment.ended"  // props: playbook, enrollment, outcome
	EventBounced         = "email.bounced"     // for good; a refusal that may pass is no event
	EventApproved        = "approval.granted"  // props: task, step, playbook, enrollment, by, kind
	EventDenied          = "approval.denied"   // as above
	EventOfferSunset     = "offer.sunset"      // ninety days before a concession ends; props: kind, amount, ends
	EventAccountSet      = "account.set"       // of a Group message: its props are fields that a playbook writes
	EventMeetingBooked   = "meeting.booked"
)
