package intake

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/rules"
)

// maxID is the longest id that is taken, of messages, accounts and contacts.
const maxID = 200

// ahead is how far a sender's clock may be before ours. A date years ahead would
// otherwise hold a field against every later message.
const ahead = 24 * time.Hour

// trusted sources may say that one of our own events happened.
var trusted = []string{"system", "cast", "demo"}

// check says why m cannot be taken, or "". toAll: it need not name an account.
func check(m holdfast.Message, now time.Time, toAll bool) string {
	switch m.Kind {
	case holdfast.Track:
		if m.Event == "" {
			return "a track message without an event name"
		}
	case holdfast.Identify, holdfast.Group:
	case holdfast.Alias:
		if why := unlike(m); why != "" {
			return why
		}
	default:
		return fmt.Sprintf("kind %q: expected track, identify, group or alias", clip(m.Kind))
	}
	for _, id := range []struct{ what, text string }{{"message", m.ID}, {"account", m.Account}, {"contact", m.Contact}, {"event", m.Event}, {"source", m.Source}} {
		if why := NoID(id.what, id.text); why != "" {
			return why
		}
	}
	switch {
	case m.ID == "":
		return "no message id"
	case m.Account == "" && m.Contact == "" && !toAll:
		return "names no account: expected groupId, context.groupId or, for someone we know, userId; in a table, the column id or account"
	case m.At.IsZero():
		return "no time"
	case m.At.After(now.Add(ahead)):
		return fmt.Sprintf("happens at %s, after now (%s)", m.At.UTC().Format(time.RFC3339), now.Format(time.RFC3339))
	}
	return ""
}

// NoID says why text is no id of what (a word such as contact), or "". What is not UTF-8 is none: stores write it in
// ways of their own, so that it would not be found again.
func NoID(what, text string) string {
	if !utf8.ValidString(text) {
		return fmt.Sprintf("%s %q is no id: it is not UTF-8", what, clip(text))
	}
	if len(text) <= maxID && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return ""
	}
	return fmt.Sprintf("%s %q is no id: expected at most %d printable characters", what, clip(text), maxID)
}

// noKey says why the key of one of the objects is none, or "". Keys may be longer than
// ids and hold line breaks, but must be such as all stores keep as they are.
func noKey(objects []rules.ObjectChange) string {
	for _, o := range objects {
		if !utf8.ValidString(o.Key) || strings.ContainsRune(o.Key, 0) {
			return fmt.Sprintf("%s %q is no key: expected UTF-8 without NUL", o.Kind, clip(o.Key))
		}
	}
	return ""
}

// unlike says why an alias does not name two ids, or "".
func unlike(m holdfast.Message) string {
	old := previous(m)
	switch {
	case old == "":
		return "an alias without the previous id: expected previousId, or for an account previousGroupId"
	case old == cmp.Or(m.Contact, m.Account):
		return fmt.Sprintf("an alias of %q to itself", clip(old))
	}
	return NoID("previous", old)
}

// forged says why m may not come from outside, or "".
func forged(m holdfast.Message) string {
	if !strings.Contains(m.Event, ".") || slices.Contains(trusted, m.Source) {
		return ""
	}
	return fmt.Sprintf("event %q: names with a dot are Holdfast's own and cannot be sent; give yours a name without one", clip(m.Event))
}

// resolve gives a message without an account that of its contact, which says nothing
// of whose they are.
func (b *batch) resolve(m *holdfast.Message) (reason string, err error) {
	if b.lent = m.Account == ""; !b.lent {
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
