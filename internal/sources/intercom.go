package sources

import (
	"cmp"
	"errors"
	"maps"
	"strings"

	"holdfast"
)

// intercomEvents by topic.
var intercomEvents = map[string]string{
	"conversation.user.created": ticketOpened,
	"conversation.admin.closed": ticketClosed,
	"conversation.admin.opened": ticketReopened,
	"conversation.rating.added": supportRated,
}

// intercom reads one notification
// (https://developers.intercom.com/docs/references/webhooks/webhook-models).
// People and companies are known by the ids that the customer gave Intercom
// (external_id, company_id), and by Intercom's own where there are none.
func intercom(r Request) ([]Said, []Refused, error) {
	n, err := decodeObject(r.Body)
	if err != nil {
		return nil, nil, err
	}
	topic, item := n.text("topic"), n.object("data", "item")
	if topic == "" || n.text("id") == "" && topic != "ping" {
		return nil, nil, errors.New("the body is no notification of Intercom's: expected a topic and an id")
	}
	m := holdfast.Message{ID: n.text("id")}
	at, ok := n.seconds("created_at")
	if !ok {
		at, ok = n.seconds("first_sent_at")
	}
	if m.At = at; !ok && topic != "ping" {
		return nil, []Refused{{"created_at", "holds no time in seconds"}}, nil
	}
	what, _, _ := strings.Cut(topic, ".")
	switch what {
	case "company":
		if topic != "company.created" && topic != "company.updated" {
			return nil, nil, nil
		}
		m.Kind, m.Account, m.Props = holdfast.Group, intercomCompany(item), intercomFields(item, "name", "industry", "size", "website")
		set(m.Props, "plan", item.text("plan", "name"))
	case "contact", "user":
		return intercomContact(m, topic, item)
	case "conversation":
		m.Event = intercomEvents[topic]
		if m.Event == "" {
			return nil, nil, nil
		}
		m.Kind, m.Props = holdfast.Track, map[string]any{}
		set(m.Props, "ticket_id", item.text("id"))
		if m.Event == supportRated {
			set(m.Props, "csat", item.at("conversation_rating", "rating"))
		}
		m.Contact, m.Account = intercomOf(item)
	default:
		return nil, nil, nil
	}
	if m.Account == "" && m.Contact == "" {
		return nil, []Refused{{"data.item", "names no contact and no company"}}, nil
	}
	return []Said{{Message: m}}, nil, nil
}

func intercomContact(m holdfast.Message, topic string, item object) ([]Said, []Refused, error) {
	if strings.HasSuffix(topic, ".deleted") || strings.HasSuffix(topic, ".unsubscribed") || strings.Contains(topic, ".tag.") || strings.HasSuffix(topic, ".archive") {
		return nil, nil, nil
	}
	if whole := item.object("contact"); whole != nil { // contact.attribute.updated and its like
		item = whole
	}
	m.Kind, m.Contact = holdfast.Identify, intercomPerson(item)
	if m.Contact == "" {
		return nil, []Refused{{"data.item.id", "is missing"}}, nil
	}
	m.Props = intercomFields(item, "name", "email")
	set(m.Props, "locale", item.text("browser_locale"))
	set(m.Props, "timezone", item.text("location", "timezone"))
	if company, is := firstOf(item, "companies", "data", "companies"); is {
		m.Account = intercomCompany(company)
	}
	return []Said{{Message: m}}, nil, nil
}

// intercomOf is whose conversation it is.
func intercomOf(item object) (contact, account string) {
	person, is := firstOf(item, "contacts", "contacts", "data")
	if !is {
		if person = item.object("user"); person == nil {
			person = item.object("source", "author")
		}
		if person.text("type") == "admin" || person.text("type") == "bot" {
			person = nil
		}
	}
	if company := item.object("company"); company != nil {
		account = intercomCompany(company)
	}
	return intercomPerson(person), account
}

// firstOf is the first of the list under o[name][one of keys].
func firstOf(o object, name string, keys ...string) (object, bool) {
	for _, key := range keys {
		if list := o.list(name, key); len(list) > 0 {
			one, _ := list[0].(map[string]any)
			return one, one != nil
		}
	}
	return nil, false
}

func intercomPerson(o object) string {
	return cmp.Or(o.text("external_id"), o.text("user_id"), o.text("id"))
}

func intercomCompany(o object) string { return cmp.Or(o.text("company_id"), o.text("id")) }

// intercomFields are those of names that are there, and what the customer added.
func intercomFields(o object, names ...string) map[string]any {
	p := map[string]any{}
	maps.Copy(p, o.object("custom_attributes"))
	delete(p, "id")
	for _, name := range names {
		set(p, name, o.at(name))
	}
	return p
}
