package hooks_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"holdfast"
	"holdfast/channels/email"
	"holdfast/internal/server/hooks"
)

const (
	batch  = `[{"event":"delivered","timestamp":1790000000,"touch":"t1","sg_message_id":"m1.0"},{"event":"open"}]` + "\r\n"
	secret = "0123456789abcdef0123456789"
)

// signer is SendGrid's side.
type signer struct{ key *ecdsa.PrivateKey }

func newSigner(t *testing.T) signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signer{key}
}

func (s signer) public(t *testing.T) *email.Key {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(&s.key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	key, err := email.ParseKey(base64.StdEncoding.EncodeToString(der))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (s signer) sign(t *testing.T, r *http.Request, body string) {
	t.Helper()
	sum := sha256.Sum256([]byte("1790000000" + body))
	sig, err := ecdsa.SignASN1(rand.Reader, s.key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set(email.SignatureHeader, base64.StdEncoding.EncodeToString(sig))
	r.Header.Set(email.TimestampHeader, "1790000000")
}

// log keeps what is said, to be searched for secrets.
func log() (*slog.Logger, *bytes.Buffer) {
	var b bytes.Buffer
	return slog.New(slog.NewTextHandler(&b, nil)), &b
}

func TestEventsAreTakenFromSendGridAlone(t *testing.T) {
	t.Parallel()
	sendgrid, stranger := newSigner(t), newSigner(t)
	for name, c := range map[string]struct {
		method, body string
		by           *signer
		signed       string // what the signature is of, "" for the body
		take         error
		status, took int
	}{
		"signed":                  {body: batch, by: &sendgrid, status: 204, took: 1},
		"an empty batch":          {body: "[]\r\n", by: &sendgrid, status: 204},
		"not signed":              {body: batch, status: 401},
		"signed by a stranger":    {body: batch, by: &stranger, status: 401},
		"changed on its way":      {body: batch + " ", signed: batch, by: &sendgrid, status: 401},
		"without its line break":  {body: strings.TrimSpace(batch), signed: batch, by: &sendgrid, status: 401},
		"signed, no list":         {body: `{"event":"delivered"}`, by: &sendgrid, status: 400},
		"the database is away":    {body: batch, by: &sendgrid, take: errors.New("disk full of dana@acme.example"), status: 503, took: 1},
		"too large":               {body: strings.Repeat("x", 9<<20), by: &sendgrid, status: 413},
		"looked at":               {method: http.MethodGet, status: 405},
		"signed, of another verb": {method: http.MethodPut, body: batch, by: &sendgrid, status: 405},
	} {
		logger, said := log()
		took := 0
		door := hooks.Events{Key: sendgrid.public(t), Log: logger, Take: func(_ context.Context, s []holdfast.Sighting) error {
			took += len(s)
			return c.take
		}}
		method := c.method
		if method == "" {
			method = http.MethodPost
		}
		r := httptest.NewRequestWithContext(t.Context(), method, hooks.EventsPath, strings.NewReader(c.body))
		if c.by != nil {
			signed := c.signed
			if signed == "" {
				signed = c.body
			}
			c.by.sign(t, r, signed)
		}
		w := httptest.NewRecorder()
		door.ServeHTTP(w, r)
		if w.Code != c.status || took != c.took {
			t.Errorf("%s: answered %d after %d events, want %d after %d", name, w.Code, took, c.status, c.took)
		}
		if strings.Contains(w.Body.String(), "@") || (c.status == 503) != (w.Header().Get("Retry-After") != "") {
			t.Errorf("%s: answered %q, %v", name, w.Body, w.Header())
		}
		if c.status == 401 && !strings.Contains(said.String(), "refused") {
			t.Errorf("%s: the log says nothing", name)
		}
	}
}

// form is a mail as Inbound Parse posts it.
func form(t *testing.T) (body, kind string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, value := range map[string]string{
		"headers": "From: dana@acme.example\nMessage-ID: <r1@acme.example>\n", "text": "Yes", "envelope": `{"to":["reply+tok@in.example.com"],"from":"dana@acme.example"}`,
	} {
		if err := w.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), w.FormDataContentType()
}

func TestMailsComeInByTheSecretAddressAlone(t *testing.T) {
	t.Parallel()
	sendgrid, stranger := newSigner(t), newSigner(t)
	body, kind := form(t)
	for name, c := range map[string]struct {
		path, body, kind string
		key              bool // a security policy signs
		by               *signer
		take             error
		status           int
		took             bool
	}{
		"by its secret":             {path: secret, body: body, kind: kind, status: 204, took: true},
		"by another":                {path: secret + "x", body: body, kind: kind, status: 401},
		"by none":                   {path: "", body: body, kind: kind, status: 401},
		"below it":                  {path: secret + "/x", body: body, kind: kind, status: 401},
		"signed":                    {path: secret, body: body, kind: kind, key: true, by: &sendgrid, status: 204, took: true},
		"signed, with a last line":  {path: secret, body: body + "\r\n", kind: kind, key: true, by: &sendgrid, status: 204, took: true},
		"signed by a stranger":      {path: secret, body: body, kind: kind, key: true, by: &stranger, status: 401},
		"not signed, though it is":  {path: secret, body: body, kind: kind, key: true, status: 401},
		"no form":                   {path: secret, body: `{"a":1}`, kind: "application/json", status: 415},
		"a form without a boundary": {path: secret, body: body, kind: "multipart/form-data", status: 415},
		"a form that breaks off":    {path: secret, body: body[:len(body)-20], kind: kind, status: 400},
		"too large":                 {path: secret, body: strings.Replace(body, "Yes", strings.Repeat("x", 33<<20), 1), kind: kind, status: 413},
		"the database is away":      {path: secret, body: body, kind: kind, take: errors.New("gone"), status: 503, took: true},
	} {
		logger, said := log()
		took := false
		door := hooks.Inbound{Secret: secret, Log: logger, Take: func(_ context.Context, m email.Inbound) error {
			took = m.ID == "<r1@acme.example>" && m.Text == "Yes"
			return c.take
		}}
		if c.key {
			door.Key = sendgrid.public(t)
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, hooks.InboundPath+c.path, strings.NewReader(c.body))
		r.Header.Set("Content-Type", c.kind)
		if c.by != nil {
			c.by.sign(t, r, c.body)
		}
		w := httptest.NewRecorder()
		door.ServeHTTP(w, r)
		if w.Code != c.status || took != c.took {
			t.Errorf("%s: answered %d, taken %v; want %d, %v", name, w.Code, took, c.status, c.took)
		}
		if text := said.String() + w.Body.String(); strings.Contains(text, secret) || strings.Contains(text, "@") {
			t.Errorf("%s: a secret or an address is told: %s", name, text)
		}
	}
	w := httptest.NewRecorder()
	hooks.Inbound{Secret: secret}.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, hooks.InboundPath+secret, nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("looked at: %d", w.Code)
	}
	w = httptest.NewRecorder()
	hooks.Inbound{Log: slog.New(slog.DiscardHandler)}.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, hooks.InboundPath, nil))
	if w.Code != http.StatusUnauthorized {
		t.Errorf("a door without a secret: %d", w.Code)
	}
}
