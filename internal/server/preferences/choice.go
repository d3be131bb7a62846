package preferences

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"holdfast"
	"holdfast/internal/store"
)

// Choice is what a recipient wants.
type Choice string

// No outreach at all, none for ninety days, or what there is.
const (
	Stop    Choice = "stop"
	Pause   Choice = "pause"
	Receive Choice = "receive"
)

// pause is how long a pause lasts.
const pause = 90 * 24 * time.Hour

func (c Choice) known() bool { return c == Stop || c == Pause || c == Receive }

// events are ours for each choice, and what the timeline calls it.
var events = map[Choice]struct{ event, outcome string }{
	Stop:    {holdfast.EventOptedOut, "opted_out"},
	Pause:   {holdfast.EventPaused, "paused"},
	Receive: {holdfast.EventOptedIn, "opted_in"},
}

// person is who got a touch, and what they want now.
type person struct {
	touch         store.Touch
	id, account   string
	address       string
	locale        string
	stopped, bare bool      // bare: no suppression names the present address yet
	until         time.Time // of a pause that is not over
}

// find is who got a touch, by e-mail. A contact that is not stored any more still
// has a say: their id is known.
func (d *Door) find(tx store.Tx, touch string) (person, error) {
	row, err := tx.Touch(touch)
	if err != nil {
		return person{}, err
	}
	if row.Channel != "email" || row.Contact == "" {
		return person{}, store.ErrNotFound
	}
	p := person{touch: row, id: row.Contact, account: row.Account}
	c, err := tx.Contact(row.Contact)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return person{}, fmt.Errorf("read contact: %w", err)
	}
	if err == nil {
		p.account = c.Account
		p.address, p.locale = text(c, "email"), text(c, "locale")
	}
	kept, err := tx.Suppressions(p.id, strings.ToLower(p.address))
	if err != nil {
		return person{}, fmt.Errorf("read suppressions: %w", err)
	}
	now := d.Clock.Now()
	p.bare = true
	for _, s := range kept {
		if s.Ended(now) || s.Kind != "opted_out" && s.Kind != "paused" {
			continue
		}
		if s.Kind == "opted_out" {
			p.stopped = true
		} else if p.until.Before(s.Until) {
			p.until = s.Until
		}
		if s.Address == strings.ToLower(p.address) {
			p.bare = false
		}
	}
	return p, nil
}

func text(c store.Contact, field string) string {
	s, _ := c.Fields[field].Value.(string)
	return strings.TrimSpace(s)
}

// wants reports whether c is what p chose already.
func (p person) wants(c Choice) bool {
	return c == p.Choice() && (c == Receive || !p.bare)
}

// Choice is what p wants now.
func (p person) Choice() Choice {
	switch {
	case p.stopped:
		return Stop
	case !p.until.IsZero():
		return Pause
	}
	return Receive
}

// record writes the line, and the event that keeps the choice and ends what it ends.
func (d *Door) record(tx store.Tx, p person, c Choice, how string) error {
	now := d.Clock.Now().UTC().Truncate(time.Microsecond)
	id := fmt.Sprintf("preference/%s/%s/%d", p.touch.ID, c, now.UnixMicro())
	m := holdfast.Message{
		ID: id, Source: "system", Kind: holdfast.Track, Event: events[c].event, Account: p.account, Contact: p.id, At: now,
		Props: map[string]any{"touch": p.touch.ID, "said": "by " + how},
	}
	if p.address != "" {
		m.Props["email"] = p.address
	}
	reason := "by " + how
	if c == Pause {
		end := now.Add(pause)
		m.Props["until"] = end.Format(time.RFC3339)
		reason += ", until " + end.Format("2 Jan 2006")
	}
	err := tx.AddLine(store.Line{
		Key: id, At: now, Account: p.account, Playbook: p.touch.Playbook, Enrollment: p.touch.Enrollment, Step: p.touch.Step, Path: p.touch.Path,
		Kind: "preference", Channel: "email", To: p.id, Outcome: events[c].outcome, Reason: reason, Touch: p.touch.ID,
	})
	if err != nil {
		return err
	}
	return d.Emit(tx, m)
}

// Address is p's, masked: it says which mailbox is meant to whom it belongs, and
// little to anybody else.
func (p person) Address() string {
	local, domain, ok := strings.Cut(p.address, "@")
	if !ok || local == "" {
		return ""
	}
	first, _ := utf8.DecodeRuneInString(local)
	return string(first) + "•••@" + domain
}

// Until is the day on which a pause ends.
func (p person) Until() string {
	if p.until.IsZero() {
		return ""
	}
	return p.until.UTC().Format(time.DateOnly)
}
