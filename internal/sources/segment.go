package sources

import (
	"cmp"

	"holdfast"
)

// segmentHook reads what Segment's webhook destination posts: one message of its
// tracking API (https://segment.com/docs/connections/spec/common). The account is
// groupId or context.groupId, the contact userId; an event of all accounts may name
// none. Messages of other types are refused.
type segmentHook struct{ s Settings }

func (h segmentHook) messages(r Request) ([]Said, []Refused, error) {
	o, err := decodeObject(r.Body)
	if err != nil {
		return nil, nil, err
	}
	m := holdfast.Message{
		ID: cmp.Or(o.text("messageId"), contentID(string(r.Body))), Kind: o.text("type"),
		Account: cmp.Or(o.text("groupId"), o.text("context", "groupId")), Contact: o.text("userId"),
	}
	switch m.Kind {
	case holdfast.Track:
		if m.Event = o.text("event"); m.Event == "" {
			return nil, []Refused{{"event", "is missing: a track message names what happened"}}, nil
		}
		m.Props = o.object("properties")
	case holdfast.Group, holdfast.Identify:
		m.Props = o.object("traits")
	default:
		return nil, []Refused{{"type", "is none of track, identify and group: nothing of it is taken"}}, nil
	}
	var ok bool
	if m.At, ok = moment(o.text("timestamp")); !ok {
		return nil, []Refused{{"timestamp", "holds no time such as 2026-05-01T09:00:00Z"}}, nil
	}
	if why := h.s.unnamed(m, "expected groupId, context.groupId or userId"); why != "" {
		return nil, []Refused{{"", why}}, nil
	}
	return []Said{{Message: m}}, nil, nil
}
