// Package backtest asks of recorded messages whom a playbook would have caught:
// who would have entered and when, what work that makes, and how well the
// entries foretell what happened later, such as churn. It decides nothing
// itself: entries are the intake's, by intake.Replay, or the real simulation's.
// To ask one more thing, add a file and a part of Report.
package backtest

import (
	"context"
	"time"

	"holdfast"
	"holdfast/internal/project"
	"holdfast/internal/sim"
	"holdfast/playbooks"
)

// Question is what a backtest answers. Project, Playbook and Messages are
// required.
type Question struct {
	Project  *project.Project
	Playbook *playbooks.Playbook
	Trigger  string             // id of the one that is asked about; "" all
	Messages []holdfast.Message // what was recorded, by time
	// From is where triggers begin to be looked at, and To where they end; zero:
	// once the widest window that they read is full, and the last message.
	From, To time.Time
	Label    string // an event that entries should foretell; "" none
	Within   int    // days after an entry in which the label counts
	Lasts    int    // days that an enrollment is taken to run when no exit ends it
	Full     bool   // run every enrollment through its steps
	Tasks    sim.People
	Alone    bool // leave the other playbooks of the project out
	Sweep    *Sweep
	// Progress is told how much of the messages, or of the time, is done; may be nil.
	Progress func(done, all int)
}

// Report is the answer. Times are UTC.
type Report struct {
	Playbook string    `json:"playbook"`
	Triggers []string  `json:"triggers"`
	Full     bool      `json:"full"`
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Messages int       `json:"messages"`
	Accounts int       `json:"accounts"` // known by the end

	Entries []Entry        `json:"entries"`
	Refused map[string]int `json:"refused"` // fired and kept out, by the rule of entry
	Weeks   []Week         `json:"weeks"`
	Label   *Label         `json:"label,omitempty"`
	Overlap []Overlap      `json:"overlap,omitempty"`
	Load    *Load          `json:"load,omitempty"`
	Sweep   []Row          `json:"sweep,omitempty"`
	Swept   string         `json:"swept,omitempty"` // the condition with its range

	Warnings []string `json:"warnings,omitempty"`
	Problems []string `json:"problems,omitempty"` // messages that were refused, the first of them
	Rejected int      `json:"rejected"`
}

// Entry is one enrollment that would have been.
type Entry struct {
	Account string    `json:"account"`
	At      time.Time `json:"at"`
	Trigger string    `json:"trigger"`
	Why     string    `json:"why"`
	Left    time.Time `json:"left,omitzero"` // when it ended, or was taken to
	Outcome string    `json:"outcome,omitempty"`
	// LabelBefore is the last label before the entry, LabelAfter the first after.
	LabelBefore time.Time `json:"label_before,omitzero"`
	LabelAfter  time.Time `json:"label_after,omitzero"`
	Days        int       `json:"days,omitempty"` // from the entry to LabelAfter
	Verdict     string    `json:"verdict,omitempty"`

	ends time.Time // Left, or where looking ends
}

// Week is what happened from one Monday to the next.
type Week struct {
	Monday  string `json:"monday"`
	Entries int    `json:"entries"`
	Labels  int    `json:"labels"`
}

// Overlap is how often another playbook of the project would have been active too.
type Overlap struct {
	Playbook string `json:"playbook"`
	Accounts int    `json:"accounts"`
	Days     int    `json:"days"` // account-days on which both would have been active
}

// Run answers q. The error is a *holdfast.Error when q is at fault.
func Run(ctx context.Context, q Question) (*Report, error) {
	book, err := q.asked()
	if err != nil {
		return nil, err
	}
	r := &Report{Playbook: book.Name, Full: q.Full, Messages: len(q.Messages), Refused: map[string]int{}, Problems: nil}
	if r.From, r.To, err = q.period(book); err != nil {
		return nil, err
	}
	q.From, q.To = r.From, r.To
	for _, t := range book.Triggers {
		r.Triggers = append(r.Triggers, t.ID)
	}
	r.warn(book, q)
	books, rows, err := q.books(book)
	if err != nil {
		return nil, err
	}
	past, err := q.past(ctx, books, rows)
	if err != nil {
		return nil, err
	}
	r.Accounts, r.Rejected, r.Problems = len(past.known), past.rejected, past.problems
	r.Warnings = append(r.Warnings, past.warnings...)
	for _, x := range past.refused {
		if x.Playbook == book.Name {
			r.Refused[x.Reason]++
		}
	}
	r.Entries = past.entries[book.Name]
	r.surges(book)
	if q.Label != "" {
		r.judge(q, past)
	}
	r.weeks(past)
	r.overlap(past)
	if q.Full {
		r.Load = load(q, book.Name, past.played)
	}
	if q.Sweep != nil {
		r.Swept = q.Sweep.Text
		if r.Sweep, err = q.rows(ctx, books, rows, past); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// asked is the playbook with only the trigger that is asked about.
func (q Question) asked() (*playbooks.Playbook, error) {
	if len(q.Messages) == 0 {
		return nil, holdfast.Errorf(holdfast.Invalid, "there are no messages to look at")
	}
	if len(q.Playbook.Triggers) == 0 {
		return nil, holdfast.Errorf(holdfast.Invalid, "playbook %s has no trigger: it starts by being run alone", q.Playbook.Name)
	}
	book := *q.Playbook
	if q.Trigger == "" {
		return &book, nil
	}
	book.Triggers = nil
	for _, t := range q.Playbook.Triggers {
		if t.ID == q.Trigger {
			book.Triggers = append(book.Triggers, t)
		}
	}
	if len(book.Triggers) == 0 {
		return nil, holdfast.Errorf(holdfast.NotFound, "playbook %s has no trigger %q", book.Name, q.Trigger)
	}
	return &book, nil
}

// period is where looking begins and ends.
func (q Question) period(book *playbooks.Playbook) (from, to time.Time, err error) {
	first, last := q.Messages[0].At, q.Messages[len(q.Messages)-1].At
	from, to = q.From, q.To
	if from.IsZero() {
		from = first.UTC().Truncate(24*time.Hour).AddDate(0, 0, warmUp(q.Project.Rules, book))
	}
	if to.IsZero() {
		to = last
	}
	if !from.Before(to) {
		return from, to, holdfast.Errorf(holdfast.Invalid, "nothing was recorded from %s to %s: the messages are of %s to %s",
			from.Format(time.DateOnly), to.Format(time.DateOnly), first.Format(time.DateOnly), last.Format(time.DateOnly))
	}
	return from, to, nil
}

// books are what is looked at: the playbook, the others of the project for the
// overlap, and one playbook for each value of the sweep.
func (q Question) books(book *playbooks.Playbook) (all []*playbooks.Playbook, rows []swept, err error) {
	all = []*playbooks.Playbook{book}
	if !q.Alone || q.Full {
		for _, b := range q.Project.Playbooks {
			if b.Name != book.Name {
				all = append(all, b)
			}
		}
	}
	if q.Sweep != nil {
		if rows, err = q.Sweep.books(q.Project.Rules, book); err != nil {
			return nil, nil, err
		}
	}
	return all, rows, nil
}

// lasts is how long an enrollment is taken to run.
func (q Question) lasts(*playbooks.Playbook) time.Duration {
	return time.Duration(q.Lasts) * 24 * time.Hour
}
