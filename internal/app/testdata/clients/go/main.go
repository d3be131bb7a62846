// Hands events in as an application does with Segment's SDK: URL and KEY name where.
package main

import (
	"log"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/segmentio/analytics-go/v3"
)

func main() {
	answered := &callback{}
	c, err := analytics.NewWithConfig(os.Getenv("KEY"), analytics.Config{
		Endpoint: os.Getenv("URL"), BatchSize: 5, Interval: 200 * time.Millisecond, Callback: answered,
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
	answered.Add(len(messages))
	for _, m := range messages {
		if err := c.Enqueue(m); err != nil {
			log.Fatal(err)
		}
	}
	answered.Wait() // a client that is closed sends nothing again
	if err := c.Close(); err != nil {
		log.Fatal(err)
	}
	if n := answered.failed.Load(); n > 0 {
		log.Fatalf("%d messages were given up", n)
	}
}

// callback is told of each message, once.
type callback struct {
	sync.WaitGroup
	failed atomic.Int32
}

func (c *callback) Success(analytics.Message) { c.Done() }

func (c *callback) Failure(_ analytics.Message, err error) {
	c.failed.Add(1)
	log.Print(err)
	c.Done()
}
