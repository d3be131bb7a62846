package ingest

import (
	"fmt"
	"strings"

	"holdfast"
	"holdfast/internal/project"
)

// What becomes of messages, as it is counted.
const (
	Taken    = "taken"
	Repeated = "repeated" // its id was there already
	Parked   = "waiting"  // for somebody to say which account its person is of
	Withheld = "withheld" // a field or an object that the source may not write; its message is taken
)

// Why a message is dropped, though its call is answered 200.
const (
	NotAllowed = "not_allowed" // the source's allow-list does not have the event
	Forged     = "forged"      // an event of Holdfast's own
	NoUser     = "no_user"     // neither userId nor anonymousId nor groupId
	NoEvent    = "no_event"    // a track without a name
	NoGroup    = "no_group"    // a group without an id
	BadType    = "bad_type"    // of no type that there is
	BadShape   = "bad_shape"   // no object, or traits or properties that are none
	BadTime    = "bad_time"    // no time, before 2000 or more than a day ahead
	BadText    = "bad_text"    // not UTF-8
	TooLarge   = "too_large"   // over 32 KB
	TooDeep    = "too_deep"    // over 32 levels
	Refused    = "refused"     // a value that its field cannot have, an id that is none
	Unread     = "unread"      // what a webhook said and its source cannot read
	Alias      = "alias"       // taken as far as what waits is concerned: the source may not merge people
)

// Reasons are all that a message may be dropped for.
func Reasons() []string {
	return []string{NotAllowed, Forged, NoUser, NoEvent, NoGroup, BadType, BadShape, BadTime, BadText, TooLarge, TooDeep, Refused, Unread, Alias}
}

// Why a call is turned away, with nothing of it taken.
const (
	BadCall      = "bad_call"     // 400, 405 or 415: not HTTP as we speak it, no JSON
	OverSize     = "over_size"    // 400: larger than Segment's bounds
	Unauthorized = "unauthorized" // 401 or 403
	Busy         = "busy"         // 429
)

// Drop is a message that was left out of a call that was taken.
type Drop struct {
	Place  string `json:"message"` // "2" of a batch, counted from 0
	Reason string `json:"reason"`
	Text   string `json:"detail"`
}

// ownNames are not events: rules mean the traits of contacts and accounts by them.
var ownNames = map[string]bool{holdfast.Identify: true, holdfast.Group: true}

// admit says why a source may not say m, or "". What reaches all accounts must be
// named by the source's list: a * lets through what concerns one.
func admit(s *project.Source, m holdfast.Message, toAll bool) (reason, text string) {
	switch {
	case strings.Contains(m.Event, "."):
		return Forged, "events with a dot in their name are Holdfast's own; give yours a name without one"
	case m.Kind == holdfast.Alias && !s.Allow.Merges && m.Contact == "":
		return Alias, fmt.Sprintf("to make two accounts one, the source %s needs allow.merges: true", s.Name)
	case m.Kind == holdfast.Alias && !s.Allow.Merges:
		return Alias, fmt.Sprintf("what waits for the one is now the other's; to make people one who are known already, the source %s needs allow.merges: true", s.Name)
	case m.Kind != holdfast.Track:
		return "", ""
	case ownNames[m.Event]:
		return Forged, fmt.Sprintf("an event cannot be called %s", m.Event)
	case !s.Allow.Event(m.Event):
		return NotAllowed, fmt.Sprintf("allow.events of the source %s does not have it", s.Name)
	case toAll && !s.Allow.Names(m.Event):
		return NotAllowed, fmt.Sprintf("%s reaches all accounts, so that allow.events of the source %s must name it, without *", m.Event, s.Name)
	}
	return "", ""
}
