// Package hooks is where providers call us: SendGrid with what happened to mails,
// and with the answers to them. A call that does not prove who makes it writes
// nothing and is answered 401; a 2xx is answered after the commit alone, and 503
// while the database is away, so that the provider comes again.
package hooks

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"holdfast"
	"holdfast/channels/email"
	"holdfast/internal/tokens"
)

// Paths of the doors. The last part of Inbound is its secret.
const (
	EventsPath  = "/hooks/sendgrid/events"
	InboundPath = "/hooks/sendgrid/inbound/"
)

const (
	// maxEvents is more than a batch of the Event Webhook: these are a few hundred kilobytes.
	maxEvents = 8 << 20
	// maxInbound is what SendGrid posts at most, attachments included, and some for
	// the form around it.
	maxInbound = 32 << 20
)

// Events is the door of SendGrid's Event Webhook. Key and Take are required.
type Events struct {
	Key *email.Key
	// Take keeps sightings for good before it returns.
	Take func(ctx context.Context, s []holdfast.Sighting) error
	Log  *slog.Logger
}

// ServeHTTP takes one batch.
func (e Events) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !posted(w, r) {
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxEvents))
	if err != nil {
		unread(w, err)
		return
	}
	if !e.Key.Verify(body, r.Header.Get(email.SignatureHeader), r.Header.Get(email.TimestampHeader)) {
		refuse(w, r, e.Log, "its signature is missing or wrong")
		return
	}
	all, err := email.ReadEvents(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if all.Malformed > 0 {
		e.Log.WarnContext(r.Context(), "events that cannot be read were left out", "events", all.Malformed)
	}
	if err := e.Take(r.Context(), all.Sightings); err != nil {
		away(w, r, e.Log, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// Inbound is the door of SendGrid's Inbound Parse. Secret and Take are required.
type Inbound struct {
	Secret string     // the last part of the address that it posts to
	Key    *email.Key // of its security policy; nil: it does not sign
	// Take keeps a mail for good before it returns.
	Take func(ctx context.Context, m email.Inbound) error
	Log  *slog.Logger
}

// ServeHTTP takes one mail.
func (in Inbound) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !posted(w, r) {
		return
	}
	if !tokens.Match(strings.TrimPrefix(r.URL.Path, InboundPath), in.Secret) {
		refuse(w, r, in.Log, "the secret in its address is wrong")
		return
	}
	if in.Key != nil && r.Header.Get(email.SignatureHeader) == "" {
		refuse(w, r, in.Log, "its signature is missing")
		return
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		http.Error(w, "expected a form (multipart/form-data)", http.StatusUnsupportedMediaType)
		return
	}
	digest := email.NewDigest(r.Header.Get(email.TimestampHeader))
	body := io.TeeReader(http.MaxBytesReader(w, r.Body, maxInbound), digest)
	mail, err := email.ReadInbound(multipart.NewReader(body, params["boundary"]))
	if _, rest := io.Copy(io.Discard, body); rest != nil { // what follows the form was signed too
		unread(w, rest)
		return
	}
	if in.Key != nil && !in.Key.Signed(digest, r.Header.Get(email.SignatureHeader)) {
		refuse(w, r, in.Log, "its signature is wrong")
		return
	}
	if err != nil {
		http.Error(w, "the form cannot be read", http.StatusBadRequest)
		return
	}
	if err := in.Take(r.Context(), mail); err != nil {
		away(w, r, in.Log, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func posted(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodPost {
		return true
	}
	w.Header().Set("Allow", http.MethodPost)
	http.Error(w, "expected POST", http.StatusMethodNotAllowed)
	return false
}

// refuse answers who does not prove to be the provider. The log names the door
// and no more: the path may hold a secret.
func refuse(w http.ResponseWriter, r *http.Request, log *slog.Logger, why string) {
	log.WarnContext(r.Context(), "a call was refused", "door", door(r), "reason", why)
	http.Error(w, "unauthorized", http.StatusUnauthorized)
}

func unread(w http.ResponseWriter, err error) {
	if _, over := errors.AsType[*http.MaxBytesError](err); over {
		http.Error(w, "the body is too large", http.StatusRequestEntityTooLarge)
		return
	}
	http.Error(w, "the body broke off", http.StatusBadRequest)
}

// away asks the provider to come again.
func away(w http.ResponseWriter, r *http.Request, log *slog.Logger, err error) {
	log.ErrorContext(r.Context(), "a call could not be kept; the provider will repeat it", "door", door(r), "error", err)
	w.Header().Set("Retry-After", "10")
	http.Error(w, "try again later", http.StatusServiceUnavailable)
}

func door(r *http.Request) string {
	if strings.HasPrefix(r.URL.Path, InboundPath) {
		return InboundPath
	}
	return EventsPath
}
