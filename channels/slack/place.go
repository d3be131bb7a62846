package slack

import (
	"context"
	"strings"

	slackgo "github.com/slack-go/slack"
)

// place is the id of the conversation that to names: a message may be posted to a
// person or to a #name, and a history is read by an id alone.
func (c *Channel) place(ctx context.Context, to string) (string, error) {
	c.mu.Lock()
	id := c.places[to]
	c.mu.Unlock()
	switch {
	case id != "":
		return id, nil
	case memberID.MatchString(to):
		im, _, _, err := c.api.OpenConversationContext(ctx, &slackgo.OpenConversationParameters{Users: []string{to}})
		if err != nil {
			return "", err
		}
		c.learn(to, im.ID)
		return im.ID, nil
	case strings.HasPrefix(to, "#"):
		return c.named(ctx, to)
	}
	return to, nil
}

// learn keeps where a message to somebody was posted.
func (c *Channel) learn(to, id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.places[to] = id
}

// named looks a #name up in the list of conversations that the app can see.
func (c *Channel) named(ctx context.Context, to string) (string, error) {
	p := &slackgo.GetConversationsParameters{ExcludeArchived: true, Limit: maxPage, Types: []string{"public_channel", "private_channel"}}
	for range maxPages {
		page, next, err := c.api.GetConversationsContext(ctx, p)
		if err != nil {
			return "", err
		}
		for _, one := range page {
			if one.Name == strings.TrimPrefix(to, "#") {
				c.learn(to, one.ID)
				return one.ID, nil
			}
		}
		if p.Cursor = next; next == "" {
			break
		}
	}
	return "", slackgo.SlackErrorResponse{Err: "channel_not_found"}
}
