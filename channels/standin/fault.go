// Package standin is SendGrid and Slack on the loopback address: real HTTP, with
// the answers, limits and mishaps of the originals, and a record of what each
// accepted. It is for development and tests; nothing it takes in goes on.
package standin

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Fault is what goes wrong with one request.
type Fault string

// The faults. After means that the message was accepted all the same.
const (
	None         Fault = "none"
	RateLimited  Fault = "rate_limited"  // 429 with the reset headers
	Unavailable  Fault = "unavailable"   // 503, not accepted
	ErrorBefore  Fault = "error_before"  // 500, not accepted
	ErrorAfter   Fault = "error_after"   // 500, accepted
	GatewayAfter Fault = "gateway_after" // 502, accepted
	SilentAfter  Fault = "silent_after"  // accepted, never answered
	HalfAfter    Fault = "half_after"    // accepted, the answer breaks off in its head or body
	ResetBefore  Fault = "reset_before"  // connection cut, not accepted
	ResetAfter   Fault = "reset_after"   // connection cut, accepted
	SlowBody     Fault = "slow_body"     // accepted, the answer dribbles
	Rejected     Fault = "rejected"      // 400; Slack: ok false, channel_not_found
	Unauthorized Fault = "unauthorized"  // 401; Slack: ok false, invalid_auth
	Forbidden    Fault = "forbidden"     // 403; Slack: ok false, missing_scope
	TooLarge     Fault = "too_large"     // 413; Slack: ok false, msg_too_long
)

// Faults are all of them, in the order above without None.
func Faults() []Fault {
	return []Fault{
		RateLimited, Unavailable, ErrorBefore, ErrorAfter, GatewayAfter, SilentAfter, HalfAfter,
		ResetBefore, ResetAfter, SlowBody, Rejected, Unauthorized, Forbidden, TooLarge,
	}
}

// Passing are the faults that a healthy provider shows on a bad day; the rest
// are our own mistakes and are never drawn at random.
func Passing() []Fault {
	return []Fault{
		RateLimited, Unavailable, ErrorBefore, ErrorAfter, GatewayAfter, SilentAfter, HalfAfter,
		ResetBefore, ResetAfter, SlowBody,
	}
}

// Plan says what happens to each request: first what was queued, then a draw.
// The zero value is a plan without faults. Safe for concurrent use.
type Plan struct {
	// Latency is how long an answer takes; the message is accepted in the middle
	// of it. Set it before use.
	Latency time.Duration

	mu    sync.Mutex
	queue []Fault
	rate  float64
	draw  *rand.Rand
}

// NewPlan draws a passing fault for the given share of requests, the same ones
// for the same seed and order of requests.
func NewPlan(seed uint64, rate float64) *Plan {
	return &Plan{rate: rate, draw: rand.New(rand.NewPCG(seed, seed))} // a repeatable draw is the point
}

// ParsePlan reads SEED:RATE, such as 7:0.05; "" is a plan without faults.
func ParsePlan(s string) (*Plan, error) {
	if s == "" {
		return &Plan{}, nil
	}
	seed, rate, ok := strings.Cut(s, ":")
	n, err := strconv.ParseUint(seed, 10, 64)
	share, err2 := strconv.ParseFloat(rate, 64)
	if !ok || err != nil || err2 != nil || share < 0 || share > 1 {
		return nil, fmt.Errorf("faults %q: want SEED:RATE, such as 7:0.05", s)
	}
	return NewPlan(n, share), nil
}

// Queue puts faults before the next requests.
func (p *Plan) Queue(faults ...Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue = append(p.queue, faults...)
}

func (p *Plan) next() Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) > 0 {
		f := p.queue[0]
		p.queue = p.queue[1:]
		return f
	}
	if p.draw == nil || p.draw.Float64() >= p.rate {
		return None
	}
	kinds := Passing()
	return kinds[p.draw.IntN(len(kinds))]
}
