// Package email sends e-mail through SendGrid or any SMTP server. It sends once
// when asked, never retries, and says of every failure whether the message may have been
// accepted. Only opaque ids travel beside the message itself.
package email

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/sendgrid/rest"
	"github.com/sendgrid/sendgrid-go"
	sgmail "github.com/sendgrid/sendgrid-go/helpers/mail"

	"holdfast"
	"holdfast/channels"
)

const (
	name           = "email"
	defaultBase    = "https://api.sendgrid.com"
	defaultTimeout = 30 * time.Second
)

// Config of the channel.
type Config struct {
	Key     string        // API key with the right to send mail
	URL     string        // "" is https://api.sendgrid.com; the EU's is https://api.eu.sendgrid.com
	Timeout time.Duration // of one call; 0 is 30 s
	// Sandbox has SendGrid check and answer each message and deliver it to nobody;
	// no events follow. Receipts say so by their Reason.
	Sandbox bool
}

// Channel sends through SendGrid. Safe for concurrent use.
type Channel struct {
	cfg      Config
	loopback bool
	http     *rest.Client
}

// New fails without a key, and for a URL that is neither https nor loopback.
func New(cfg Config) (*Channel, error) {
	if cfg.Key == "" {
		return nil, errors.New("the e-mail channel needs a SendGrid API key")
	}
	if cfg.URL == "" {
		cfg.URL = defaultBase
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = defaultTimeout
	}
	loopback, err := channels.Endpoint(cfg.URL)
	if err != nil {
		return nil, err
	}
	cfg.URL = strings.TrimRight(cfg.URL, "/")
	return &Channel{cfg: cfg, loopback: loopback, http: &rest.Client{HTTPClient: channels.NewClient(cfg.Timeout)}}, nil
}

// Name is email.
func (c *Channel) Name() string { return name }

// Loopback reports whether its URL is this machine.
func (c *Channel) Loopback() bool { return c.loopback }

// Deliver sends m with one request. The receipt carries X-Message-Id, with
// which every sg_message_id of the provider's events begins. A message that
// SendGrid would refuse is refused here, permanently, without a call.
func (c *Channel) Deliver(ctx context.Context, m holdfast.Outbound) (holdfast.Receipt, error) {
	body, err := compose(m, c.cfg.Sandbox)
	if err != nil {
		return holdfast.Receipt{}, &holdfast.DeliveryError{Channel: name, Reason: "bad_message", Permanent: true, Err: err}
	}
	// One request value for each send: the SDK's shared client swaps bodies
	// between concurrent sends (base_interface.go:60).
	req := sendgrid.GetRequest(c.cfg.Key, "/v3/mail/send", c.cfg.URL)
	req.Method, req.Body = rest.Post, sgmail.GetRequestBody(body)

	watched, attempt := channels.Watch(ctx, name)
	res, err := c.http.SendWithContext(watched, req)
	if res == nil {
		return holdfast.Receipt{}, attempt.Broken(ctx, err)
	}
	id := http.Header(res.Headers).Get("X-Message-Id")
	if res.StatusCode == http.StatusAccepted || res.StatusCode == http.StatusOK && (c.cfg.Sandbox || id != "") {
		// The status is the acceptance; a body cut short takes nothing back.
		// 200 is the sandbox's. From anyone else it may be a portal's page.
		receipt := holdfast.Receipt{ProviderID: id, At: m.At}
		if c.cfg.Sandbox {
			receipt.Reason = "sandbox"
		}
		return receipt, nil
	}
	d := attempt.Answered(res.StatusCode, res.Headers, m.At, answer(res))
	if res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden {
		d.Err = errors.Join(errors.New("check the SendGrid API key and its permissions"), d.Err)
	}
	return holdfast.Receipt{}, d
}
