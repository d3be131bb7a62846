// Package guards says why a touch may not go now. Guards are pure functions of
// what the claim transaction read; one file each, and their order in All is
// meaning: what forbids for ever comes before what only delays. To add one, add
// <name>.go and one line in All.
package guards

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/internal/calendar"
	"holdfast/internal/store"
)

// Kind of a decision.
type Kind int

// Go now; At a later moment; Park until a row releases it; Drop for ever.
const (
	Go Kind = iota
	At
	Park
	Drop
)

// Decision of a guard. Reason is a word from the docs (send_window,
// public_holiday, quarter_end, calendar, opted_out, paused, bounced, resting, cap, held,
// lane, exited …); Detail is a sentence for people.
type Decision struct {
	Kind   Kind
	At     time.Time
	Reason string
	Detail string
	// Shifts are the moves that led to the answer of Check, in order.
	Shifts []Shift

	queue string // of a Pace, that the last shift is for
}

// Shift is one move of a touch: from a moment that a guard forbids to a later one.
type Shift struct {
	Reason, Detail string
	From, To       time.Time
}

// Rails are a playbook's guardrails, compiled.
type Rails struct {
	Window      calendar.Window
	Zone        string   // contact, account, project or an IANA name: whose zone the window is in
	Avoid       []string // of public_holidays and quarter_end; declared calendars are Ask.Calendars
	Caps        []Cap
	CatchUp     string // next_window (default), skip
	Surge       Surge
	FiscalStart time.Month // of the quarter end, when no account field says otherwise
	QuarterTail int        // business days that count as quarter end; default 10
}

// Cap allows at most Max touches of What (email, slack, touch) In a span Per contact or account.
type Cap struct {
	Max  int
	What string
	In   calendar.Span
	Per  string
}

// Surge bounds how many accounts a trigger brings in on one day before a person is
// asked. It is the intake's to keep: no touch is there yet.
type Surge struct {
	Off bool
	Max int // entries a day; 0: reckoned from what is usual
}

// Ask is all that guards may know.
type Ask struct {
	Now           time.Time
	Enrollment    string
	Playbook      string
	Class         string // transactional, service, outreach
	Lane          string
	Channel       string // email, slack, or a task's human channel
	Internal      bool   // to our own people (a Slack task, a note): customer guards do not bind
	Human         bool   // work that one of our own does, whether or not it reaches the customer
	Arm           string
	Rails         Rails
	Due           time.Time // when it was to go, if that is past; zero: now
	Found         time.Time // the moment that was found for it when it was kept, if that has come
	Days          calendar.Days
	Zone          *time.Location
	ZoneFrom      string        // contact, account, country, project: named in the reason
	FiscalStart   time.Month    // of the account, or the project's
	Calendars     []Calendar    // declared ones that the playbook avoids and that hold for the account
	Stopped       string        // who stopped sending, and of what; "" while it goes on
	Shadow        bool          // the playbook is in mode: shadow
	Stronger      *Rival        // of a stronger lane, at work on the account; nil: none
	WhenPreempted string        // pause, exit, ignore
	Spread        uint64        // picks a moment in the first third of a window that opens; 0: its first
	Exited        *store.Signal // the first exit row, if any
	Suppressions  []store.Suppression
	Rests         []store.Rest
	Holds         []store.Hold // on the account
	Pace          *Pace        // of the provider and the recipient's domain; nil: nothing limits them
	// Count is how many touches of what went since a moment, per contact or account.
	Count func(what, per string, since time.Time) (int, error)
	// Oldest is when the oldest of them went, so that a cap says when it frees; zero if unknown.
	Oldest func(what, per string, since time.Time) (time.Time, error)

	moved bool                        // a guard has moved Now already
	check func(Ask) (Decision, error) // Check, for a guard that asks about another moment
	first func(Ask) (Decision, error) // first, likewise
}

// Guard is one reason.
type Guard struct {
	Name    string // the reason word, or what its reason words have in common
	Summary string // one sentence for docs and dashboard
	// Keys of the playbook that it follows, dotted; Set says in words what else
	// decides it, or what the keys hold.
	Keys []string
	Set  string
	// Example makes a touch that could go one that this guard keeps back.
	Example func(*Ask)
	Check   func(Ask) (Decision, error)
}

// All guards, in the order they are asked. It is not to be changed.
//
// Exited comes first: what has ended is not kept for later. Then what forbids
// for ever, so that nobody is kept waiting for a no: a person who opted out while
// the account was held is dropped at once. Stopped stands before them all the
// same: a stop is looked into by hand, and until then nothing is decided. Then
// what waits for people or other playbooks, whose end no clock knows: a hold
// before a lane, since a hold also binds the lane it waits for. Overdue follows,
// because it is asked about what those let go, and before the windows, because
// it picks a moment that they may still move. Then what the clock alone moves,
// from the hour to the quarter, and the caps, which need the moment. Shadow
// drops what all these let go. Pacing is last: only what would go now takes a
// place from another, and a shadow takes none. Where it moves a touch, all are
// asked again about the new moment.
var All = []Guard{
	Exited,
	Stopped,
	Suppressed,
	OptedOut,
	Paused,
	Resting,
	Holdout,
	Held,
	Lane,
	Overdue,
	Window,
	Holidays,
	QuarterEnd,
	Calendars,
	Caps,
	Shadow,
	Pacing,
}

