package intake

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"holdfast/internal/store"
	"holdfast/rules"
	"holdfast/triggers"
)

// A date trigger has a row on the agenda while its moment lies ahead. What the date
// reads may say another date: then the row is that one's. The moment may also move
// though the date stays, with the account's zone and its working days: then the row
// moves along, and is due at once where the moment has gone by. And the clock may go
// past a date that comes round, which is next year's from its own day on: then the row
// stays until it has fired.

// date keeps the agenda's row in step with the facts. Its truth remembers the moment
// last seen, so that looking again changes nothing: neither a date that fired nor one
// that was gone by when first seen comes back.
func (b *batch) date(s *sheet, f *rules.Facts, r ref, c *cause) error {
	old, err := b.truth(r.book.Name, r.trig.ID, s.acct.ID)
	if err != nil {
		return err
	}
	moment, occurrence, ok := b.moment(s, f, r)
	if moment.Equal(old.Since) && ok == old.True {
		return nil
	}
	if old.True {
		if stands, err := b.stands(s, f, r, c, old); err != nil || stands {
			return err
		}
	}
	t := store.Truth{Playbook: r.book.Name, Trigger: r.trig.ID, Account: s.acct.ID, True: ok, Since: moment}
	if ok && moment.After(b.now) {
		return b.ahead(t, occurrence)
	}
	if err := errors.Join(b.putTruth(t), b.tx.DropDue(dueKey("date", t.Playbook, t.Trigger, t.Account))); err != nil {
		return err
	}
	moved := old.True && !c.scan && !c.dates(r) // it is the day that was seen, wherever it lies now
	if !ok || !c.start || moved || r.trig.IfPast != "start" || !b.holds(f, r.book.Name, s.acct.ID, r.trig.When, r.book.When) {
		return nil
	}
	return b.start(s, f, why{ref: r, occurrence: occurrence, words: dateWords(r.trig, occurrence) + ", gone by when first seen"})
}

// ahead puts t's moment on the agenda: now, when it has gone by.
func (b *batch) ahead(t store.Truth, occurrence string) error {
	at := t.Since
	if at.Before(b.now) {
		at = b.now
	}
	return errors.Join(b.putTruth(t), b.due("date", t, at, occurrence))
}

// stands reports whether the agenda has a row of the date that c leaves as it is, and
// moves it with the place.
func (b *batch) stands(s *sheet, f *rules.Facts, r ref, c *cause, t store.Truth) (bool, error) {
	p, there, err := b.awaited(r, s.acct.ID)
	if err != nil || !there {
		return false, err
	}
	moment, occurrence, ok := b.still(s, f, r, p)
	past := !moment.After(b.now)
	if !ok || past && c.anew || occurrence != p.Occurrence && c.dates(r) {
		return false, nil
	}
	if moment.Equal(t.Since) {
		return true, nil
	}
	if past {
		occurrence = p.Occurrence
	}
	t.Since = moment
	return true, b.ahead(t, occurrence)
}

// dates reports whether c may have said another date to r: where an account lives
// only moves it.
func (c *cause) dates(r ref) bool {
	ch := c.ch
	ch.Account = slices.DeleteFunc(slices.Clone(ch.Account), func(name string) bool { return slices.Contains(triggers.Place, name) })
	return ch.touched(readsOf(r.trig.At))
}

// awaited is the row of r on the agenda, if there is one.
func (b *batch) awaited(r ref, account string) (p pending, there bool, err error) {
	d, err := b.tx.Due(dueKey("date", r.book.Name, r.trig.ID, account))
	if errors.Is(err, store.ErrNotFound) {
		return p, false, nil
	}
	if err != nil {
		return p, false, fmt.Errorf("read when a date is due: %w", err)
	}
	if err := json.Unmarshal(d.Data, &p); err != nil {
		return p, false, fmt.Errorf("read the data of due %s: %w", d.Key, err)
	}
	return p, true, nil
}

// fireDate starts what p was awaited for, unless that has moved, and awaits the next.
func (b *batch) fireDate(s *sheet, f *rules.Facts, r ref, p pending) error {
	t, err := b.truth(r.book.Name, r.trig.ID, s.acct.ID)
	if err != nil {
		return err
	}
	moment, occurrence, ok := b.still(s, f, r, p)
	unseen, err := b.unseen(r, s.acct.ID)
	if err != nil {
		return err
	}
	switch {
	case ok && moment.After(b.now):
		t.True, t.Since = true, moment
		return b.ahead(t, occurrence)
	case !ok, unseen && !moment.Equal(t.Since):
		return b.date(s, f, r, &cause{start: !unseen})
	}
	if b.holds(f, r.book.Name, s.acct.ID, r.trig.When, r.book.When) {
		if err := b.start(s, f, why{ref: r, occurrence: p.Occurrence, words: dateWords(r.trig, p.Occurrence)}); err != nil {
			return err
		}
	}
	return b.dateAfter(s, f, r, p, t)
}

