// Package clock is the one place that reads the machine's time. Everything else
// takes a Clock. In production it is the system's; in a compressed run it is a
// Virtual clock that only the conductor moves.
package clock

import (
	"sync"
	"time"
)

// Clock tells the time, in UTC. Safe for concurrent use.
type Clock interface{ Now() time.Time }

// System is the machine's clock.
type System struct{}

// Now is the machine's time in UTC.
func (System) Now() time.Time { return time.Now().UTC() }

// Virtual stands still until it is moved. Safe for concurrent use.
type Virtual struct {
	mu  sync.RWMutex
	now time.Time
}

// NewVirtual stands at start.
func NewVirtual(start time.Time) *Virtual { return &Virtual{now: start.UTC()} }

// Now is where the clock stands.
func (v *Virtual) Now() time.Time {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.now
}

// Move sets the clock to t; it never goes back.
func (v *Virtual) Move(t time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if t.After(v.now) {
		v.now = t.UTC()
	}
}