// rounds is how often Check lets guards move a touch. A year of holidays, quarter
// ends and full caps takes far fewer; more means that no moment suits them all.
const rounds = 400

// Check asks All in order. Drop and Park win at once; At is asked again at the
// later moment until all guards agree on one (at most 400 rounds, then Park
// "no_window"). The last shift's reason is kept, but a hold's outlasts others;
// Detail and Shifts list each.
func Check(a Ask) (Decision, error) {
	if a.Zone == nil {
		a.Zone, a.ZoneFrom = time.UTC, "project"
	}
	a.Now, a.check, a.first = a.Now.In(a.Zone), Check, first
	shifts := Decision{Kind: Go}
	var details []string
	var moves []Shift
	for range rounds {
		d, err := first(a)
		switch {
		case err != nil:
			return Decision{}, err
		case d.Kind == Go && shifts.Kind == Go:
			return shifts, nil
		case d.Kind == Go, d.Kind != At && d.Reason == "shadow" && shifts.Kind == At: // a shadow would wait: it is dropped when its moment has come
			if shifts.At, err = a.spread(shifts.Reason == "held" && a.Now.Sub(moves[0].From) >= lateness); err != nil {
				return Decision{}, err
			}
			moves[len(moves)-1].To = shifts.At
			shifts.Detail, shifts.Shifts = strings.Join(details, "; "), moves
			return shifts, nil
		case d.Kind != At:
			d.Shifts = moves
			return d, nil
		case !d.At.After(a.Now):
			return Decision{}, fmt.Errorf("guard %s moves a touch from %s to %s", d.Reason, a.Now, d.At)
		}
		moves = append(moves, Shift{Reason: d.Reason, Detail: d.Detail, From: a.Now, To: d.At})
		a.Now, a.moved = d.At.In(a.Zone), true
		if shifts.Reason == "held" {
			d.Reason = "held"
		}
		shifts = d
		if len(details) == 0 || details[len(details)-1] != d.Detail {
			details = append(details, d.Detail)
		}
	}
	return Decision{Kind: Park, Reason: "no_window", Detail: "no moment suits the guardrails; the last one tried was " + a.local()}, nil
}

// first is the first guard's answer that is not Go.
func first(a Ask) (Decision, error) {
	for _, g := range All {
		d, err := g.Check(a)
		if err != nil {
			return Decision{}, fmt.Errorf("ask guard %s: %w", g.Name, err)
		}
		if d.Kind != Go {
			return d, nil
		}
	}
	return Decision{}, nil
}

// shift moves a touch to t or, when the window is shut then, to its next opening.
// The window is the customer's: what goes to our own people does not wait for it.
func (a Ask) shift(t time.Time, reason, detail string) Decision {
	if !a.Internal {
		t = a.Rails.Window.Next(t.In(a.Zone))
	}
	return Decision{Kind: At, At: t, Reason: reason, Detail: detail}
}

// spread puts a touch that was moved to the opening of its window into the first
// third of that, so that a night's touches do not leave in one minute: at a minute
// of its own, or sooner when a guard forbids that one. What was kept catches up in
// a window that is open already.
func (a Ask) spread(kept bool) (time.Time, error) {
	w := a.Rails.Window
	third := uint64(max(w.To-w.From, 0)) / 3
	switch {
	case a.Internal || a.Spread == 0:
		return a.Now, nil
	case third > 0 && a.Now.Hour()*60+a.Now.Minute() == w.From:
		return a.soonest(time.Duration(a.Spread%third) * time.Minute)
	case kept && a.Rails.CatchUp != "skip":
		d, err := a.caughtUp("")
		if err != nil || d.Kind != At {
			return a.Now, err
		}
		return d.At, nil
	}
	return a.Now, nil
}

// soonest is the moment after, or half of it, or a quarter …, that all guards let
// go; without any it is Now.
func (a Ask) soonest(after time.Duration) (time.Time, error) {
	if a.first == nil {
		return a.Now.Add(after), nil
	}
	for ; after > 0; after /= 2 {
		then := a
		then.Now, then.moved = a.Now.Add(after), true
		d, err := a.first(then)
		if err != nil {
			return a.Now, err
		}
		if d.Kind == Go || d.Reason == "shadow" {
			return then.Now, nil
		}
	}
	return a.Now, nil
}

func (a Ask) avoids(what string) bool { return slices.Contains(a.Rails.Avoid, what) }

// local is Now as the recipient's clock shows it, and how that clock is known.
func (a Ask) local() string {
	return a.Now.Format("Mon 2 Jan 2006 15:04") + " " + a.Zone.String() + " (zone of the " + a.ZoneFrom + ")"
}
