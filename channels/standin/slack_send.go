package standin

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Sent is one thing that was sent to the app, and what came back. Over a socket
// only Kind, Answer and Problem are set, and Body holds the envelope's payload.
type Sent struct {
	Kind   string      // block_actions, view_submission, view_closed, slash_command, or the event's type
	Path   string      // below Hooks: interact, events, commands
	Header http.Header // as sent
	Body   []byte      // as sent
	Status int         // of the answer; 0: there was none
	Answer []byte
	// Problem is what Slack shows the person in its own words, such as
	// operation_timeout for an app that took more than three seconds; "" is none.
	Problem string
}

// Signing is how a request is signed.
type Signing int

// The ways. All but Signed and Replayed are for tests of an app that must refuse.
const (
	Signed      Signing = iota // as Slack does, now
	Replayed                   // with the headers that it had
	Unsigned                   // without them
	WrongSecret                // with another secret
	Stale                      // rightly, ten minutes ago
)

// The most that an app may take for an answer, and that is read of it.
// https://docs.slack.dev/interactivity/handling-user-interaction#acknowledgment_response
const (
	slackWaits = 3 * time.Second
	maxAnswer  = 1 << 20
)

// Signature of a body at a second, as X-Slack-Signature has it:
// https://docs.slack.dev/authentication/verifying-requests-from-slack
func Signature(secret string, unix int64, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "v0:%d:", unix)
	mac.Write(body)
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}

// Again sends the same bytes once more to where clicks go over HTTP, signed as
// said; what the app answers changes nothing here.
func (s *Slack) Again(ctx context.Context, sent Sent, how Signing) (Sent, error) {
	if sent.Path == "" {
		return Sent{}, fmt.Errorf("%w: a request that went over a socket cannot be sent again over HTTP", errNoSuch)
	}
	again := Sent{Kind: sent.Kind, Path: sent.Path, Header: sent.Header.Clone(), Body: sent.Body}
	return s.post(ctx, again, how), nil
}

// interactive sends a payload as interactions are sent.
func (s *Slack) interactive(ctx context.Context, payload map[string]any) (Sent, error) {
	b, err := json.Marshal(payload)
	if err != nil {
		return Sent{}, fmt.Errorf("encode an interaction: %w", err)
	}
	kind, _ := payload["type"].(string)
	form := url.Values{"payload": {string(b)}}
	return s.send(ctx, "interactive", b, Sent{Kind: kind, Path: "interact", Body: []byte(form.Encode()), Header: http.Header{"Content-Type": {formType}}}), nil
}

const formType = "application/x-www-form-urlencoded"

// send goes over a socket when one is connected, else over HTTP.
func (s *Slack) send(ctx context.Context, envelope string, payload []byte, over Sent) Sent {
	if s.connected() {
		answer, problem := s.envelope(ctx, envelope, payload)
		return Sent{Kind: over.Kind, Body: payload, Answer: answer, Problem: problem}
	}
	return s.post(ctx, over, Signed)
}

// post sends to the app's address and waits for as long as Slack does.
func (s *Slack) post(ctx context.Context, sent Sent, how Signing) Sent {
	s.state.Lock()
	hooks := s.hooks
	s.state.Unlock()
	if hooks == "" {
		sent.Problem = "not_configured"
		return sent
	}
	s.sign(&sent, how)
	ctx, stop := context.WithTimeout(ctx, s.patience())
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, hooks+"/"+sent.Path, bytes.NewReader(sent.Body))
	if err != nil {
		sent.Problem = "dispatch_failed"
		return sent
	}
	req.Header = sent.Header.Clone()
	res, err := s.client.Do(req)
	if err == nil {
		sent.Status = res.StatusCode
		sent.Answer, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer))
		_ = res.Body.Close()
	}
	sent.Problem = problem(err, sent.Status)
	return sent
}

func problem(err error, status int) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "operation_timeout"
	case err != nil:
		return "dispatch_failed"
	case status >= 500:
		return "http_service_error"
	case status != http.StatusOK:
		return "http_client_error"
	}
	return ""
}

func (s *Slack) patience() time.Duration {
	if s.o.Patience > 0 {
		return s.o.Patience
	}
	return slackWaits
}

func (s *Slack) sign(sent *Sent, how Signing) {
	sent.Header.Set("User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
	if how == Replayed {
		return
	}
	at, secret := s.clock.Now(), s.o.SigningSecret
	if how == Stale {
		at = at.Add(-10 * time.Minute)
	}
	if how == WrongSecret {
		secret += "-wrong"
	}
	if how == Unsigned {
		sent.Header.Del("X-Slack-Signature")
		sent.Header.Del("X-Slack-Request-Timestamp")
		return
	}
	sent.Header.Set("X-Slack-Request-Timestamp", strconv.FormatInt(at.Unix(), 10))
	sent.Header.Set("X-Slack-Signature", Signature(secret, at.Unix(), sent.Body))
}
