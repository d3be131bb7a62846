package intake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/rules"
)

// An event that is declared `of: all` and names no account is an announcement: the
// transaction that takes it writes one row, and the agenda takes that row to the
// accounts, a page a transaction, in two rounds. The first counts who matches, and
// starts nobody: when it is more than anybody meant, a person is asked before the
// first enters. The second lets those who match then enter, each at a moment of its
// own within the trigger's spread.

// FanOutKind is the kind of dues that are announcements on their way to the accounts.
const FanOutKind = "fanout"

// announcedKind is theirs when no page is left to do, or they wait for an answer:
// they stand a thousand years off.
const announcedKind = "announced"

// overKind is theirs when nobody enters any more: they stand a thousand years after
// their end, until PruneAnnouncements removes them.
const overKind = "announced_over"

// AnnouncementKinds are the kinds of dues that are announcements.
func AnnouncementKinds() []string { return []string{FanOutKind, announcedKind, overKind} }

// Announcement is an event on its way to all accounts, and what came of it.
type Announcement struct {
	Message  holdfast.Message `json:"message"`
	Seq      int64            `json:"seq"` // of the event: the announcement's number
	Phase    Phase            `json:"phase"`
	Cursor   string           `json:"cursor,omitempty"` // the last account that this round looked at
	Looked   int              `json:"looked"`           // accounts that this round looked at
	Accounts int              `json:"accounts"`         // that the first round looked at
	Triggers []Reach          `json:"triggers,omitempty"`
	Taken    time.Time        `json:"taken"`
	Until    time.Time        `json:"until,omitzero"`  // by when the last of those who match enters
	Why      string           `json:"why,omitempty"`   // it asks, or was stopped
	Over     time.Time        `json:"over,omitzero"`   // when it was done or stopped
	First    string           `json:"first,omitempty"` // an account that matches
	At       time.Time        `json:"-"`               // where its row stands

	dirty bool
	props rules.Record // of Message, typed; nil until asked for
}

// Phase of an announcement.
type Phase string

// Phases in their order; it asks between counting and entering, or not at all.
const (
	Counting Phase = "counting" // who matches; nobody has entered
	Asks     Phase = "asks"     // nobody enters before a person has looked
	Entering Phase = "entering"
	Spread   Phase = "spread" // all have their moment, which has not come for some
	Done     Phase = "done"
	Stopped  Phase = "stopped"
)

// Reach is one trigger that waits for an announced event. Matches is of the first
// round; Due were given a moment in the second, of whom Entered did enter, Passed
// had no match any more or were kept out, each with a line that says why.
type Reach struct {
	Playbook string `json:"playbook"`
	Trigger  string `json:"trigger"`
	Matches  int    `json:"matches"`
	Due      int    `json:"due"`
	Entered  int    `json:"entered"`
	Passed   int    `json:"passed"`
}

// FanOutKey is the key of the row of an announcement.
func FanOutKey(seq int64) string { return FanOutKind + "/" + strconv.FormatInt(seq, 10) }

// Underway reports whether an announcement has accounts to reach, or some that it
// reached have their moment before them.
func Underway(tx store.Playbooks) (bool, error) {
	_, some, err := tx.NextDue(FanOutKind, enteringKind)
	return some, err
}

// toAll reports whether m is an announcement.
func (b *batch) toAll(m holdfast.Message) bool {
	return m.Kind == holdfast.Track && m.Account == "" && b.set.OfAll(m.Event)
}

// announce takes a message to all accounts: the row that will reach them commits
// with it. What no published playbook waits for is only stored.
func (b *batch) announce(i int, m holdfast.Message) error {
	says, err := b.set.Apply(m)
	if err != nil {
		b.reject(i, m.ID, err.Error())
		return nil
	}
	seq, fresh, err := b.enter(m)
	if err != nil || !fresh {
		return err
	}
	b.undeclared(says.Undeclared)
	switch {
	case b.mode == History:
		return nil
	case m.At.Before(b.now.Add(-b.in.lateLimit())):
		b.res.Late++
		return nil
	}
	b.res.Announced++
	a := &Announcement{Message: m, Seq: seq, Phase: Counting, Taken: b.now, At: b.now, dirty: true}
	b.poke = true
	if err := b.often(a); err != nil {
		return err
	}
	return b.putFan(a)
}

