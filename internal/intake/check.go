package intake

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

// maxID is the longest id that is taken, of messages, accounts and contacts.
const maxID = 200

// ahead is how far a sender's clock may be before ours. A date years ahead would
// otherwise hold a field against every later message.
const ahead = 24 * time.Hour

// trusted sources may say that one of our own events happened.
var trusted = []string{"system", "cast", "demo"}

// check says why m cannot be taken, or "".
func check(m holdfast.Message, now time.Time) string {
	switch m.Kind {
	case holdfast.Track:
		if m.Event == "" {
			return "a track message without an event name"
		}
	case holdfast.Identify, holdfast.Group:
	default:
		return fmt.Sprintf("kind %q: expected track, identify or group", clip(m.Kind))
	}
	for _, id := range []struct{ what, text string }{{"message", m.ID}, {"account", m.Account}, {"contact", m.Contact}, {"event", m.Event}} {
		if len(id.text) > maxID || strings.ContainsFunc(id.text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return fmt.Sprintf("%s %q is no id: expected at most %d printable characters", id.what, clip(id.text), maxID)
		}
	}
	switch {
	case m.ID == "":
		return "no message id"
	case m.Account == "" && m.Contact == "":
		return "names no account: expected groupId, context.groupId or, for someone we know, userId; in a table, the column id or account"
	case m.At.IsZero():
		return "no time"
	case m.At.After(now.Add(ahead)):
		return fmt.Sprintf("happens at %s, after now (%s)", m.At.UTC().Format(time.RFC3339), now.Format(time.RFC3339))
	}
	return ""
}

// forged says why m may not come from outside, or "".
func forged(m holdfast.Message) string {
	if !strings.Contains(m.Event, ".") || slices.Contains(trusted, m.Source) {
		return ""
	}
	return fmt.Sprintf("event %q: names with a dot are Holdfast's own and cannot be sent; give yours a name without one", clip(m.Event))
}

// resolve gives a message without an account that of its contact.
func (b *batch) resolve(m *holdfast.Message) (reason string, err error) {
	if m.Account != "" {
		return "", nil
	}
	c, err := b.person(m.Contact)
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Sprintf("names no account, and nobody called %q is known", clip(m.Contact)), nil
	}
	if err != nil {
		return "", err
	}
	m.Account = c.Account
	return "", nil
}
