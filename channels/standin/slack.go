package standin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"unicode/utf16"

	"holdfast/internal/clock"
)

// Slack stands in for the Web API below /api: chat.postMessage, auth.test and
// conversations.history. Block Kit's limits are checked, as Slack does.
func Slack(plan *Plan, record *Record, c clock.Clock) *Provider {
	p := newProvider("slack", plan, record, c)
	p.mux.HandleFunc("POST /api/chat.postMessage", p.postMessage)
	p.mux.HandleFunc("/api/auth.test", p.authTest)
	p.mux.HandleFunc("/api/conversations.history", p.history)
	return p
}

// posted is a message in a channel.
type posted struct {
	Channel  string          `json:"-"`
	Type     string          `json:"type"`
	TS       string          `json:"ts"`
	Text     string          `json:"text"`
	Blocks   json.RawMessage `json:"blocks,omitempty"`
	Metadata json.RawMessage `json:"metadata,omitempty"`
}

func notOK(word string) reply {
	return reply{status: http.StatusOK, body: map[string]any{"ok": false, "error": word}}
}

var slackRefusals = map[Fault]reply{
	RateLimited: {
		status: http.StatusTooManyRequests, header: http.Header{"Retry-After": {"2"}},
		body: map[string]any{"ok": false, "error": "ratelimited"},
	},
	Unavailable:  {status: http.StatusServiceUnavailable},
	ErrorBefore:  notOK("internal_error"),
	ErrorAfter:   {status: http.StatusInternalServerError},
	GatewayAfter: {status: http.StatusBadGateway},
	Rejected:     notOK("channel_not_found"),
	Unauthorized: notOK("invalid_auth"),
	Forbidden:    notOK("missing_scope"),
	TooLarge:     notOK("msg_too_long"),
}

func (p *Provider) postMessage(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		write(w, notOK("invalid_form_data"))
		return
	}
	m := posted{Type: "message", Channel: r.Form.Get("channel"), Text: r.Form.Get("text")}
	if b := r.Form.Get("blocks"); b != "" {
		m.Blocks = json.RawMessage(b)
	}
	if b := r.Form.Get("metadata"); b != "" {
		m.Metadata = json.RawMessage(b)
	}
	if word := m.check(token(r)); word != "" {
		write(w, notOK(word))
		return
	}
	p.conduct(w, r, p.Plan.next(), slackRefusals, func() reply {
		m.TS = fmt.Sprintf("%d.%06d", p.clock.Now().Unix(), p.nextID())
		var meta struct {
			Payload struct{ Touch string } `json:"event_payload"`
		}
		_ = json.Unmarshal(m.Metadata, &meta) // a post without metadata is a touch of nobody's
		entry := Entry{At: p.clock.Now(), Provider: p.name, Touch: meta.Payload.Touch, ID: m.Channel + "/" + m.TS}
		if err := p.Record.accept(entry); err != nil {
			return notOK("fatal_error")
		}
		p.mu.Lock()
		p.messages = append(p.messages, m)
		p.mu.Unlock()
		return reply{status: http.StatusOK, body: map[string]any{"ok": true, "channel": m.Channel, "ts": m.TS, "message": m}}
	})
}

func token(r *http.Request) string {
	if t := r.Form.Get("token"); t != "" {
		return t
	}
	return r.Header.Get("Authorization")
}

// check holds m against Slack's limits and answers Slack's word, or "".
func (m posted) check(token string) string {
	switch {
	case token == "":
		return "not_authed"
	case m.Channel == "":
		return "channel_not_found"
	case m.Text == "" && m.Blocks == nil:
		return "no_text"
	case length(m.Text) > 40_000:
		return "msg_too_long"
	case length(string(m.Blocks)) > 13_200: // measured by others, not documented
		return "msg_blocks_too_long"
	case m.Metadata != nil && !json.Valid(m.Metadata):
		return "invalid_metadata_format"
	}
	var blocks []block
	if m.Blocks != nil && json.Unmarshal(m.Blocks, &blocks) != nil || len(blocks) > 50 {
		return "invalid_blocks"
	}
	for _, b := range blocks {
		if !b.fits() {
			return "invalid_blocks"
		}
	}
	return ""
}

type block struct {
	Type     string `json:"type"`
	BlockID  string `json:"block_id"`
	Text     *text  `json:"text"`
	Fields   []text `json:"fields"`
	Elements []text `json:"elements"`
}

type text struct{ Type, Text string }

// fits says whether b keeps to the limits of @slack/types 3.2.0.
func (b block) fits() bool {
	if len(b.BlockID) > 255 {
		return false
	}
	between := func(s string, most int) bool { return s != "" && length(s) <= most }
	switch b.Type {
	case "header":
		return b.Text != nil && b.Text.Type == "plain_text" && between(b.Text.Text, 150)
	case "section":
		for _, f := range b.Fields {
			if !between(f.Text, 2000) {
				return false
			}
		}
		return len(b.Fields) <= 10 && (b.Text == nil || between(b.Text.Text, 3000)) && (b.Text != nil || len(b.Fields) > 0)
	case "context":
		for _, e := range b.Elements {
			if !between(e.Text, 3000) {
				return false
			}
		}
		return len(b.Elements) >= 1 && len(b.Elements) <= 10
	case "divider":
		return true
	case "actions":
		return len(b.Elements) >= 1 && len(b.Elements) <= 25
	}
	return false
}

// length counts as Slack does, in UTF-16.
func length(s string) int { return len(utf16.Encode([]rune(s))) }

func (p *Provider) authTest(w http.ResponseWriter, r *http.Request) {
	if r.ParseForm() != nil || token(r) == "" {
		write(w, notOK("not_authed"))
		return
	}
	write(w, reply{status: http.StatusOK, body: map[string]any{
		"ok": true, "url": "http://standin.example/", "team": "Stand-in", "team_id": "T0STANDIN",
		"user": "holdfast", "user_id": "U0STANDIN", "bot_id": "B0STANDIN",
	}})
}

// history shows a channel's messages, newest first; metadata when asked for.
func (p *Provider) history(w http.ResponseWriter, r *http.Request) {
	if r.ParseForm() != nil || token(r) == "" {
		write(w, notOK("not_authed"))
		return
	}
	found := []posted{}
	p.mu.Lock()
	for _, m := range slices.Backward(p.messages) {
		if m.Channel == r.Form.Get("channel") {
			if v := r.Form.Get("include_all_metadata"); v != "true" && v != "1" {
				m.Metadata = nil
			}
			found = append(found, m)
		}
	}
	p.mu.Unlock()
	write(w, reply{status: http.StatusOK, body: map[string]any{"ok": true, "messages": found, "has_more": false}})
}
