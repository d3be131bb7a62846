package slack

import (
	"context"
	"time"

	"holdfast/channels"
)

// Check asks Slack whether it takes the token, and answers the workspace that it
// is of. Nothing is posted. The errors are those of Deliver.
func (c *Channel) Check(ctx context.Context) (workspace string, err error) {
	watched, attempt := channels.Watch(ctx, name)
	said, err := c.api.AuthTestContext(watched)
	if err != nil {
		return "", classify(ctx, attempt, time.Time{}, err)
	}
	return said.Team, nil
}
