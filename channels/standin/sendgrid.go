package standin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/internal/clock"
)

// SendGrid stands in for POST /v3/mail/send, the suppression lists and GET /v3/scopes. Requests must keep to the
// documented limits, or are answered 400 as SendGrid does.
func SendGrid(plan *Plan, record *Record, c clock.Clock) *Provider {
	p := newProvider("sendgrid", plan, record, c)
	p.mux.HandleFunc("POST /v3/mail/send", p.mailSend)
	p.mux.HandleFunc("POST /standin/replies", p.answers)
	p.Suppressions = NewSuppressions()
	p.suppressionDoors()
	p.mux.HandleFunc("GET /v3/scopes", p.scopes)
	return p
}

// scopes are those of every key: all that is ever asked for. Its faults are those of
// the lists, so that sending is not disturbed.
func (p *Provider) scopes(w http.ResponseWriter, r *http.Request) {
	if key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); !ok || key == "" {
		write(w, complaint(http.StatusUnauthorized, "", "authorization required"))
		return
	}
	p.conduct(w, r, p.Suppressions.Plan.next(), sendGridRefusals(p.clock.Now()), func() reply {
		return reply{status: http.StatusOK, body: map[string]any{"scopes": []string{"mail.send", "suppression.read", "suppression.create", "suppression.delete"}}}
	})
}

type sendGridMail struct {
	From             map[string]string              `json:"from"`
	ReplyTo          map[string]string              `json:"reply_to"`
	Subject          string                         `json:"subject"`
	Personalizations []sendGridTo                   `json:"personalizations"`
	Content          []struct{ Type, Value string } `json:"content"`
	Categories       []string                       `json:"categories"`
	MailSettings     struct {
		Sandbox struct {
			Enable bool `json:"enable"`
		} `json:"sandbox_mode"`
	} `json:"mail_settings"`
}

type sendGridTo struct {
	To         []map[string]string `json:"to"`
	Subject    string              `json:"subject"`
	Headers    map[string]string   `json:"headers"`
	CustomArgs map[string]string   `json:"custom_args"`
}

func (p *Provider) mailSend(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		write(w, complaint(http.StatusRequestEntityTooLarge, "", "the payload is too large"))
		return
	}
	if key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); !ok || key == "" {
		write(w, complaint(http.StatusUnauthorized, "", "The provided authorization grant is invalid, expired, or revoked"))
		return
	}
	var m sendGridMail
	if err := json.Unmarshal(body, &m); err != nil {
		write(w, complaint(http.StatusBadRequest, "", "Bad Request"))
		return
	}
	if field, message := m.check(); message != "" {
		write(w, complaint(http.StatusBadRequest, field, message))
		return
	}
	if found := p.judged(r, body); len(found) > 0 {
		write(w, complaint(http.StatusBadRequest, "", "against the provider's own description: "+strings.Join(found, "; ")))
		return
	}
	p.conduct(w, r, p.Plan.next(), sendGridRefusals(p.clock.Now()), func() reply {
		if m.MailSettings.Sandbox.Enable {
			return reply{status: http.StatusOK}
		}
		id := fmt.Sprintf("standin-%06d", p.nextID())
		touch := m.Personalizations[0].CustomArgs["touch"]
		if err := p.Record.accept(Entry{At: p.clock.Now(), Provider: p.name, Touch: touch, ID: id}); err != nil {
			return complaint(http.StatusInternalServerError, "", err.Error())
		}
		p.remember(m)
		if p.teller != nil {
			p.teller.accepted(m, id)
		}
		return reply{status: http.StatusAccepted, header: http.Header{"X-Message-Id": {id}}}
	})
}

// judged asks the judge about a request.
func (p *Provider) judged(r *http.Request, body []byte) []string {
	if p.judge == nil {
		return nil
	}
	again := r.Clone(r.Context())
	again.Body = io.NopCloser(bytes.NewReader(body))
	found := p.judge(again)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.findings = append(p.findings, found...)
	return found
}

