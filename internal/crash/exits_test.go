package crash

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"holdfast"
	"holdfast/channels/standin"
	"holdfast/internal/clock"
)

// How soon an exit must have closed its enrollment: after its commit, and after the
// product is ready.
const (
	whileUp  = 5 * time.Second
	promptly = 10 * time.Second
)

// life is a time in which the product was ready and its servers were there: from
// when, and until when.
type life struct{ ready, gone time.Time }

// lived remembers p's life; one that goes on has no end yet.
func (h *house) lived(p *process) {
	l := life{ready: p.since}
	select {
	case <-p.ended:
		l.gone = clock.System{}.Now()
	default:
	}
	h.lives = append(h.lives, l)
}

// exits is how soon enrollments closed that were told to end.
type exits struct {
	up, found []time.Duration // from the commit while up; from ready, of those found
	wrong     []string
}

func newExits(runs []run, lives []life) *exits {
	x := &exits{}
	for _, r := range runs {
		if r.left.IsZero() || r.Status != "ended" {
			continue
		}
		by, up, ok := deadline(r.left, lives)
		if !ok {
			continue // no life was long enough to ask it of
		}
		if took := r.EndedAt.Sub(r.left); up {
			x.up = append(x.up, took)
		} else {
			x.found = append(x.found, max(promptly-by.Sub(r.EndedAt), 0))
		}
		if r.EndedAt.After(by) {
			x.wrong = append(x.wrong, fmt.Sprintf("%s was told to end at %v and ended at %v: %v was the latest", r.Account, r.left, r.EndedAt, by))
		}
	}
	return x
}

// deadline is by when an exit that was committed at a moment must have closed its
// enrollment, in the first life that lasts until then: 5 seconds later, and not
// before 10 seconds after ready, in which a start takes up what the kill cut off.
func deadline(at time.Time, lives []life) (by time.Time, up, ok bool) {
	for _, l := range lives {
		up = !at.Before(l.ready)
		if by = l.ready.Add(promptly); up && by.Before(at.Add(whileUp)) {
			by = at.Add(whileUp)
		}
		if l.gone.IsZero() || l.gone.After(by) {
			return by, up, true
		}
	}
	return by, up, false
}

func (x *exits) String() string {
	return fmt.Sprintf("exits closed: %d while up%s; %d found at a start%s", len(x.up), longest(x.up), len(x.found), longest(x.found))
}

func longest(ds []time.Duration) string {
	if len(ds) == 0 {
		return ""
	}
	slices.Sort(ds)
	return fmt.Sprintf(" (median %.1f s, longest %.1f s)", ds[len(ds)/2].Seconds(), ds[len(ds)-1].Seconds())
}

// customers answer their first mail, one account in six.
type customers struct {
	h    *house
	mu   sync.Mutex
	done map[string]bool // by touch
	wg   sync.WaitGroup
}

func newCustomers(t *testing.T, h *house) *customers {
	t.Helper()
	c := &customers{h: h, done: map[string]bool{}}
	t.Cleanup(c.wg.Wait)
	return c
}

// act has everybody answer who has a mail to answer. An answer is posted until it
// is taken, whatever happens to the product meanwhile.
func (c *customers) act(ctx context.Context, t *testing.T) {
	t.Helper()
	st := c.h.open(ctx, t)
	runs := readRuns(st, t)
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	for _, r := range runs {
		var n int
		if _, err := fmt.Sscanf(r.Account, "customer-%d", &n); err == nil && n%6 == 5 && r.Status == "active" {
			c.answer(ctx, t, r)
		}
	}
}

func (c *customers) answer(ctx context.Context, t *testing.T, r run) {
	t.Helper()
	for _, touch := range r.touches {
		if touch.Path != "first" || touch.State != holdfast.Sent || !c.first(touch.ID) {
			continue
		}
		c.wg.Go(func() {
			if err := c.h.providers.Reply(context.WithoutCancel(ctx), standin.Answer{Touch: touch.ID, Text: "Let us talk."}); err != nil {
				t.Errorf("an answer was not taken: %v", err)
			}
		})
	}
}

func (c *customers) first(what string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.done[what]
	c.done[what] = true
	return !was
}

// hearAll waits until the provider has told everything.
func (h *house) hearAll(ctx context.Context, t *testing.T) {
	t.Helper()
	for end := (clock.System{}).Now().Add(time.Minute); h.providers.Told().Pending > 0; {
		if err := clock.Sleep(ctx, 200*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		if (clock.System{}).Now().After(end) {
			t.Fatalf("the provider has not told everything: %+v", h.providers.Told())
		}
	}
}
