// Hands events in as an application does with Segment's SDK: URL and KEY name where.
package main

import (
	"log"
	"os"
	"time"

	"github.com/segmentio/analytics-go/v3"
)

func main() {
	failed := 0
	c, err := analytics.NewWithConfig(os.Getenv("KEY"), analytics.Config{
		Endpoint: os.Getenv("URL"), BatchSize: 5, Interval: 200 * time.Millisecond, Callback: &callback{&failed},
		RetryAfter: func(int) time.Duration { return 100 * time.Millisecond },
	})
	if err != nil {
		log.Fatal(err)
	}
	const user = "u-go"
	messages := []analytics.Message{
		analytics.Track{AnonymousId: "anon-go", Event: "Signed Up"},
		analytics.Identify{UserId: user, Traits: analytics.NewTraits().SetEmail("cy@acme.example").Set("plan", "pro")},
		analytics.Group{UserId: user, GroupId: "acct-go", Traits: analytics.NewTraits().SetName("Gamma").Set("arr", 900)},
		analytics.Alias{UserId: user, PreviousId: "anon-go"},
		analytics.Page{UserId: user, Name: "Billing"},
		analytics.Track{UserId: user, Event: "approval.granted", Properties: analytics.NewProperties().Set("kind", "discount")},
	}
	for n := range 20 {
		messages = append(messages, analytics.Track{UserId: user, Event: "Report Exported", Properties: analytics.NewProperties().Set("n", n)})
	}
	for range 2 {
		messages = append(messages, analytics.Track{MessageId: "a-fixed-id", UserId: user, Event: "Feature Used"})
	}
	for _, m := range messages {
		if err := c.Enqueue(m); err != nil {
			log.Fatal(err)
		}
	}
	if err := c.Close(); err != nil {
		log.Fatal(err)
	}
	if failed > 0 {
		log.Fatalf("%d messages were given up", failed)
	}
}

type callback struct{ failed *int }

func (c *callback) Success(analytics.Message) {}

func (c *callback) Failure(m analytics.Message, err error) { *c.failed++; log.Print(err) }
