package sources

import (
	"holdfast"
	"holdfast/internal/intake"
)

// segmentHook reads what Segment's webhook destination posts: one message of its
// tracking API. Kinds that say nothing about a customer are passed over.
func segmentHook(r Request) ([]holdfast.Message, []Refused, error) {
	o, err := decodeObject(r.Body)
	if err != nil {
		return nil, nil, err
	}
	switch o.text("type") {
	case "page", "screen", "alias", "delete":
		return nil, nil, nil
	}
	m, err := intake.Segment(r.Body)
	if err != nil {
		return nil, []Refused{{"", err.Error()}}, nil
	}
	return []holdfast.Message{m}, nil, nil
}
