package activities_test

import (
	"context"
	"testing"

	"holdfast"
)

// A worker that stops, or a server that gave up on the attempt, cancels the
// activity. What is on its way by then is finished and recorded.
func TestASendThatBeganOutlivesItsActivity(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oneMail)
	r := w.enroll("1")
	ctx, cancel := context.WithCancel(t.Context())
	w.email.fail = func(holdfast.Outbound) error {
		cancel()
		return nil
	}
	if _, err := w.a.Advance(ctx, r.step()); err != nil {
		t.Fatal(err)
	}
	if len(w.email.sent) != 1 || r.ledger()[0] != "opening email dana sent" {
		t.Errorf("%d mails, ledger %q; want one that is sent", len(w.email.sent), r.ledger())
	}
}
