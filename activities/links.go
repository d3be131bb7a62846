package activities

import (
	"errors"
	"strings"

	"holdfast"
)

// Links lead back to us from the mail of one touch. "" is none.
type Links struct {
	Page   string // the recipient's preference page; a POST to it opts out (RFC 8058)
	OptOut string // an address: mail to it opts out
	Reply  string // an address of ours to which answers go beside the sender
}

// errNoWayOut refuses outreach to real people from which nobody can unsubscribe.
// The app does not start that way; this is for a project that changed since.
var errNoWayOut = errors.New("outreach needs an unsubscribe link: set public_url in holdfast.yaml")

// leadBack writes what leads back to us into a mail: outreach can be
// unsubscribed from, and an answer that people of ours are to get reaches us too.
func (w *walk) leadBack(t touch, id string, m *holdfast.Outbound, data map[string]any) error {
	var l Links
	if w.a.Links != nil {
		l = w.a.Links(id)
	}
	if r := t.email.ReplyTo; r == "" || r == "owner" {
		m.ReplyCopy = l.Reply
	}
	if w.v.Class != "outreach" {
		return nil
	}
	if l.Page == "" {
		if way := w.a.Channels["email"]; way != nil && !way.Loopback() {
			return errNoWayOut
		}
		return nil
	}
	data["unsubscribe_url"] = l.Page
	ways := "<" + l.Page + ">"
	if l.OptOut != "" {
		ways += ", <mailto:" + l.OptOut + "?subject=unsubscribe>"
	}
	m.Headers["List-Unsubscribe"] = ways
	if strings.HasPrefix(l.Page, "https://") { // RFC 8058, 3.1: one click needs it
		m.Headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
	}
	return nil
}
