package email

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/sendgrid/rest"
	"github.com/sendgrid/sendgrid-go"

	"holdfast"
	"holdfast/channels"
)

// Scopes are the rights of the API key, such as mail.send
// (https://www.twilio.com/docs/sendgrid/api-reference/api-key-permissions). The
// error has code unauthorized when SendGrid does not take the key, and is a
// DeliveryError when it did not answer. Nothing is sent.
func (c *Channel) Scopes(ctx context.Context) ([]string, error) {
	req := sendgrid.GetRequest(c.cfg.Key, "/v3/scopes", c.cfg.URL)
	req.Method = rest.Get
	watched, attempt := channels.Watch(ctx, name)
	res, err := c.http.SendWithContext(watched, req)
	if res == nil {
		return nil, attempt.Broken(ctx, err)
	}
	switch res.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return nil, holdfast.Errorf(holdfast.Unauthorized, "SendGrid does not take the key: status %d", res.StatusCode)
	default:
		return nil, attempt.Answered(res.StatusCode, res.Headers, time.Time{}, answer(res))
	}
	var said struct {
		Scopes []string `json:"scopes"`
	}
	if err := json.Unmarshal([]byte(res.Body), &said); err != nil {
		return nil, holdfast.Errorf(holdfast.Unavailable, "what answers for SendGrid is not SendGrid: no list of scopes")
	}
	return said.Scopes, nil
}

// Check connects, encrypts and logs in, and sends nothing.
func (c *SMTP) Check(ctx context.Context) error {
	inner, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	s := &session{}
	defer s.hangUp()
	if err := s.open(inner, c); err != nil {
		return s.lost(ctx, inner, err)
	}
	s.goodbye(ctx)
	return nil
}
