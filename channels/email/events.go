package email

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"holdfast"
)

// Events is one call of the Event Webhook, read.
type Events struct {
	Sightings []holdfast.Sighting // in the order of the call, which says nothing
	Unknown   int                 // of a kind that says nothing of a message, or that we do not know
	Malformed int                 // no object, or without the time or the message that it is about
}

// ReadEvents reads the body of a call. An item that cannot be read is counted and
// spoils no other; a body that is no list is an error. Verify it first.
//
// https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
func ReadEvents(body []byte) (Events, error) {
	var items []json.RawMessage
	if err := json.Unmarshal(body, &items); err != nil || items == nil {
		return Events{}, errors.New("the body is no JSON list of events")
	}
	var all Events
	for _, raw := range items {
		e, ok := fieldsOf(raw)
		if !ok {
			all.Malformed++
			continue
		}
		s, known := e.sighting()
		switch {
		case !known:
			all.Unknown++
		case s.At.IsZero() || s.Touch == "" && s.Message == "":
			all.Malformed++
		default:
			all.Sightings = append(all.Sightings, s)
		}
	}
	return all, nil
}

// event is one item: the provider's fields and, flat beside them, custom args of
// whoever sent the mail, of whatever type.
type event map[string]any

func fieldsOf(raw json.RawMessage) (event, bool) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var e event
	return e, d.Decode(&e) == nil && e != nil
}

func (e event) text(name string) string {
	s, _ := e[name].(string)
	return s
}

// plain are the kinds that need no second look.
var plain = map[string]holdfast.SightingKind{
	"processed": holdfast.Processed, "deferred": holdfast.Deferred, "delivered": holdfast.Delivered, "dropped": holdfast.Dropped,
	"click": holdfast.Clicked, "spamreport": holdfast.Complained, "unsubscribe": holdfast.Unsubscribed,
	"group_unsubscribe": holdfast.GroupUnsubscribed, "group_resubscribe": holdfast.GroupResubscribed,
	"open": holdfast.Opened, "bounce": holdfast.Bounced,
}

// maxDetail is as much of a reason as is kept.
const maxDetail = 300

func (e event) sighting() (s holdfast.Sighting, known bool) {
	if s.Kind, known = plain[e.text("event")]; !known {
		return s, false
	}
	s.Touch, s.At, s.Address = e.text("touch"), e.moment(), e.text("email")
	s.Message, _, _ = strings.Cut(e.text("sg_message_id"), ".") // the rest names the machine that filtered it
	switch s.Kind {
	case holdfast.Opened:
		if machine, _ := e["sg_machine_open"].(bool); machine {
			s.Kind = holdfast.MachineOpened // Apple Mail fetches every image ahead
		}
	case holdfast.Bounced:
		if e.text("type") == "blocked" {
			s.Kind = holdfast.Blocked
		}
		s.Detail = joinWords(e.text("bounce_classification"), e.text("reason"))
	case holdfast.Dropped:
		s.Detail, s.Via = e.text("reason"), dropped[strings.ToLower(e.text("reason"))]
	case holdfast.Deferred:
		s.Detail = e.text("response")
	case holdfast.Clicked:
		s.Mark = e.text("url")
		s.Detail = bare(s.Mark)
	case holdfast.Unsubscribed, holdfast.Complained:
		s.Via = "sendgrid"
	case holdfast.GroupUnsubscribed, holdfast.GroupResubscribed:
		s.Via = "sendgrid group " + fmt.Sprint(e["asm_group_id"])
	case holdfast.Processed, holdfast.Delivered, holdfast.Blocked, holdfast.MachineOpened, holdfast.Replied, holdfast.AutoReplied:
	}
	s.Detail = withoutAddresses(s.Detail)
	return s, true
}

// dropped are the reasons for which SendGrid keeps a mail back that are a no we
// may not know of.
var dropped = map[string]string{
	"bounced address": "bounced", "invalid": "bounced", "unsubscribed address": "opted_out", "spam reporting address": "complained",
}

// moment of the event; zero for none, or one that no clock could tell.
func (e event) moment() time.Time {
	var text string
	switch v := e["timestamp"].(type) {
	case json.Number:
		text = v.String()
	case string:
		text = v
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 || n > 1<<34 {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}

// bare is a link without what may name a person or open something: user, query
// and fragment.
func bare(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

func joinWords(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + ": " + b
}

// withoutAddresses keeps a provider's words and drops whom they name.
func withoutAddresses(text string) string {
	words := strings.Fields(text)
	for i, w := range words {
		if strings.Contains(w, "@") {
			words[i] = "[address]"
		}
	}
	text = strings.ToValidUTF8(strings.Join(words, " "), "")
	if r := []rune(text); len(r) > maxDetail {
		text = string(r[:maxDetail])
	}
	return text
}
