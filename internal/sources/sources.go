// Package sources is how the words of others become messages of ours: one file a
// provider. It checks who sends, on the bytes as they came, and reads what
// happened. It has no server, no store and no clock. To add a provider, add
// <kind>.go and one line in Kinds.
package sources

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"holdfast"
)

// Request is one call from outside. URL is the whole public address, as the
// caller wrote it; Body is the bytes as they came; At is now.
type Request struct {
	Method, URL string
	Header      http.Header
	Body        []byte
	At          time.Time
}

// Adapter is one source's way to speak. It is safe for concurrent use.
type Adapter interface {
	// Verify says whether the request comes from who knows one of the secrets; the
	// error says what is wrong, without the secret and without personal data.
	Verify(r Request, secrets []string) error
	// Messages reads what happened, in the order in which it stands there; the caller
	// sets Source. A part that cannot be read is a Refused with its place; the others
	// still come. The error (code invalid) is of a body that cannot be read at all.
	// What a provider sends that means nothing to us is passed over; that nothing of
	// what came is what a mapping or Segment's destination is for, is a Refused.
	Messages(r Request) ([]Said, []Refused, error)
}

// Said is a message and where it stands in its request: "[3]" in a list, "mapping[0],
// item 3", or "body" where it is the whole.
type Said struct {
	Place string
	holdfast.Message
}

// Refused is a part of a request that cannot be taken: where it stands, as in Said,
// and why, with how to mend it.
type Refused struct{ Place, Reason string }

// Settings are what a source's document says beside its secret.
type Settings struct {
	// SharedIDs takes the numbers by which HubSpot and Zendesk know companies as the
	// ids of accounts. Otherwise the kind stands before them, as in hubspot:123: the
	// same number means another customer elsewhere.
	SharedIDs bool
	Signature *Signature // how who sends is known; nil: the kind's own way
	Mapping   *Mapping   // what becomes what; nil: the kind's own way
	// OfAll reports whether an event is about all accounts, so that it need not name
	// one. nil is that none is.
	OfAll func(event string) bool
}

// unnamed says why m cannot be taken when it does not say whose it is, and is not
// about all accounts; else "".
func (s Settings) unnamed(m holdfast.Message, expected string) string {
	if m.Account != "" || m.Contact != "" || m.Kind == holdfast.Track && s.OfAll != nil && s.OfAll(m.Event) {
		return ""
	}
	return "names no account: " + expected
}

// Kind is one sort of source.
type Kind struct {
	Name, Summary string
	Signs         string // the scheme by which it is known, unless a document says another
	messages      func(Settings) reader
}

// reader is Adapter.Messages.
type reader func(Request) ([]Said, []Refused, error)

// Kinds are all sorts of sources, by name.
var Kinds = []Kind{
	{"cloudevents", "CloudEvents 1.0: structured, binary and batched.", "token", func(s Settings) reader { return cloudEvents{s}.messages }},
	{"hubspot", "HubSpot's webhooks: companies, contacts and deals as they change.", "hubspot", func(s Settings) reader { return hubspot{s}.messages }},
	{"intercom", "Intercom's notifications: conversations, ratings, contacts and companies.", "intercom", func(Settings) reader { return intercom }},
	{"segment", "Segment's webhook destination.", "segment", func(s Settings) reader { return segmentHook{s}.messages }},
	{"stripe", "Stripe's events: subscriptions, invoices and customers.", "stripe", func(Settings) reader { return stripe }},
	{"webhook", "Any JSON, by a mapping.", "", func(Settings) reader { return unmapped }},
	{"zendesk", "Zendesk's events: tickets, ratings and organisations.", "zendesk", func(s Settings) reader { return zendesk{s}.messages }},
}

// Names of Kinds.
func Names() []string {
	names := make([]string, len(Kinds))
	for i, k := range Kinds {
		names[i] = k.Name
	}
	return names
}

// Open is the adapter of a kind. The error (code not_found or invalid) says what
// to write instead.
func Open(kind string, s Settings) (Adapter, error) {
	for _, k := range Kinds {
		if k.Name != kind {
			continue
		}
		a := adapter{verify: schemes[k.Signs], read: k.messages(s)}
		if s.Signature != nil {
			a.verify = s.Signature.verify
			if s.Signature.Scheme == "token" {
				a.hidden = s.Signature.Header
			}
		}
		if s.Mapping != nil {
			a.read = s.Mapping.messages
		}
		if a.verify == nil {
			return nil, holdfast.Errorf(holdfast.Invalid, "a %s source does not say how who sends is known; add signature:, one of %s", kind, strings.Join(Schemes(), ", "))
		}
		return a, nil
	}
	return nil, holdfast.Errorf(holdfast.NotFound, "no kind of source is called %q; there are %s", kind, strings.Join(Names(), ", "))
}

type adapter struct {
	verify scheme
	read   reader
	hidden string // the header that holds the secret itself: nothing of a message is made of it
}

func (a adapter) Verify(r Request, secrets []string) error { return a.verify(r, secrets) }

func (a adapter) Messages(r Request) ([]Said, []Refused, error) {
	r.Header = r.Header.Clone()
	r.Header.Del("Authorization")
	r.Header.Del(a.hidden)
	ms, refused, err := a.read(r)
	if err != nil {
		return nil, nil, holdfast.Errorf(holdfast.Invalid, "%s", err)
	}
	kept := ms[:0]
	var ok bool
	for _, m := range ms {
		m.Place = cmp.Or(m.Place, "body")
		if m.Props, ok = Tidy(m.Props); !ok {
			refused = append(refused, Refused{m.Place, fmt.Sprintf("nested deeper than %d levels; send less, or map the parts that matter", deepest)})
			continue
		}
		kept = append(kept, m)
	}
	for i, no := range refused {
		refused[i] = Refused{cmp.Or(no.Place, "body"), clipTo(no.Reason, 240)}
	}
	return kept, refused, nil
}

// clip keeps a hostile value from filling an answer.
func clip(s string) string { return clipTo(s, 60) }

func clipTo(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// contentID is a message id made of what is said, where nobody gives one: the
// same words again are the same message.
func contentID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x1f")))
	return "content-" + hex.EncodeToString(sum[:12])
}