// Findings are what the judge has found in requests so far.
func (p *Provider) Findings() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.findings)
}

func complaint(status int, field, message string) reply {
	e := map[string]any{"message": message, "field": nil, "help": nil}
	if field != "" {
		e["field"] = field
	}
	return reply{status: status, body: map[string]any{"errors": []any{e}}}
}

func sendGridRefusals(now time.Time) map[Fault]reply {
	limited := complaint(http.StatusTooManyRequests, "", "too many requests")
	limited.header = http.Header{
		"X-Ratelimit-Limit": {"500"}, "X-Ratelimit-Remaining": {"0"},
		"X-Ratelimit-Reset": {strconv.FormatInt(now.Add(2*time.Second).Unix(), 10)},
	}
	return map[Fault]reply{
		RateLimited:  limited,
		Unavailable:  complaint(http.StatusServiceUnavailable, "", "Service Unavailable"),
		ErrorBefore:  complaint(http.StatusInternalServerError, "", "Internal Server Error"),
		ErrorAfter:   complaint(http.StatusInternalServerError, "", "Internal Server Error"),
		GatewayAfter: {status: http.StatusBadGateway},
		Rejected:     complaint(http.StatusBadRequest, "personalizations.0.to.0.email", "Does not contain a valid address: dana@acme.example"),
		Unauthorized: complaint(http.StatusUnauthorized, "", "The provided authorization grant is invalid, expired, or revoked"),
		Forbidden:    complaint(http.StatusForbidden, "from", "The from address does not match a verified Sender Identity"),
		TooLarge:     complaint(http.StatusRequestEntityTooLarge, "", "Payload Too Large"),
	}
}

// sendGridReserved are headers a request may not set:
// https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors#message.headers
var sendGridReserved = []string{
	"x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding",
	"to", "from", "subject", "reply-to", "cc", "bcc",
}

// check holds m against the documented limits: the field and the complaint.
func (m sendGridMail) check() (field, message string) {
	switch {
	case m.From["email"] == "":
		return "from.email", "The from email does not contain a valid address."
	case len(m.Personalizations) == 0 || len(m.Personalizations) > 1000:
		return "personalizations", "The personalizations field is required and must have 1 to 1000 objects."
	case len(m.Content) == 0:
		return "content", "Unless a valid template_id is provided, the content parameter is required."
	case len(m.Categories) > 10 || slices.ContainsFunc(m.Categories, func(c string) bool { return len(c) > 255 }):
		return "categories", "You cannot have more than 10 categories."
	}
	for i, c := range m.Content {
		if c.Value == "" {
			return "content", "The content value must be a string at least one character in length."
		}
		if c.Type == "text/plain" && i > 0 {
			return "content", "If present, text/plain must come first."
		}
	}
	for _, p := range m.Personalizations {
		if field, message := p.check(); message != "" {
			return field, message
		}
		if m.Subject == "" && p.Subject == "" {
			return "subject", "The subject is required."
		}
	}
	return "", ""
}

func (p sendGridTo) check() (field, message string) {
	seen := make(map[string]bool)
	for _, to := range p.To {
		address := strings.ToLower(to["email"])
		if !strings.Contains(address, "@") {
			return "personalizations.to.email", "Does not contain a valid address."
		}
		if seen[address] {
			return "personalizations.to", "Each email address in the personalization block should be unique."
		}
		seen[address] = true
	}
	size := 0
	for k, v := range p.CustomArgs {
		size += len(k) + len(v)
		if strings.Contains(v, "@") {
			return "custom_args", "custom_args hold an address: they are not private."
		}
	}
	switch {
	case len(p.To) == 0 || len(p.To) > 1000:
		return "personalizations.to", "The to array is required for all personalization objects, and must have at least one email object."
	case size > 10_000:
		return "custom_args", "The custom_args are over 10000 bytes."
	}
	for name := range p.Headers {
		if slices.Contains(sendGridReserved, strings.ToLower(name)) {
			return "headers", "The header " + name + " is reserved."
		}
	}
	return "", ""
}
