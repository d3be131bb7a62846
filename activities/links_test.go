package activities_test

import (
	"strings"
	"testing"

	"holdfast/activities"
	"holdfast/channels"
	"holdfast/internal/clock"
)

func linked(touch string) activities.Links {
	return activities.Links{Page: "https://r.example/u/" + touch, OptOut: "unsubscribe+" + touch + "@in.example", Reply: "reply+" + touch + "@in.example"}
}

func TestOutreachCarriesItsWayOutAndItsWayBack(t *testing.T) {
	t.Parallel()
	const mail = "steps:\n  - {id: hello, email: hello, to: [contacts.champion]}\n"
	for _, c := range []struct {
		name, playbook string
		links          func(string) activities.Links
		list, post     string // of the headers; T is the touch
		reply, copy    string
		line           bool // the text says how to unsubscribe
	}{
		{"outreach", head + mail, linked, "<https://r.example/u/T>, <mailto:unsubscribe+T@in.example?subject=unsubscribe>", "List-Unsubscribe=One-Click", "", "reply+T@in.example", true},
		{"service", strings.Replace(head, "outreach", "service", 1) + mail, linked, "", "", "", "reply+T@in.example", false},
		{"no inbound", head + mail, func(touch string) activities.Links { return activities.Links{Page: "https://r.example/u/" + touch} },
			"<https://r.example/u/T>", "List-Unsubscribe=One-Click", "", "", true},
		{"not over TLS", head + mail, func(touch string) activities.Links { return activities.Links{Page: "http://127.0.0.1/u/" + touch} },
			"<http://127.0.0.1/u/T>", "", "", "", true},
		{"answers to the owner", head + strings.Replace(mail, "}", ", reply_to: owner}", 1), linked,
			"<https://r.example/u/T>, <mailto:unsubscribe+T@in.example?subject=unsubscribe>", "List-Unsubscribe=One-Click", "olga@example.test", "reply+T@in.example", true},
		{"answers to an address", head + strings.Replace(mail, "}", ", reply_to: desk@ours.example}", 1), linked,
			"<https://r.example/u/T>, <mailto:unsubscribe+T@in.example?subject=unsubscribe>", "List-Unsubscribe=One-Click", "desk@ours.example", "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.playbook)
			w.config.Links = c.links
			w.wire()
			w.enroll("k").rest()
			if len(w.email.sent) != 1 {
				t.Fatalf("%d mails went, want 1", len(w.email.sent))
			}
			m := w.email.sent[0]
			named := func(s string) string { return strings.ReplaceAll(s, "T", m.Touch) }
			for what, pair := range map[string][2]string{
				"List-Unsubscribe":      {m.Headers["List-Unsubscribe"], named(c.list)},
				"List-Unsubscribe-Post": {m.Headers["List-Unsubscribe-Post"], c.post},
				"reply":                 {m.ReplyTo, c.reply},
				"copy":                  {m.ReplyCopy, named(c.copy)},
			} {
				if pair[0] != pair[1] {
					t.Errorf("%s: got %q, want %q", what, pair[0], pair[1])
				}
			}
			if got := strings.Contains(m.Text, "Unsubscribe: "+c.links(m.Touch).Page) && strings.Contains(m.HTML, c.links(m.Touch).Page); got != c.line {
				t.Errorf("the mail says how to unsubscribe: %v, want %v\n%s", got, c.line, m.Text)
			}
		})
	}
}

// still is a clock that New takes for the machine's.
type still struct{ clock.Clock }

// abroad is a channel that reaches real people.
type abroad struct{ *post }

func (abroad) Loopback() bool { return false }

func TestOutreachWithoutAWayOutDoesNotGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, head+"steps:\n  - {id: hello, email: hello, to: [contacts.champion]}\n")
	w.config.Clock = still{w.clock}
	w.config.Channels = map[string]channels.Channel{"email": abroad{w.email}, "slack": w.slack}
	w.wire()
	r := w.enroll("k")
	r.rest()
	if got := strings.Join(r.ledger(), "\n"); len(w.email.sent) != 0 || !strings.Contains(got, "failed no_unsubscribe") {
		t.Errorf("%d mails went, the ledger says %s", len(w.email.sent), got)
	}
}
