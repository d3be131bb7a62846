package ingest

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"holdfast"
	"holdfast/internal/intake"
	"holdfast/internal/sources"
)

// deepest is how many levels of maps and lists a message may have.
const deepest = 32

const noUser = "the message has neither userId nor anonymousId"

// firstDay is before anything that happened: an earlier time is a slip, such as
// milliseconds taken for seconds.
var firstDay = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// ahead is how far a sender's clock may be before ours, as intake has it.
const ahead = 24 * time.Hour

// reader reads the messages of one call into in.
type reader struct {
	now     time.Time
	sentAt  string // of the whole call
	groupID string // of its context
	in      *incoming
}

// message reads one. kind is what its path says, or "" for what it says itself.
// Names are read as they are written: userid is not userId.
func (r *reader) message(place, kind string, raw []byte) {
	drop := func(reason, text string) { r.in.drop(place, reason, text) }
	switch {
	case len(raw) > maxMessage:
		drop(TooLarge, "a message is larger than 32 KB")
		return
	case !utf8.Valid(raw):
		drop(BadText, "the message is not UTF-8")
		return
	case depth(raw) > deepest:
		drop(TooDeep, fmt.Sprintf("the message is nested deeper than %d levels", deepest))
		return
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var o map[string]any
	if d.Decode(&o) != nil || o == nil {
		drop(BadShape, "the message is no object")
		return
	}
	m := holdfast.Message{ID: sources.Text(o["messageId"])}
	if kind == "" {
		kind = sources.Text(o["type"])
	}
	user, anonymous := sources.Text(o["userId"]), sources.Text(o["anonymousId"])
	m.Contact = cmp.Or(user, anonymous)
	var said any
	var same []intake.Same
	switch kind {
	case "track":
		m.Kind, m.Event, said = holdfast.Track, sources.Text(o["event"]), o["properties"]
		if m.Event == "" {
			drop(NoEvent, "a track message has no event")
			return
		}
	case "page", "screen":
		m.Kind, m.Event, said = holdfast.Track, kind, named(o)
	case "identify":
		m.Kind, said = holdfast.Identify, o["traits"]
	case "group":
		m.Kind, m.Account, said = holdfast.Group, sources.Text(o["groupId"]), o["traits"]
		if m.Account == "" {
			drop(NoGroup, "a group message has no groupId")
			return
		}
	case "alias":
		old, group := sources.Text(o["previousId"]), sources.Text(o["previousGroupId"])
		switch {
		case group != "" && old == "":
			if m.Account = sources.Text(o["groupId"]); m.Account == "" {
				drop(NoGroup, "an alias message with previousGroupId has no groupId")
				return
			}
			m.Contact, user, old = "", "", group
		case old == "" || user == "":
			drop(NoUser, "an alias message has no previousId or no userId")
			return
		default:
			m.Contact = user
			same = append(same, intake.Same{Old: old, New: user})
		}
		m.Kind = holdfast.Alias
		said = map[string]any{holdfast.Previous: old}
	default:
		drop(BadType, "the type is none of identify, group, track, page, screen and alias")
		return
	}
	props, ok := said.(map[string]any)
	if !ok && said != nil {
		drop(BadShape, "properties and traits are objects")
		return
	}
	m.Props, _ = sources.Tidy(props) // not too deep: depth said so
	if m.Account == "" && m.Kind != holdfast.Alias {
		context, _ := o["context"].(map[string]any)
		m.Account = cmp.Or(sources.Text(context["groupId"]), r.groupID)
	}
	if m.Account != "" && user == "" {
		m.Contact = "" // what an account's visitor did, whoever they are
	}
	nobody := m.Account == "" && m.Contact == ""
	if nobody && m.Kind != holdfast.Track {
		drop(NoUser, noUser)
		return
	}
	at, dated, why := r.when(o)
	if why != "" {
		drop(BadTime, why)
		return
	}
	m.At = at
	if m.ID == "" {
		m.ID = nameless(raw, dated)
	}
	if user != "" && anonymous != "" && user != anonymous {
		same = append(same, intake.Same{Old: anonymous, New: user})
	}
	r.in.items = append(r.in.items, item{place: place, nobody: nobody, same: same, Message: m})
}

// when a message happened, by our clock; dated is whether it says so itself.
func (r *reader) when(o map[string]any) (at time.Time, dated bool, why string) {
	said := o["timestamp"]
	if said == nil || said == "" {
		said = o["originalTimestamp"] // RudderStack's
	}
	if said == nil || said == "" {
		return r.now, false, ""
	}
	text, ok := said.(string)
	if !ok {
		return at, true, "the timestamp is no text; expected one such as 2026-05-01T09:00:00Z"
	}
	at, err := intake.ParseTime(text)
	if err != nil {
		return at, true, "the timestamp is no time; expected one such as 2026-05-01T09:00:00Z"
	}
	sent, _ := o["sentAt"].(string)
	if ours := corrected(at, cmp.Or(sent, r.sentAt), r.now); untimely(ours, r.now) == "" {
		at = ours // a sentAt that leads elsewhere, such as one of the year 1, says nothing
	}
	if why = untimely(at, r.now); why != "" {
		why = "the timestamp is " + why
	}
	return at, true, why
}

// untimely says why nothing happened at that time, or "".
func untimely(at, now time.Time) string {
	switch {
	case at.Before(firstDay):
		return "before the year 2000"
	case at.After(now.Add(ahead)):
		return "more than a day ahead"
	}
	return ""
}

// nameless is the id of a message that has none. What says when it happened is the
// same message when it comes again; of what does not, each is another.
func nameless(raw []byte, dated bool) string {
	if dated {
		return intake.ContentID(raw)
	}
	return "drawn-" + rand.Text()
}

// named are the properties of a page or screen, its name and category among them.
func named(o map[string]any) any {
	if o["properties"] != nil {
		if _, ok := o["properties"].(map[string]any); !ok {
			return o["properties"]
		}
	}
	props, _ := o["properties"].(map[string]any)
	if props == nil {
		props = map[string]any{}
	}
	for _, name := range []string{"name", "category"} {
		if v, ok := o[name].(string); ok && props[name] == nil {
			props[name] = v
		}
	}
	return props
}
