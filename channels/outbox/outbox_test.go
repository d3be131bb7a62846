package outbox_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"holdfast"
	"holdfast/channels/channeltest"
	"holdfast/channels/outbox"
	"holdfast/internal/store"
)

// memory keeps messages as a store does, once for each touch.
type memory struct {
	store.Tx
	mu   sync.Mutex
	kept map[string]int
	fail error
}

func (m *memory) Update(ctx context.Context, fn func(store.Tx) error) error {
	if err := errors.Join(ctx.Err(), m.fail); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return fn(m)
}

func (m *memory) PutMessage(o store.Outmail) (bool, error) {
	if m.kept[o.Touch] > 0 {
		return false, nil
	}
	m.kept[o.Touch]++
	return true, nil
}

func message(touch string) holdfast.Outbound {
	return holdfast.Outbound{Touch: touch, Channel: "email", Subject: "Hello", Text: "Hi", At: time.Unix(1, 0)}
}

func TestOutboxKeepsTheSuite(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"email", "slack"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			channeltest.Run(t, func(*testing.T) channeltest.Rig {
				m := &memory{kept: map[string]int{}}
				return channeltest.Rig{
					Channel: outbox.New(name, m), Message: message, Once: true,
					Accepted: func(touch string) int { m.mu.Lock(); defer m.mu.Unlock(); return m.kept[touch] },
				}
			})
		})
	}
}

func TestAFullDiskIsARefusal(t *testing.T) {
	t.Parallel()
	_, err := outbox.New("email", &memory{fail: errors.New("disk full")}).Deliver(t.Context(), message("t1"))
	var d *holdfast.DeliveryError
	if !errors.As(err, &d) || !d.Refused || d.Channel != "email" {
		t.Errorf("got %v, want a refusal by email", err)
	}
}
