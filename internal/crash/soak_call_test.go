package crash

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/internal/clock"
)

// sender makes calls to the doors, each with a draw of its own.
type sender struct {
	t      *testing.T
	book   *book
	seen   *seen
	draw   *rand.Rand
	client *http.Client
	base   string // of the doors
	key    string // of the source app
	recent []*word
}

// answer of one try.
type answer struct {
	status  int // 0: there was none
	dropped int
}

// fate of what a call held, by its answer. 429 and 5xx ask to come again, and 429
// stands for a commit of which the product could not learn whether it happened.
func (a answer) fate() fate {
	switch {
	case a.status >= 200 && a.status < 300:
		return kept
	case a.status == 0, a.status == http.StatusTooManyRequests, a.status >= 500:
		return unknown
	}
	return turnedAway
}

// mostTries of one call; then its sender gives it up, as every fourth does at once.
const mostTries = 6

// deliver posts a call until it is answered for good, is given up, or ctx ends.
// header is asked anew for each try.
func (s *sender) deliver(ctx context.Context, ws []*word, path string, body []byte, header func() http.Header) answer {
	tries := mostTries
	if s.draw.IntN(4) == 0 {
		tries = 1
	}
	for n := range tries {
		a := s.post(ctx, path, body, header())
		s.book.answered(ws, a.fate())
		if a.fate() != unknown {
			return a
		}
		if clock.Sleep(ctx, min(100*time.Millisecond<<n, 2*time.Second)) != nil {
			break
		}
	}
	return answer{}
}

// post makes one try. One in thirty is broken off by the sender in the first 400
// milliseconds, wherever it is then: before its commit, in it, or after.
func (s *sender) post(ctx context.Context, path string, body []byte, header http.Header) answer {
	patience := 20 * time.Second
	if s.draw.IntN(30) == 0 {
		patience = time.Duration(1+s.draw.IntN(400)) * time.Millisecond
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+path, bytes.NewReader(body))
	if err != nil {
		s.t.Error(err)
		return answer{}
	}
	r.Header = header
	from := clock.System{}.Now()
	resp, err := s.client.Do(r)
	if err != nil {
		s.seen.call(from, 0)
		return answer{}
	}
	defer resp.Body.Close() //nolint:errcheck // it was only read
	var said struct{ Dropped []any }
	err = json.NewDecoder(resp.Body).Decode(&said)
	a := answer{resp.StatusCode, len(said.Dropped)}
	if err != nil && a.status == http.StatusOK {
		a.status = 0 // the answer broke off
	}
	s.seen.call(from, a.status)
	return a
}

// seen is what the senders saw of the product. Safe for concurrent use.
type seen struct {
	mu       sync.Mutex
	took     []time.Duration // of calls that were answered 2xx
	statuses map[int]int
	last     time.Time // the last 2xx
	outage   time.Duration
	after    time.Time // when that ended
}

// newSeen begins to look now.
func newSeen() *seen { return &seen{statuses: map[int]int{}, last: clock.System{}.Now()} }

func (s *seen) call(from time.Time, status int) {
	now := clock.System{}.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.statuses[status]++
	if status == http.StatusOK {
		s.took = append(s.took, now.Sub(from))
		if gap := now.Sub(s.last); gap > s.outage {
			s.outage, s.after = gap, now
		}
		s.last = now
	}
}

func (s *seen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.Sort(s.took)
	at := func(share float64) time.Duration {
		return s.took[int(share*float64(len(s.took)-1))].Round(100 * time.Microsecond)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "calls by status (0: broken off):%s", counts(s.statuses))
	if len(s.took) > 0 {
		fmt.Fprintf(&b, "; answered 200 in p50 %v, p99 %v, at most %v", at(0.5), at(0.99), at(1))
	}
	fmt.Fprintf(&b, "; longest without a 200 %v, until %s", s.outage.Round(time.Millisecond), s.after.Format(time.TimeOnly))
	return b.String()
}
