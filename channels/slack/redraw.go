package slack

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	slackgo "github.com/slack-go/slack"

	"holdfast"
	"holdfast/channels"
)

// Redraw shows m in place of the message at "channel/ts", as its receipt has it.
// The error is a *holdfast.DeliveryError: Permanent when the message is gone or
// may not be changed any more.
func (c *Channel) Redraw(ctx context.Context, at string, m holdfast.Outbound) error {
	channel, ts, ok := strings.Cut(at, "/")
	if !ok || channel == "" || ts == "" || m.Touch == "" || (m.Text == "" && m.Task == nil) {
		return &holdfast.DeliveryError{
			Channel: name, Reason: "bad_message", Permanent: true, Err: errors.New("no message, no touch id or nothing to say"),
		}
	}
	watched, attempt := channels.Watch(ctx, name)
	if _, _, _, err := c.api.UpdateMessageContext(watched, channel, ts, options(m)...); err != nil {
		return classify(ctx, attempt, m.At, err)
	}
	return nil
}

const (
	// skew is how far Slack's clock may lie before ours.
	skew = 2 * time.Minute
	// maxPages of maxPage messages are looked at; a busier channel is not searched whole.
	maxPages = 20
	maxPage  = 200
)

// Find looks for the message of m.Touch in the place that m.To names, from just
// before m.At on, by the metadata that Deliver gave it. It needs the history
// scope of that place. On a loopback address, whose clock may be another than
// m.At's, all is looked through.
func (c *Channel) Find(ctx context.Context, m holdfast.Outbound) (holdfast.Receipt, bool, error) {
	return c.find(ctx, m, "touch")
}

// find looks for the message whose metadata has m.Touch under a key.
func (c *Channel) find(ctx context.Context, m holdfast.Outbound, key string) (holdfast.Receipt, bool, error) {
	watched, attempt := channels.Watch(ctx, name)
	channel, err := c.place(watched, m.To.ID)
	if err != nil {
		return holdfast.Receipt{}, false, looked(classify(ctx, attempt, m.At, err))
	}
	p := &slackgo.GetConversationHistoryParameters{ChannelID: channel, Limit: maxPage, IncludeAllMetadata: true, Inclusive: true}
	if !c.loopback {
		p.Oldest = strconv.FormatInt(m.At.Add(-skew).Unix(), 10)
	}
	for range maxPages {
		page, err := c.api.GetConversationHistoryContext(watched, p)
		if err != nil {
			return holdfast.Receipt{}, false, looked(classify(ctx, attempt, m.At, err))
		}
		for _, said := range page.Messages {
			if said.Metadata.EventType == EventType && said.Metadata.EventPayload[key] == m.Touch {
				return holdfast.Receipt{ProviderID: channel + "/" + said.Timestamp, At: m.At}, true, nil
			}
		}
		if p.Cursor = page.ResponseMetaData.NextCursor; !page.HasMore || p.Cursor == "" {
			return holdfast.Receipt{}, false, nil
		}
	}
	return holdfast.Receipt{}, false, &holdfast.DeliveryError{
		Channel: name, Reason: "too_much_to_look_through", Permanent: true, Err: fmt.Errorf("over %d messages since", maxPages*maxPage),
	}
}

// looked is a failure of looking: unlike one of sending it may be repeated,
// unless it is for ever.
func looked(d *holdfast.DeliveryError) *holdfast.DeliveryError {
	d.Refused = !d.Permanent
	return d
}
