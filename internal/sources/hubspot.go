package sources

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast"
)

// Events that HubSpot's become.
const (
	dealChanged = "Deal Changed"
	dealWon     = "Deal Won"
	dealLost    = "Deal Lost"
)

// hubspotContact is what HubSpot calls the fields that every contact of ours has.
var hubspotContact = map[string]string{
	"firstname": "first_name", "lastname": "last_name", "jobtitle": "title", "hs_language": "locale", "hs_timezone": "timezone",
}

// mostMerged ids are taken of one merge.
const mostMerged = 1000

// hubspot reads batches of up to 100 events
// (https://developers.hubspot.com/docs/api/webhooks). A change of a company is a
// field of an account, one of a contact a field of a contact, one of a deal an event;
// two companies or contacts that become one are aliases.
type hubspot struct{ s Settings }

func (h hubspot) messages(r Request) ([]Said, []Refused, error) {
	v, err := decode(r.Body)
	if err != nil {
		return nil, nil, err
	}
	events, ok := v.([]any)
	if one, is := v.(map[string]any); is {
		events, ok = []any{one}, true
	}
	if !ok {
		return nil, nil, errors.New("the body is no list of HubSpot's events")
	}
	var ms []Said
	var refused []Refused
	for i, ev := range events {
		o, _ := ev.(map[string]any)
		made, why := h.event(object(o))
		place := fmt.Sprintf("[%d]", i)
		if why != "" {
			refused = append(refused, Refused{place, why})
		}
		for _, m := range made {
			ms = append(ms, Said{place, m})
		}
	}
	return ms, refused, nil
}

// event is what one event says: none where that is nothing to us.
func (h hubspot) event(e object) (ms []holdfast.Message, why string) {
	at, ok := unix(e.text("occurredAt"), time.Millisecond)
	if !ok {
		return nil, "occurredAt holds no time in milliseconds"
	}
	what, change, _ := strings.Cut(e.text("subscriptionType"), ".")
	if what == "object" { // the newer, general form names the object's type by number
		what = map[string]string{"0-1": "contact", "0-2": "company", "0-3": "deal"}[e.text("objectTypeId")]
	}
	// An eventId alone is not said to be unique.
	m := holdfast.Message{At: at, ID: contentID(e.text("portalId"), e.text("subscriptionId"), e.text("eventId"), e.text("subscriptionType"), cmp.Or(e.text("objectId"), e.text("fromObjectId")), e.text("occurredAt"), e.text("propertyName"))}
	if change == "merge" {
		return h.merges(m, what, e)
	}
	if m, why = h.message(m, what, change, e); m.Kind == "" || why != "" {
		return nil, why
	}
	return []holdfast.Message{m}, ""
}

// message makes m of one event; without a kind it says nothing to us.
func (h hubspot) message(m holdfast.Message, what, change string, e object) (_ holdfast.Message, why string) {
	id := e.text("objectId")
	if change == "associationChange" {
		return h.association(m, e), ""
	}
	if change != "propertyChange" && change != "creation" {
		return holdfast.Message{}, ""
	}
	if id == "" {
		return m, "objectId is missing"
	}
	name := e.text("propertyName")
	switch what {
	case "company":
		m.Kind, m.Account = holdfast.Group, h.id(id)
		m.Props = property(name, e.at("propertyValue"))
	case "contact":
		if name == "" {
			return holdfast.Message{}, "" // it is met when something is said of it
		}
		m.Kind, m.Contact = holdfast.Identify, h.id(id)
		m.Props = property(cmp.Or(hubspotContact[name], name), e.at("propertyValue"))
		if company := e.text("propertyValue"); name == "associatedcompanyid" && company != "" {
			m.Account = h.id(company)
		}
	case "deal":
		return h.deal(m, e, id), ""
	default:
		return holdfast.Message{}, ""
	}
	return m, ""
}

