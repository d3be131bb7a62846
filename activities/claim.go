package activities

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"holdfast"
	"holdfast/guards"
	"holdfast/internal/store"
	"holdfast/rules"
)

// outgoing is a claimed message that is to be sent once the claim is committed.
type outgoing struct {
	row     store.Touch
	message holdfast.Outbound
	zone    *time.Location
}

// claim takes the touch: from this commit on it was sent, unless the channel
// proves otherwise. Claimed and sending are one step, since the send follows at once.
func (w *walk) claim(t touch, m holdfast.Outbound) error {
	row := w.row(t)
	row.State, row.Reason, row.Attempts = holdfast.Sending, "", row.Attempts+1
	row.ClaimedAt, row.SendingAt = w.now, w.now
	if err := w.tx.PutTouch(row); err != nil {
		return fmt.Errorf("claim touch: %w", err)
	}
	if err := w.takePlace(t); err != nil {
		return err
	}
	m.Touch, m.Channel, m.Account, m.Contact, m.Enrollment, m.At = row.ID, row.Channel, row.Account, row.Contact, row.Enrollment, w.now
	m.Class, m.Playbook, m.Step = w.v.Class, row.Playbook, row.Step
	w.out = &outgoing{row: row, message: m, zone: t.to.place.zone}
	return nil
}

// count is how many touches went, for a cap: of the contact, or of the account
// when there is none. Contacts of the account that share an address are one reader.
func (w *walk) count(r recipient, what, per string, since time.Time) (int, error) {
	readers, channel := []string{""}, what
	if per == "contact" {
		readers = append([]string{r.contact}, r.sharing...)
	}
	if what == "touch" {
		channel = ""
	}
	total := 0
	for _, contact := range readers {
		n, err := w.tx.CountTouches(w.e.Account, contact, channel, since)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// oldest is when the oldest touch since a moment was claimed. The ledger counts
// and does not list, so it is searched for: the count falls when since passes it.
func oldest(ask guards.Ask, what, per string, since time.Time) (time.Time, error) {
	n, err := ask.Count(what, per, since)
	if err != nil || n == 0 {
		return time.Time{}, err
	}
	low, high := since.UnixMicro(), ask.Now.UnixMicro()+1 // counted since low: n; since high: fewer
	for low+1 < high {
		middle := low + (high-low)/2
		m, err := ask.Count(what, per, time.UnixMicro(middle))
		if err != nil {
			return time.Time{}, err
		}
		if m == n {
			low = middle
		} else {
			high = middle
		}
	}
	return time.UnixMicro(low).UTC(), nil
}

// spread is the same number for an account and a step, whenever it is asked.
func spread(account, step string) uint64 {
	sum := sha256.Sum256([]byte(account + "\x1f" + step))
	return binary.BigEndian.Uint64(sum[:]) | 1
}

// rests are those of the account that nothing lifts.
func (w *walk) rests() ([]store.Rest, error) {
	all, err := w.tx.Rests(w.e.Account, w.now)
	if err != nil {
		return nil, fmt.Errorf("read rests: %w", err)
	}
	var bind []store.Rest
	for _, r := range all {
		if !w.lifted(r) {
			bind = append(bind, r)
		}
	}
	return bind, nil
}

// lifted reports whether a rest's `unless` holds. One that cannot be evaluated,
// or is unknown, lifts nothing.
func (w *walk) lifted(r store.Rest) bool {
	if r.Unless == "" {
		return false
	}
	e, findings := w.set.Compile(r.Unless, nil, rules.Scope{}, rules.Bool)
	if e == nil || len(findings) > 0 {
		return false
	}
	t, _, err := e.Bool(w.facts)
	return err == nil && t == rules.True
}

// fiscalStart is the month in which the account's fiscal year begins, or 0.
func (w *walk) fiscalStart() time.Month {
	if n, ok := w.facts.Account["fiscal_year_start"].(int64); ok && n >= 1 && n <= 12 {
		return time.Month(n)
	}
	if w.v.Rails.FiscalStart != 0 {
		return w.v.Rails.FiscalStart
	}
	return w.project.FiscalStart
}
