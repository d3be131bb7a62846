package activities_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/activities"
	"holdfast/channels"
	"holdfast/internal/store"
)

// silent takes a message and does not answer.
type silent struct{ taken func() }

func (silent) Name() string   { return "email" }
func (silent) Loopback() bool { return true }

func (s silent) Deliver(ctx context.Context, _ holdfast.Outbound) (holdfast.Receipt, error) {
	s.taken()
	<-ctx.Done()
	return holdfast.Receipt{}, &holdfast.DeliveryError{Channel: "email", Reason: "cancelled_after_send", Err: ctx.Err()}
}

func TestAnExitDoesNotWaitForAProviderThatIsSilent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oneMail)
	r := w.enroll("1")
	c := w.config
	c.Channels = map[string]channels.Channel{"slack": w.slack, "email": silent{func() {
		w.update(func(tx store.Tx) error {
			return tx.Signal(store.Signal{Enrollment: r.id, Kind: "exit", Outcome: "responded", At: monday})
		})
	}}}
	a, err := activities.New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	p, err := a.Advance(ctx, r.step())
	if err != nil || ctx.Err() != nil {
		t.Fatalf("%v, %v: it waited for the provider", err, ctx.Err())
	}
	if !p.Over || p.State.Outcome != "responded" {
		t.Errorf("over %v as %q, want the exit", p.Over, p.State.Outcome)
	}
	if diff := cmp.Diff([]string{"opening email dana unknown cancelled_after_send"}, r.ledger()); diff != "" {
		t.Error(diff)
	}
}