// dateAfter awaits the date that comes after p, if there is one already. One that has
// gone by as well starts nothing more.
func (b *batch) dateAfter(s *sheet, f *rules.Facts, r ref, p pending, t store.Truth) error {
	moment, occurrence, ok := b.moment(s, f, r)
	if day, known := dateIn(p.Occurrence, r.trig.At); known && ok && occurrence != p.Occurrence {
		if m, o := b.following(s, f, r, day); o != p.Occurrence && m.After(b.now) {
			moment, occurrence = m, o
		}
	}
	if moment.Equal(t.Since) && ok == t.True {
		return nil
	}
	t.True, t.Since = ok, moment
	if ok && moment.After(b.now) {
		return b.ahead(t, occurrence)
	}
	return b.putTruth(t)
}

// following is the date that the facts said as another began: with one that comes round
// more often than its trigger's `after`, the clock has gone past that too.
func (b *batch) following(s *sheet, f *rules.Facts, r ref, day time.Time) (moment time.Time, occurrence string) {
	then := *f
	then.Until = nil
	if begins, _ := b.placed(s, r, day); begins.Before(b.now) {
		then.Now = begins
	}
	moment, occurrence, _ = b.moment(s, &then, r)
	return moment, occurrence
}

// moment is when a date trigger falls due, and the date as its occurrence. ok is false
// while it is unset.
func (b *batch) moment(s *sheet, f *rules.Facts, r ref) (moment time.Time, occurrence string, ok bool) {
	t, occurrence, err := dateOf(f, r.trig.At)
	if err != nil {
		b.trouble(r.book.Name, s.acct.ID, fmt.Errorf("evaluate %s: %w", clip(r.trig.At.Source()), err))
	}
	if err != nil || occurrence == "" {
		return moment, "", false
	}
	_, moment = b.placed(s, r, t)
	return moment, occurrence, true
}

// still is where p lies now: where the facts say, and where p itself would lie when
// the clock has merely gone past it.
func (b *batch) still(s *sheet, f *rules.Facts, r ref, p pending) (moment time.Time, occurrence string, ok bool) {
	moment, occurrence, ok = b.moment(s, f, r)
	if ok && occurrence == p.Occurrence {
		return moment, occurrence, ok
	}
	t, known := dateIn(p.Occurrence, r.trig.At)
	if !known || !r.trig.At.Reads().Clock {
		return moment, occurrence, ok
	}
	begins, was := b.placed(s, r, t)
	if ok && moment.Before(was) || !passed(f, r.trig.At, p.Occurrence, begins) {
		return moment, occurrence, ok
	}
	return was, p.Occurrence, true
}

// passed reports whether it is the clock alone that has at say something else than an
// occurrence which begins at a moment: just before it, or some days ago, the same
// facts say it.
func passed(f *rules.Facts, at *rules.Expr, occurrence string, begins time.Time) bool {
	then := *f
	then.Until = nil
	from := f.Now
	if begins.Before(from) {
		from = begins
	}
	then.Now = from.Add(-time.Microsecond)
	for days := 1; ; days *= 2 {
		if _, was, err := dateOf(&then, at); err == nil && was == occurrence {
			return true
		}
		if days > horizon {
			return false
		}
		then.Now = from.AddDate(0, 0, -days)
	}
}

// dateOf is the date or moment that at says, and its text, which is "" while it is unset.
func dateOf(f *rules.Facts, at *rules.Expr) (t time.Time, occurrence string, err error) {
	v, ok, err := at.Value(f)
	t, isTime := v.(time.Time)
	switch {
	case err != nil || !ok || !isTime || t.IsZero():
		return time.Time{}, "", err
	case at.Type() == rules.Date:
		return t, t.Format(time.DateOnly), nil
	}
	return t, t.UTC().Format(time.RFC3339), nil
}

// dateIn reads what dateOf wrote. ok is false for the text of another type.
func dateIn(occurrence string, at *rules.Expr) (t time.Time, ok bool) {
	layout := time.RFC3339
	if at.Type() == rules.Date {
		layout = time.DateOnly
	}
	t, err := time.Parse(layout, occurrence)
	return t, err == nil
}

// placed is when the date t begins where the account is, at midnight, and when its
// trigger is due.
func (b *batch) placed(s *sheet, r ref, t time.Time) (begins, moment time.Time) {
	loc, days := b.in.place(b.record(s))
	if r.trig.At.Type() == rules.Date {
		begins = time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, loc)
	} else {
		begins = t.In(loc)
	}
	switch {
	case r.trig.Offset.Zero():
		moment = begins
	case r.trig.Before:
		moment = r.trig.Offset.Sub(begins, days)
	default:
		moment = r.trig.Offset.Add(begins, days)
	}
	return begins, moment.UTC().Truncate(time.Microsecond)
}

func dateWords(t *triggers.Trigger, occurrence string) string {
	switch {
	case t.Offset.Zero():
		return clip(t.At.Source()) + " is " + occurrence
	case t.Before:
		return t.Offset.Text + " before " + clip(t.At.Source()) + " (" + occurrence + ")"
	}
	return t.Offset.Text + " after " + clip(t.At.Source()) + " (" + occurrence + ")"
}
