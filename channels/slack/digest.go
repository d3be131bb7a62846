package slack

import (
	"context"
	"fmt"
	"time"

	slackgo "github.com/slack-go/slack"

	"holdfast"
	"holdfast/channels"
)

// Digest is a person's week: what is late, what is due, what they did.
type Digest struct {
	Open, Done      int
	Overdue, Coming []holdfast.TaskCard // the first due first
	Reports         []Report
}

// Report is the late work of one who reports to the reader.
type Report struct {
	Name    string
	Overdue []holdfast.TaskCard
}

// Empty reports whether there is nothing to say.
func (d Digest) Empty() bool {
	return d.Open == 0 && d.Done == 0 && len(d.Reports) == 0
}

// shownWeek are as many tasks as a digest lists of a kind.
const shownWeek = 10

// digestKey is where the metadata of a digest has its mark.
const digestKey = "digest"

// PostDigest sends d to a member, once, at a moment; the error is a *holdfast.DeliveryError.
// It is no touch, and its message is not marked as one: mark is what FindDigest finds it by.
func (c *Channel) PostDigest(ctx context.Context, to, mark string, d Digest, at time.Time) error {
	blocks := digest(d, shownWeek)
	for most := shownWeek; most > 0 && !fits(blocks); {
		most = most * 2 / 3
		blocks = digest(d, most)
	}
	watched, attempt := channels.Watch(ctx, name)
	_, _, err := c.api.PostMessageContext(watched, to,
		slackgo.MsgOptionText(summary(d), false), slackgo.MsgOptionBlocks(blocks...),
		slackgo.MsgOptionMetadata(slackgo.SlackMetadata{EventType: EventType, EventPayload: map[string]any{digestKey: mark}}),
		slackgo.MsgOptionDisableLinkUnfurl(), slackgo.MsgOptionDisableMediaUnfurl())
	if err != nil {
		return classify(ctx, attempt, at, err)
	}
	return nil
}

// FindDigest looks for the digest that was sent to a member with a mark, at a moment
// or later, as Find looks for a touch.
func (c *Channel) FindDigest(ctx context.Context, to, mark string, at time.Time) (bool, error) {
	_, found, err := c.find(ctx, holdfast.Outbound{Touch: mark, To: holdfast.Address{ID: to}, At: at}, digestKey)
	return found, err
}

func summary(d Digest) string {
	said := fmt.Sprintf("Your week: %s open", counted(d.Open, "task"))
	if n := len(d.Overdue); n > 0 {
		said += fmt.Sprintf(", %d overdue", n)
	}
	return said + fmt.Sprintf(", %d done last week", d.Done)
}

// digest lists up to most tasks of a kind.
func digest(d Digest, most int) []slackgo.Block {
	blocks := []slackgo.Block{slackgo.NewHeaderBlock(plain("Your week", maxHeader)), section(summary(d))}
	if len(d.Overdue) > 0 {
		blocks = append(blocks, section(list("*Overdue*", d.Overdue, most)))
	}
	if len(d.Coming) > 0 {
		blocks = append(blocks, section(list("*Due this week*", d.Coming, most)))
	}
	for i, r := range d.Reports {
		if i == most {
			blocks = append(blocks, section(fmt.Sprintf("… and late work with %d more", len(d.Reports)-i)))
			break
		}
		blocks = append(blocks, section(list("*Overdue with "+escape(cut(r.Name, maxLine))+"*", r.Overdue, min(most, 3))))
	}
	return blocks
}
