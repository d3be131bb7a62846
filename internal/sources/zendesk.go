package sources

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"holdfast"
)

// Events of support, whoever sends them.
const (
	ticketOpened   = "Support Ticket Opened"
	ticketClosed   = "Support Ticket Closed"
	ticketReopened = "Support Ticket Reopened"
	supportRated   = "Support Rated"
)

// zendesk reads one event
// (https://developer.zendesk.com/api-reference/webhooks/event-types/webhook-event-types/).
// The account is the ticket's organisation. Ratings are sent by a trigger, whose
// JSON its author writes: type csat, with event.rating.
type zendesk struct{ s Settings }

func (z zendesk) messages(r Request) ([]Said, []Refused, error) {
	e, err := decodeObject(r.Body)
	if err != nil {
		return nil, nil, err
	}
	kind := strings.TrimPrefix(e.text("type"), "zen:event-type:")
	if kind == "" {
		return nil, nil, errors.New("the body is no event of Zendesk's: expected a type; for a trigger of your own, use a source of kind webhook with signature: zendesk")
	}
	d := e.object("detail")
	m := holdfast.Message{ID: cmp.Or(e.text("id"), contentID(string(r.Body))), Kind: holdfast.Track}
	var ok bool
	if m.At, ok = moment(cmp.Or(e.text("time"), d.text("updated_at"))); !ok {
		return nil, []Refused{{"time", "holds no time such as 2026-05-01T09:00:00Z"}}, nil
	}
	what, _, _ := strings.Cut(kind, ".")
	if what == "organization" {
		return z.organisation(m, kind, d)
	}
	m.Props = map[string]any{}
	set(m.Props, "ticket_id", d.text("id"))
	switch kind {
	case "ticket.created":
		m.Event = ticketOpened
		set(m.Props, "priority", zendeskPriority(d.text("priority")))
	case "ticket.status_changed":
		m.Event = zendeskStatus(e.text("event", "previous"), e.text("event", "current"))
	case "csat":
		m.Event = supportRated
		csat := zendeskRating(e.text("event", "rating"))
		if csat == "" {
			return nil, []Refused{{"event.rating", "is none: expected good, bad, or 1 to 5"}}, nil
		}
		m.Props["csat"] = csat
	}
	if m.Event == "" {
		return nil, nil, nil
	}
	if m.Account = z.id(d.text("organization_id")); m.Account == "" {
		return nil, []Refused{{"detail.organization_id", fmt.Sprintf("is empty: ticket %s belongs to no organisation; put its requester into one", clip(d.text("id")))}}, nil
	}
	return []Said{{Message: m}}, nil, nil
}

func (z zendesk) organisation(m holdfast.Message, kind string, d object) ([]Said, []Refused, error) {
	if kind != "organization.created" && kind != "organization.name_changed" {
		return nil, nil, nil
	}
	m.Kind, m.Account = holdfast.Group, z.id(d.text("id"))
	if m.Account == "" {
		return nil, []Refused{{"detail.id", "is missing"}}, nil
	}
	m.Props = map[string]any{}
	set(m.Props, "name", d.text("name"))
	return []Said{{Message: m}}, nil, nil
}

// id of an organisation among our accounts; Zendesk writes 0 for none.
func (z zendesk) id(id string) string {
	if id == "" || id == "0" {
		return ""
	}
	if z.s.SharedIDs {
		return id
	}
	return "zendesk:" + id
}

// zendeskPriority is one of low, medium, high and urgent.
func zendeskPriority(p string) string {
	p = strings.ToLower(p)
	if p == "normal" {
		return "medium"
	}
	return p
}

// zendeskStatus: a ticket is done when it is solved; that it is closed for good
// days later says nothing more.
func zendeskStatus(before, now string) string {
	before, now = strings.ToLower(before), strings.ToLower(now)
	switch {
	case now == "solved":
		return ticketClosed
	case before == "solved" && now != "closed":
		return ticketReopened
	}
	return ""
}

// zendeskRating is 1 to 5, "" for none: a good one is 5, a bad one 1.
func zendeskRating(r string) string {
	switch r = strings.ToLower(r); {
	case strings.HasPrefix(r, "good"):
		return "5"
	case strings.HasPrefix(r, "bad"):
		return "1"
	case len(r) == 1 && r >= "1" && r <= "5":
		return r
	}
	return ""
}
