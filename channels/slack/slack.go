// Package slack posts messages and task cards to Slack with chat.postMessage.
// It posts once when asked and never retries: Slack has no idempotency key, so
// a lost answer stays unknown. The touch id travels as message metadata.
package slack

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	slackgo "github.com/slack-go/slack"

	"holdfast"
	"holdfast/channels"
)

const (
	name           = "slack"
	defaultBase    = "https://slack.com/api"
	defaultTimeout = 15 * time.Second

	// EventType of the metadata by which a posted message is found again.
	EventType = "holdfast_touch"
)

// Config of the channel.
type Config struct {
	Token   string        // bot token (xoxb-) with chat:write
	URL     string        // "" is https://slack.com/api
	Timeout time.Duration // of one call; 0 is 15 s
}

// Channel posts to Slack. Safe for concurrent use.
type Channel struct {
	api      *slackgo.Client
	loopback bool

	mu     sync.Mutex
	places map[string]string // ids of channels by #name and of conversations by person
}

// New fails without a token, and for a URL that is neither https nor loopback.
func New(cfg Config) (*Channel, error) {
	if cfg.Token == "" {
		return nil, errors.New("the Slack channel needs a bot token")
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
	api := slackgo.New(cfg.Token,
		slackgo.OptionAPIURL(strings.TrimRight(cfg.URL, "/")+"/"),
		slackgo.OptionHTTPClient(channels.NewClient(cfg.Timeout)))
	return &Channel{api: api, loopback: loopback, places: map[string]string{}}, nil
}

// Name is slack.
func (c *Channel) Name() string { return name }

// Loopback reports whether its URL is this machine.
func (c *Channel) Loopback() bool { return c.loopback }

// Deliver posts m to the channel or user m.To.ID. The receipt's id is
// "channel/ts", which chat.update wants. m.Text and m.Task.Brief are mrkdwn,
// escaped by whoever rendered them; titles, names and ids are escaped here.
func (c *Channel) Deliver(ctx context.Context, m holdfast.Outbound) (holdfast.Receipt, error) {
	if m.To.ID == "" || m.Touch == "" || (m.Text == "" && m.Task == nil) {
		return holdfast.Receipt{}, &holdfast.DeliveryError{
			Channel: name, Reason: "bad_message", Permanent: true,
			Err: errors.New("no channel, no touch id or nothing to say"),
		}
	}
	watched, attempt := channels.Watch(ctx, name)
	channel, ts, err := c.api.PostMessageContext(watched, m.To.ID, options(m)...)
	if err != nil {
		return holdfast.Receipt{}, classify(ctx, attempt, m.At, err)
	}
	if ts == "" {
		return holdfast.Receipt{}, &holdfast.DeliveryError{Channel: name, Reason: "unexpected_answer", Err: errors.New("ok without a message")}
	}
	c.learn(m.To.ID, channel)
	return holdfast.Receipt{ProviderID: channel + "/" + ts, At: m.At}, nil
}

// options are what m says, and the mark by which it is found again.
func options(m holdfast.Outbound) []slackgo.MsgOption {
	all := []slackgo.MsgOption{
		slackgo.MsgOptionText(notification(m), false),
		slackgo.MsgOptionMetadata(slackgo.SlackMetadata{EventType: EventType, EventPayload: map[string]any{"touch": m.Touch}}),
		// A customer's text must not fetch pages: no previews.
		slackgo.MsgOptionDisableLinkUnfurl(), slackgo.MsgOptionDisableMediaUnfurl(),
	}
	if m.Task != nil {
		all = append(all, slackgo.MsgOptionBlocks(card(*m.Task)...))
	}
	return all
}

func classify(ctx context.Context, attempt *channels.Attempt, at time.Time, err error) *holdfast.DeliveryError {
	if limited, ok := errors.AsType[*slackgo.RateLimitedError](err); ok {
		return &holdfast.DeliveryError{
			Channel: name, Reason: "rate_limited", Refused: true,
			After: min(max(limited.RetryAfter, 0), time.Hour), Err: err,
		}
	}
	if status, ok := errors.AsType[slackgo.StatusCodeError](err); ok {
		return attempt.Answered(status.Code, nil, at, err)
	}
	if said, ok := errors.AsType[slackgo.SlackErrorResponse](err); ok {
		return refusal(said.Err)
	}
	return attempt.Broken(ctx, err)
}

// How Slack's ok:false words are classed; the words not named here are final.
// internal_error and fatal_error say of themselves that "some aspect of the
// operation" may have succeeded: https://docs.slack.dev/reference/methods/chat.postMessage#errors
var (
	again       = []string{"ratelimited", "rate_limited", "service_unavailable", "request_timeout", "team_added_to_org", "accesslimited"}
	perhaps     = []string{"internal_error", "fatal_error"}
	credentials = []string{
		"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "missing_scope",
		"no_permission", "not_allowed_token_type", "access_denied", "ekm_access_denied", "org_login_required",
	}
	word = regexp.MustCompile(`^[a-z_]{1,64}$`)
)

func refusal(said string) *holdfast.DeliveryError {
	if !word.MatchString(said) {
		said = "rejected"
	}
	d := &holdfast.DeliveryError{Channel: name, Reason: said, Err: fmt.Errorf("slack answered %s", said)}
	switch {
	case slices.Contains(again, said):
		d.Refused = true
	case slices.Contains(perhaps, said):
	case slices.Contains(credentials, said):
		d.Permanent, d.Reason = true, "bad_credentials"
		d.Err = fmt.Errorf("check the Slack bot token and its scopes: %s", said)
	default:
		d.Permanent = true
	}
	return d
}