// merges are the two or more of which a merge has made one, an alias each. The
// survivor is newObjectId where HubSpot has made a record of its own for it, and the
// winner then becomes it as well; else the winner, primaryObjectId
// (https://developers.hubspot.com/changelog/new-subscription-types-for-webhooks).
func (h hubspot) merges(m holdfast.Message, what string, e object) (ms []holdfast.Message, why string) {
	if what != "company" && what != "contact" {
		return nil, ""
	}
	survivor := cmp.Or(e.text("newObjectId"), e.text("primaryObjectId"))
	if survivor == "" {
		return nil, "primaryObjectId is missing: a merge says who stays"
	}
	was := e.list("mergedObjectIds")
	if len(was) == 0 {
		return nil, "mergedObjectIds is missing: a merge says who is no more"
	}
	if len(was) > mostMerged {
		return nil, fmt.Sprintf("mergedObjectIds holds %d ids: at most %d are taken", len(was), mostMerged)
	}
	for _, v := range append(slices.Clip(was), e.at("primaryObjectId")) {
		old := Text(v)
		if old == "" || old == survivor {
			continue
		}
		one := holdfast.Message{Kind: holdfast.Alias, ID: contentID(m.ID, old, survivor), At: m.At}
		one.Props = map[string]any{holdfast.Previous: h.id(old)}
		if what == "contact" {
			one.Contact = h.id(survivor)
		} else {
			one.Account = h.id(survivor)
		}
		ms = append(ms, one)
	}
	if len(ms) == 0 {
		return nil, "mergedObjectIds names nobody but who stays"
	}
	return ms, ""
}

// association gives a contact, or a deal, its company.
func (h hubspot) association(m holdfast.Message, e object) holdfast.Message {
	kind, from, to := strings.ToUpper(e.text("associationType")), e.text("fromObjectId"), e.text("toObjectId")
	if other, turned := strings.CutPrefix(kind, "COMPANY_TO_"); turned {
		kind, from, to = other+"_TO_COMPANY", to, from
	}
	if e.flag("associationRemoved") || from == "" || to == "" {
		return holdfast.Message{}
	}
	m.ID, m.Account = contentID(m.ID, from, to), h.id(to)
	switch kind {
	case "CONTACT_TO_COMPANY":
		m.Kind, m.Contact = holdfast.Identify, h.id(from)
		m.Props = map[string]any{"hubspot_id": from}
	case "DEAL_TO_COMPANY":
		m.Kind, m.Event = holdfast.Track, dealChanged
		m.Props = map[string]any{"deal_id": h.id(from)}
	default:
		return holdfast.Message{}
	}
	return m
}

// hubspotDeal is what HubSpot calls the fields of a deal.
var hubspotDeal = map[string]string{
	"dealname": "name", "dealstage": "stage", "pipeline": "pipeline", "amount": "amount", "closedate": "close_date", "dealtype": "kind",
}

// deal is a change of the object deal. HubSpot does not say whose deal it is: that
// was said when the deal got its company.
func (h hubspot) deal(m holdfast.Message, e object, id string) holdfast.Message {
	value := e.at("propertyValue")
	m.Kind, m.Event = holdfast.Track, dealChanged
	m.Props = map[string]any{"deal_id": h.id(id)}
	name := hubspotDeal[e.text("propertyName")]
	switch {
	case name == "":
		return holdfast.Message{}
	case name == "stage" && Text(value) == "closedwon":
		m.Event = dealWon
	case name == "stage" && Text(value) == "closedlost":
		m.Event = dealLost
	}
	set(m.Props, name, value)
	return m
}

// id of a company or contact of HubSpot's among ours.
func (h hubspot) id(id string) string {
	if h.s.SharedIDs {
		return id
	}
	return "hubspot:" + id
}

// property is one field. HubSpot writes everything as text, and an emptied
// property as none: a field keeps its last value then.
func property(name string, value any) map[string]any {
	p := map[string]any{}
	if name != "" {
		set(p, name, value)
	}
	return p
}
