package crash

import (
	"context"
	"strings"
	"testing"
	"time"

	"holdfast/channels/standin"
	"holdfast/internal/clock"
)

const slackSecret = "signing-secret-of-the-crash-tests"

// clicks are those of Sam, who does what the cards in Slack ask for, some of it
// twice.
type clicks struct {
	slack       *standin.Slack
	done        map[string]bool // by the message's time
	made, taken int
}

func (c *clicks) run(ctx context.Context) {
	for clock.Sleep(ctx, time.Second) == nil {
		for _, m := range c.slack.Messages("U0SAM") {
			if c.done[m.TS] || !strings.Contains(string(m.Blocks), "holdfast_done") {
				continue
			}
			c.done[m.TS] = true
			again := c.made%5 == 0
			c.click(ctx, m)
			if again {
				c.click(ctx, m)
			}
			break
		}
	}
}

func (c *clicks) click(ctx context.Context, m standin.Message) {
	sent, err := c.slack.Click(context.WithoutCancel(ctx), standin.Act{User: "U0SAM", Channel: m.Channel, TS: m.TS, Action: "holdfast_done"})
	if err != nil {
		return // the card was redrawn meanwhile
	}
	c.made++
	if sent.Status == 200 && sent.Problem == "" {
		c.taken++
	}
}

// closed counts tasks by how they were closed, and says what must not be: work that
// somebody did without Sam, and more of it than Sam clicked.
func (c *clicks) closed(t *testing.T, runs []run) map[string]int {
	t.Helper()
	n := map[string]int{}
	for _, r := range runs {
		for _, k := range r.tasks {
			n[k.Status]++
			if k.Status == "done" && k.ClosedBy != "sam" {
				t.Errorf("the task of %s was done by %q", r.Account, k.ClosedBy)
			}
		}
	}
	if n["done"] == 0 || n["done"] > len(c.done) {
		t.Errorf("%d tasks are done, and Sam clicked on %d", n["done"], len(c.done))
	}
	return n
}