// oftenest is how often one event is announced on a day before a person is asked: a
// feed that broke repeats itself under new ids.
const oftenest = 10

// often asks when the event was announced too often today.
func (b *batch) often(a *Announcement) error {
	name := "announced/" + a.Message.Event
	if err := store.Tally(b.tx, name, b.now, 1); err != nil {
		return fmt.Errorf("count an announcement: %w", err)
	}
	today, err := store.Tallied(b.tx, name, b.now, b.now)
	if err != nil {
		return fmt.Errorf("read announcements of today: %w", err)
	}
	for _, d := range today {
		if d.Count > oftenest && !b.in.Options.Treated {
			return b.askAbout(a, fmt.Sprintf("%s came %d times today without an account, and %d is the most", a.Message.Event, d.Count, oftenest))
		}
	}
	return nil
}

// askAbout keeps an announcement back until a person has looked.
func (b *batch) askAbout(a *Announcement, why string) error {
	a.Phase, a.Why = Asks, why
	b.in.Log.Warn("an announcement waits for an answer", "event", a.Message.Event, "number", a.Seq, "why", why)
	number := strconv.FormatInt(a.Seq, 10)
	book := ""
	if len(a.Triggers) > 0 {
		book = a.Triggers[0].Playbook
	}
	return PutAlarm(b.tx, Alarm{
		Key: FanOutKey(a.Seq), Playbook: book, Account: a.First, At: b.now,
		Title: why + "; nobody has entered",
		Brief: "Look whether this is meant: holdfast announce list. Then let them enter: holdfast announce resume " + number +
			"; or end it: holdfast announce stop " + number + ".",
	})
}

// fan is an announcement by its key; nil when there is none.
func (b *batch) fan(key string) (*Announcement, error) {
	if a, ok := b.fans[key]; ok {
		return a, nil
	}
	a, err := readFan(b.tx, key)
	if err != nil {
		return nil, err
	}
	b.rememberFan(key, a)
	return a, nil
}

func (b *batch) rememberFan(key string, a *Announcement) {
	if b.fans == nil {
		b.fans = map[string]*Announcement{}
	}
	b.fans[key] = a
}

func readFan(tx store.Playbooks, key string) (*Announcement, error) {
	d, err := tx.Due(key)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read announcement: %w", err)
	}
	return asAnnouncement(d)
}

func asAnnouncement(d store.Due) (*Announcement, error) {
	a := &Announcement{At: d.At}
	read := json.NewDecoder(bytes.NewReader(d.Data))
	read.UseNumber() // in the message's props
	if err := read.Decode(a); err != nil {
		return nil, fmt.Errorf("read announcement %s: %w", d.Key, err)
	}
	return a, nil
}

// putFan keeps a where its phase stands on the agenda.
func (b *batch) putFan(a *Announcement) error {
	a.dirty = false
	b.rememberFan(FanOutKey(a.Seq), a)
	return writeFan(b.tx, a, b.now)
}

// writeFan keeps a. now is when it ended, if it has.
func writeFan(tx store.Playbooks, a *Announcement, now time.Time) error {
	over := a.Phase == Done || a.Phase == Stopped
	if over && a.Over.IsZero() {
		a.Over = now
	}
	data, err := json.Marshal(a)
	if err != nil {
		return err
	}
	d := store.Due{Key: FanOutKey(a.Seq), Kind: FanOutKind, At: a.Taken, Data: data}
	switch {
	case over:
		d.Kind, d.At = overKind, away(a.Over)
		if a.Until.After(a.Over) { // those who do not enter any more have a line each until then
			d.At = away(a.Until)
		}
	case a.Phase != Counting && a.Phase != Entering:
		d.Kind, d.At = announcedKind, away(a.Taken)
	}
	if err := tx.PutDue(d); err != nil {
		return fmt.Errorf("keep announcement: %w", err)
	}
	return nil
}

// keepFans writes the announcements that changed.
func (b *batch) keepFans() error {
	for _, key := range slices.Sorted(maps.Keys(b.fans)) {
		if a := b.fans[key]; a != nil && a.dirty {
			if err := b.putFan(a); err != nil {
				return err
			}
		}
	}
	return nil
}
