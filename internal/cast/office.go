package cast

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"holdfast/internal/calendar"
)

// open is the first moment not before t at which people are at work: a business
// day, nine to five.
func (p *Player) open(t time.Time) time.Time {
	hours := calendar.Window{From: 9 * 60, To: 17 * 60}
	for range 366 { // a calendar without a business day must not hang a run
		t = hours.Next(t)
		if p.Days.Business(t) {
			return t
		}
		t = calendar.StartOfDay(calendar.AddDays(t, 1))
	}
	return t
}

// chance is a number in [0, 1) that depends on nothing but its arguments.
func chance(seed int, parts ...string) float64 {
	h := sha256.New()
	fmt.Fprint(h, seed)
	for _, p := range parts {
		fmt.Fprintf(h, "\x1f%s", p)
	}
	return float64(binary.BigEndian.Uint64(h.Sum(nil))>>11) / (1 << 53)
}
