package crash

import (
	"fmt"
	"sync"
	"time"
)

// fate is what a sender knows of a message. The greater one counts, of several tries.
type fate int

const (
	turnedAway fate = iota // refused, or never sent: it must not be in
	unknown                // no answer, or one to come again: it may be in
	kept                   // answered 2xx: it must be in, once
)

// word is one message that a sender made.
type word struct {
	source, id           string
	kind, event, account string
	at                   time.Time
	n                    int  // count of a Feature Used, seats of a group
	bad                  bool // it must be left out, whatever becomes of the messages beside it
	fate                 fate
	tries                int
}

// book is everything that senders have said, and what they were told of it. Safe for
// concurrent use.
type book struct {
	mu      sync.Mutex
	words   []*word
	serial  int
	known   []string // accounts that can be talked about
	unsaved []string // those of them for whom nothing was started yet
}

// word notes one that is about to be sent. Its id is drawn here.
func (b *book) word(w word) *word {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.serial++
	w.id = fmt.Sprintf("%s-%d", w.source, b.serial)
	b.words = append(b.words, &w)
	return &w
}

// answered notes what became of ws in one call.
func (b *book) answered(ws []*word, f fate) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, w := range ws {
		w.tries++
		if w.bad && f == kept {
			continue // the call was taken, and this left out
		}
		w.fate = max(w.fate, f)
	}
}

// met adds accounts that are known to the product from now on.
func (b *book) met(accounts []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.known = append(b.known, accounts...)
	b.unsaved = append(b.unsaved, accounts...)
}

// account draws a known one.
func (b *book) account(draw func(int) int) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.known[draw(len(b.known))]
}

// save takes an account for which nothing was started yet, or "".
func (b *book) save() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.unsaved) == 0 {
		return ""
	}
	next := b.unsaved[0]
	b.unsaved = b.unsaved[1:]
	return next
}
