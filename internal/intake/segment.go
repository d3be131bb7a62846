package intake

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"holdfast"
)

// segment is the part of Segment's tracking message that we read
// (segment.com/docs/connections/spec/common).
type segment struct {
	Type       string         `json:"type"`
	MessageID  string         `json:"messageId"`
	Timestamp  string         `json:"timestamp"`
	UserID     any            `json:"userId"`
	GroupID    any            `json:"groupId"`
	PreviousID any            `json:"previousId"`
	FormerID   any            `json:"previousGroupId"`
	Event      string         `json:"event"`
	Properties map[string]any `json:"properties"`
	Traits     map[string]any `json:"traits"`
	Context    struct {
		GroupID any `json:"groupId"`
	} `json:"context"`
}

// Segment reads one Segment-shaped JSON message (track, group, identify or alias).
// The account is groupId or context.groupId, the contact userId. An alias with
// previousId is of contacts, as Segment's; one with previousGroupId, which Segment
// does not know, of accounts. Without a messageId
// the id is derived from the content, so the same bytes are one message. The
// error says what to change; the caller sets Source.
func Segment(line []byte) (holdfast.Message, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	var s segment
	if err := d.Decode(&s); err != nil {
		return holdfast.Message{}, jsonTrouble(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return holdfast.Message{}, fmt.Errorf("more than one JSON value on the line")
	}
	m := holdfast.Message{
		ID: s.MessageID, Kind: s.Type, Event: s.Event,
		Account: text(s.GroupID), Contact: text(s.UserID),
	}
	if m.Account == "" {
		m.Account = text(s.Context.GroupID)
	}
	switch s.Type {
	case holdfast.Track:
		m.Props = s.Properties
	case holdfast.Group, holdfast.Identify:
		m.Props = s.Traits
	case holdfast.Alias:
		aliased(&m, s)
	case "":
		return m, fmt.Errorf("no type: expected track, group, identify or alias")
	default:
		return m, fmt.Errorf("type %q is not taken: expected track, group, identify or alias", s.Type)
	}
	at, err := ParseTime(s.Timestamp)
	if err != nil {
		return m, fmt.Errorf("timestamp %w", err)
	}
	m.At = at
	if m.ID == "" {
		m.ID = ContentID(line)
	}
	return m, nil
}

// aliased says who has become whom.
func aliased(m *holdfast.Message, s segment) {
	old := text(s.PreviousID)
	if former := text(s.FormerID); old == "" && former != "" {
		old, m.Contact = former, ""
	}
	m.Props = map[string]any{holdfast.Previous: old}
}

// ParseTime reads RFC 3339, or a day as its midnight in UTC.
func ParseTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, fmt.Errorf("is missing: expected a time such as 2026-05-01T09:00:00Z")
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", time.DateTime, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC().Truncate(time.Microsecond), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q: expected a time such as 2026-05-01T09:00:00Z", clip(s))
}

// ContentID is a message id made of what the message says.
func ContentID(parts ...[]byte) string {
	sum := sha256.Sum256(bytes.Join(parts, []byte{0x1f}))
	return "content-" + hex.EncodeToString(sum[:12])
}

// text of an id that some senders write as a number.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v)
	case json.Number:
		return v.String()
	}
	return ""
}

// clip keeps a hostile value from filling the terminal.
func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

func jsonTrouble(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the JSON ends too early")
	}
	if te, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%s holds %s: expected %s", te.Field, te.Value, wanted(te.Field))
	}
	return fmt.Errorf("no JSON: %s", strings.TrimPrefix(err.Error(), "json: "))
}

func wanted(field string) string {
	switch field {
	case "properties", "traits", "context":
		return "an object"
	case "":
		return "a message object"
	}
	return "text"
}
