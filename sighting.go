package holdfast

import (
	"strconv"
	"time"
)

// SightingKind is what a provider tells of a message that it was given.
type SightingKind string

// The kinds. All but Dropped prove that the provider took the message.
const (
	Processed         SightingKind = "processed"          // taken, and about to be delivered
	Deferred          SightingKind = "deferred"           // the receiver asked to come again
	Delivered         SightingKind = "delivered"          // the receiver took it
	Bounced           SightingKind = "bounced"            // refused for good: nobody can be reached there
	Blocked           SightingKind = "blocked"            // refused this once
	Dropped           SightingKind = "dropped"            // taken and never sent, as to an address known to bounce
	Opened            SightingKind = "opened"             // by a person
	MachineOpened     SightingKind = "machine_opened"     // fetched ahead by a mail program: says nothing of a person
	Clicked           SightingKind = "clicked"            //
	Complained        SightingKind = "complained"         // reported as spam
	Unsubscribed      SightingKind = "unsubscribed"       // from everything, at the provider
	GroupUnsubscribed SightingKind = "group_unsubscribed" // from one of the provider's groups
	GroupResubscribed SightingKind = "group_resubscribed" //
	Replied           SightingKind = "replied"            // the person answered
	AutoReplied       SightingKind = "auto_replied"       // a machine did: an out-of-office note
)

// Sighting is one thing that a provider tells of one message, as its adapter
// read it. The same sighting told again, later or in another order, has the same
// Key, whatever id the provider gives it.
type Sighting struct {
	Touch   string       // our id, as the provider repeats it; "" where the message carried none
	Message string       // the provider's id of the message: SendGrid's X-Message-Id
	Kind    SightingKind //
	At      time.Time    // by the provider's clock
	Mark    string       // Clicked: the link. Of a mail that came in: its own id
	Detail  string       // for people: why, which link. It holds no address
	Address string       // whom it is about; not kept with the sighting
	Via     string       // of what a no is: "sendgrid", "sendgrid group 12"; for Dropped, the no that it names
}

// Key is what makes a sighting one, for the touch that it turned out to be about.
// A mail that came in is known by its own id, not by the moment at which it came.
func (s Sighting) Key(touch string) string {
	at := strconv.FormatInt(s.At.Unix(), 10)
	if s.Mark != "" && s.Kind != Clicked {
		at = ""
	}
	return hashID(touch, s.Message, string(s.Kind), at, s.Mark)[:26]
}

// Accepted reports whether a sighting of kind k proves that the provider took the
// message and tried to deliver it.
func (k SightingKind) Accepted() bool { return k != Dropped }
