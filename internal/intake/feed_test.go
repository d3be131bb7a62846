package intake_test

import (
	"fmt"
	"testing"
	"time"

	"holdfast/internal/store"
)

// feeds are those of events that are remembered.
func (w *world) feeds(events ...string) (known []string) {
	w.t.Helper()
	w.view(func(tx store.Tx) error {
		for _, event := range events {
			v, err := tx.MetaGet("feed/event/" + event)
			if err != nil {
				return err
			}
			if v != "" {
				known = append(known, event)
			}
		}
		return nil
	})
	return known
}

func TestOnlyEventsThatAConditionCanReadAreFeeds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.live("acme Login", "acme Churned", "acme Subscription Ended {\"subscription_id\": \"s\"}")
	events := []string{"Login", "Churned", "Ticket Opened", "Subscription Ended"}
	for i := range 50 {
		event := fmt.Sprintf("Viewed-%d", i)
		w.live("acme " + event)
		events = append(events, event)
	}
	if got := fmt.Sprint(w.feeds(events...)); got != "[Login Churned]" {
		t.Errorf("got %s: Login is counted and Churned sets a field, though no playbook asks yet", got)
	}
	if n := w.Heard(); n != 3 {
		t.Errorf("%d feeds are remembered, want two events and their source", n)
	}
	w.clock.Move(w.clock.Now().Add(time.Hour))
	w.live("acme Ticket Opened")
	if n := w.Heard(); n != 2 {
		t.Errorf("%d feeds are remembered, want those of this hour", n)
	}
}
