// Package webhook calls the endpoints that a project names, signed as Standard
// Webhooks has it (https://www.standardwebhooks.com). A call may arrive twice:
// its webhook-id is the touch, the same at each try, by which the receiver knows
// the second; so what may have arrived counts as refused and is tried again.
package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"holdfast"
	"holdfast/channels"
)

const (
	name           = "webhook"
	defaultTimeout = 15 * time.Second
	secretPrefix   = "whsec_"
	maxBody        = 256 << 10 // of a call: receivers take little
	maxSecrets     = 3
)

// Endpoint is where calls of a name go. Secret is base64, with or without
// whsec_ before it, of 24 to 64 bytes. Several, by comma or space, sign each call
// all: while a secret is changed the receiver takes the old one or the new.
type Endpoint struct{ URL, Secret string }

// Config of the channel.
type Config struct {
	Endpoints map[string]Endpoint
	Timeout   time.Duration // of one call; 0 is 15 s
}

// Channel calls endpoints. Safe for concurrent use.
type Channel struct {
	ends     map[string]end
	loopback bool
}

type end struct {
	url    string
	keys   [][]byte
	client *http.Client
}

// New fails for an address that is neither https nor loopback, and for a secret
// that is none.
func New(cfg Config) (*Channel, error) {
	c := &Channel{ends: map[string]end{}, loopback: true}
	if cfg.Timeout == 0 {
		cfg.Timeout = defaultTimeout
	}
	for called, e := range cfg.Endpoints {
		loopback, err := channels.Endpoint(e.URL)
		if err != nil {
			return nil, fmt.Errorf("webhook %s: %w", called, err)
		}
		keys, err := keysOf(e.Secret)
		if err != nil {
			return nil, fmt.Errorf("webhook %s: %w", called, err)
		}
		c.loopback = c.loopback && loopback
		c.ends[called] = end{url: e.URL, keys: keys, client: channels.NewGuardedClient(cfg.Timeout, loopback)}
	}
	return c, nil
}

func keysOf(secrets string) (keys [][]byte, err error) {
	all := strings.FieldsFunc(secrets, func(r rune) bool { return r == ',' || r == ' ' })
	if len(all) == 0 || len(all) > maxSecrets {
		return nil, fmt.Errorf("it needs a secret, or up to %d by comma while one is changed", maxSecrets)
	}
	for _, secret := range all {
		key, err := keyOf(secret)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func keyOf(secret string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, secretPrefix))
	if err != nil || len(key) < 24 || len(key) > 64 {
		return nil, errors.New("its secret must be base64 of 24 to 64 bytes, such as `openssl rand -base64 32` makes")
	}
	return key, nil
}

// Name of the channel.
func (c *Channel) Name() string { return name }

// Loopback reports whether every endpoint is on this machine.
func (c *Channel) Loopback() bool { return c.loopback }

// Deliver posts m.Text, which is JSON, to the endpoint called m.To.ID.
func (c *Channel) Deliver(ctx context.Context, m holdfast.Outbound) (holdfast.Receipt, error) {
	e, ok := c.ends[m.To.ID]
	if !ok {
		return holdfast.Receipt{}, &holdfast.DeliveryError{
			Channel: name, Reason: "no_endpoint", Permanent: true, Err: fmt.Errorf("no endpoint is called %q", m.To.ID),
		}
	}
	if len(m.Text) > maxBody {
		return holdfast.Receipt{}, &holdfast.DeliveryError{
			Channel: name, Reason: "too_large", Permanent: true, Err: fmt.Errorf("the body is %d KB; a call takes %d", len(m.Text)>>10, maxBody>>10),
		}
	}
	ctx, attempt := channels.Watch(ctx, name)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, strings.NewReader(m.Text))
	if err != nil {
		return holdfast.Receipt{}, &holdfast.DeliveryError{Channel: name, Reason: "bad_address", Permanent: true, Err: err}
	}
	stamp := strconv.FormatInt(m.At.Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "holdfast")
	req.Header.Set("webhook-id", m.Touch)
	req.Header.Set("webhook-timestamp", stamp)
	req.Header.Set("webhook-signature", e.sign(m.Touch, stamp, m.Text))
	res, err := e.client.Do(req)
	if err != nil {
		return holdfast.Receipt{}, repeat(attempt.Broken(ctx, err))
	}
	defer res.Body.Close() //nolint:errcheck // only its status counts
	if res.StatusCode >= 200 && res.StatusCode < 300 {
		return holdfast.Receipt{ProviderID: m.To.ID + "/" + m.Touch, At: m.At}, nil
	}
	return holdfast.Receipt{}, repeat(attempt.Answered(res.StatusCode, res.Header, m.At, fmt.Errorf("%s answered %d", m.To.ID, res.StatusCode)))
}

// repeat lets what may have arrived be tried again: the receiver knows it by its id.
func repeat(d *holdfast.DeliveryError) error {
	if d.Unknown() {
		d.Refused = true
	}
	return d
}

// sign is a signature with each key, the first first.
func (e end) sign(id, stamp, body string) string {
	all := make([]string, len(e.keys))
	for i, key := range e.keys {
		all[i] = "v1," + sign(key, id, stamp, body)
	}
	return strings.Join(all, " ")
}

// sign is the base64 HMAC-SHA256 of id.timestamp.body.
func sign(key []byte, id, stamp, body string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + stamp + "." + body))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
