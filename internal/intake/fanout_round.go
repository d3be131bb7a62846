package intake

import (
	"fmt"
	"strconv"

	"holdfast/guards"
	"holdfast/internal/calendar"
	"holdfast/internal/store"
	"holdfast/rules"
)

// endRound ends one of the two rounds of a.
func (b *batch) endRound(a *Announcement) error {
	if a.Phase == Counting {
		a.Accounts, a.Looked, a.Cursor = a.Looked, 0, ""
		a.Phase = Entering
		matches := 0
		for _, t := range a.Triggers {
			matches += t.Matches
			if err := b.counted(a, t); err != nil {
				return err
			}
			if r, ok := b.waitsFor(a, t); ok && a.Phase == Entering {
				if most, bound := reachLimit(r.book.Rails.Surge, a.Accounts); bound && t.Matches > most && !b.in.Options.Treated {
					why := fmt.Sprintf("%s matches %d of %d accounts for %s, and %d is the most that nobody is asked about", a.Message.Event, t.Matches, a.Accounts, t.Playbook, most)
					if err := b.askAbout(a, why); err != nil {
						return err
					}
				}
			}
		}
		if matches == 0 {
			a.Phase = Done
		}
		return nil
	}
	a.Phase, a.Cursor = Spread, ""
	a.finish()
	return nil
}

// reachLimit is how many accounts an announcement may bring into a playbook before a
// person is asked: one in five, at least a hundred, or what the playbook's guardrails
// name as a surge. No bound where they say that none is.
func reachLimit(r guards.Surge, accounts int) (most int, bound bool) {
	if r.Off {
		return 0, false
	}
	if r.Max > 0 {
		return r.Max, true
	}
	return max(fewestReached, accounts/mostReached), true
}

// counted says on the timeline how many accounts match.
func (b *batch) counted(a *Announcement, t Reach) error {
	if b.in.Options.Treated {
		return nil
	}
	within := ""
	if r, ok := b.waitsFor(a, t); ok && !r.trig.Spread.Zero() {
		within = ", who enter within " + r.trig.Spread.Text
	}
	return b.tx.AddLine(store.Line{
		Key: FanOutKey(a.Seq) + "/" + t.Playbook + "/" + t.Trigger, At: b.now, Playbook: t.Playbook, Kind: "announce",
		Reason: fmt.Sprintf("%s: trigger %s matches %d of %d accounts%s (announcement %s)", a.Message.Event, t.Trigger, t.Matches, a.Accounts, within, strconv.FormatInt(a.Seq, 10)),
	})
}

// finish ends an announcement of which nobody is left to enter.
func (a *Announcement) finish() {
	if a.Phase != Spread {
		return
	}
	for _, t := range a.Triggers {
		if t.Entered+t.Passed < t.Due {
			return
		}
	}
	a.Phase = Done
}

// reachAll holds an announcement of a replay against all its accounts, each of which
// has its moment even when that is now.
func (b *batch) reachAll(key string) error {
	a, err := b.fan(key)
	if err != nil || a == nil {
		return err
	}
	a.Phase, a.Triggers = Entering, b.reaches(a.Message.Event)
	for _, s := range b.everyone() {
		if err := b.reach(a, s, false); err != nil {
			return err
		}
	}
	a.Phase = Spread
	a.finish()
	return b.putFan(a)
}

func (in *Intake) daysOf(account rules.Record) calendar.Days {
	_, days := in.place(account)
	return days
}
