package standin

import (
	"encoding/json"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// method of the Web API. writes: it draws from the plan of faults. app: it wants
// the app-level token. open: it wants none.
type method struct {
	do                func(call) reply
	writes, app, open bool
}

// call is a request to a method: its arguments, however they came.
type call struct {
	token string
	form  url.Values                 // of a form or a query
	body  map[string]json.RawMessage // of JSON
}

// get is an argument as text; "" when it is missing or null.
func (c call) get(name string) string {
	if raw, ok := c.body[name]; ok {
		var s string
		if json.Unmarshal(raw, &s) == nil {
			return s
		}
		if string(raw) == "null" {
			return ""
		}
		return string(raw)
	}
	return c.form.Get(name)
}

// object is an argument of JSON, which may also come as text that holds JSON;
// given is false when it is missing.
func (c call) object(name string) (raw json.RawMessage, given bool) {
	s := c.get(name)
	return json.RawMessage(s), s != ""
}

func (c call) flag(name string) bool { v := c.get(name); return v == "true" || v == "1" }

// number is an argument within bounds, or otherwise.
func (c call) number(name string, otherwise, most int) int {
	n, err := strconv.Atoi(c.get(name))
	if err != nil || n < 1 {
		return otherwise
	}
	return min(n, most)
}

// serve reads a call, checks its token and lets the plan's fault have its way.
func (s *Slack) serve(m method) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, word := readCall(w, r)
		if word == "" && !m.open {
			word = s.judge(c.token, m.app)
		}
		if word != "" {
			write(w, notOK(word))
			return
		}
		fault := None
		if m.writes {
			fault = s.Plan.next()
		}
		s.conduct(w, r, fault, slackRefusals, func() reply { return m.do(c) })
	}
}

func readCall(w http.ResponseWriter, r *http.Request) (c call, word string) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "application/json" {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return c, "request_too_large"
		}
		if len(b) > 0 && json.Unmarshal(b, &c.body) != nil {
			return c, "invalid_json"
		}
		c.form = r.URL.Query()
	} else if err := r.ParseMultipartForm(maxBody); err != nil && r.ParseForm() != nil {
		return c, "invalid_form_data"
	} else {
		c.form = r.Form
	}
	c.token, _ = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if t := c.form.Get("token"); t != "" { // in a body of JSON it is not looked for
		c.token = t
	}
	return c, ""
}

// judge a token: Slack's word for what is wrong with it, or "".
func (s *Slack) judge(token string, app bool) string {
	good, prefix := s.o.Token, ""
	if app {
		good, prefix = s.o.AppToken, "xapp-"
	}
	switch {
	case token == "":
		return "not_authed"
	case !strings.HasPrefix(token, prefix), !app && strings.HasPrefix(token, "xapp-"):
		return "not_allowed_token_type"
	case good != "" && token != good:
		return "invalid_auth"
	}
	return ""
}

// ok is a good answer with some fields beside ok.
func ok(fields map[string]any) reply {
	body := map[string]any{"ok": true}
	maps.Copy(body, fields)
	return reply{status: http.StatusOK, body: body}
}

func notOK(word string) reply {
	return reply{status: http.StatusOK, body: map[string]any{"ok": false, "error": word}}
}

// refused is notOK with what is wrong with each place, as Slack tells it.
func refused(word string, problems []string) reply {
	return reply{status: http.StatusOK, body: map[string]any{
		"ok": false, "error": word, "errors": problems, "response_metadata": map[string]any{"messages": problems},
	}}
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
