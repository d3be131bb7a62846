package conductor

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"holdfast/internal/clock"
)

// Pace is how much virtual time may pass in a second of real time, at most. The
// zero Pace is no limit.
type Pace time.Duration

// ParsePace reads "max", or a whole number and s, m, h, d or w before "/s":
// "2d/s", "90m/s". The error quotes it and says what was expected.
func ParsePace(s string) (Pace, error) {
	if s == "max" {
		return 0, nil
	}
	amount, ok := strings.CutSuffix(s, "/s")
	if ok && amount != "" {
		unit := map[byte]time.Duration{
			's': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour,
		}[amount[len(amount)-1]]
		n, err := strconv.ParseUint(amount[:len(amount)-1], 10, 32)
		if err == nil && n > 0 && unit > 0 && time.Duration(n) <= time.Duration(1<<62)/unit {
			return Pace(time.Duration(n) * unit), nil
		}
	}
	return 0, fmt.Errorf("%q is no pace; write max, or how much time may pass in a second, such as 2d/s", s)
}

func (p Pace) String() string {
	if p <= 0 {
		return "max"
	}
	d := time.Duration(p)
	for _, u := range []struct {
		name string
		size time.Duration
	}{{"w", 7 * 24 * time.Hour}, {"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}} {
		if d%u.size == 0 {
			return fmt.Sprintf("%d%s/s", d/u.size, u.name)
		}
	}
	return d.String() + "/s"
}

// pacer holds virtual time back. Time lost to work is not caught up: that would
// run faster than asked for a while.
type pacer struct {
	pace Pace
	last time.Time // real time of the last move
}

// left is how much real time must still pass before a move by d.
func (p *pacer) left(d time.Duration) time.Duration {
	if p.pace <= 0 || d <= 0 {
		return 0
	}
	need := time.Duration(float64(d) / float64(p.pace) * float64(time.Second))
	return need - clock.System{}.Now().Sub(p.last)
}

func (p *pacer) moved() { p.last = clock.System{}.Now() }
