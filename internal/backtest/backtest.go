// Package backtest asks of recorded messages whom a playbook would have caught:
// who would have entered and when, what work that makes, and how well the
// entries foretell what happened later, such as churn. It decides nothing
// itself: entries are the intake's, by intake.Replay, or the real simulation's.
// To ask one more thing, add a file and a part of Report.
package backtest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"holdfast"
	"holdfast/activities"
	"holdfast/internal/calendar"
	"holdfast/internal/intake"
	"holdfast/internal/project"
	"holdfast/internal/sim"
	"holdfast/playbooks"
	"holdfast/rules"
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

// past is what would have been.
type past struct {
	entries  map[string][]Entry // by playbook, by time
	refused  []intake.Refusal
	known    map[string]time.Time // accounts, since when
	labels   map[string][]time.Time
	seen     map[[2]string]bool // messages that are labels
	end      time.Time          // of the recording
	rejected int
	problems []string
	warnings []string
	played   *sim.Played
}

// shown is how many refused messages are told one by one.
const shown = 20

// past replays, or plays, the recording.
func (q Question) past(ctx context.Context, books []*playbooks.Playbook, rows []swept) (*past, error) {
	p := &past{entries: map[string][]Entry{}, known: map[string]time.Time{}, labels: map[string][]time.Time{}, seen: map[[2]string]bool{}, end: q.Messages[len(q.Messages)-1].At}
	all := slices.Clone(books)
	for _, row := range rows {
		all = append(all, row.book)
	}
	if err := q.replay(ctx, all, p); err != nil {
		return nil, err
	}
	if q.Full {
		return p, q.play(ctx, books, p)
	}
	return p, nil
}

// replay holds the messages against the triggers of books.
func (q Question) replay(ctx context.Context, books []*playbooks.Playbook, p *past) error {
	r := intake.NewReplay(intake.ReplayOptions{
		Rules: q.Project.Rules, Playbooks: books, Place: places(q.Project), From: q.From, Lasts: q.lasts,
	})
	for i, m := range q.Messages {
		if i%1000 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if q.Progress != nil && !q.Full {
				q.Progress(i, len(q.Messages))
			}
		}
		if m.Kind == holdfast.Group && p.known[m.Account].IsZero() {
			p.known[m.Account] = m.At
		}
		if m.At.After(q.To) && q.Label == "" {
			break
		}
		if m.At.After(q.To) {
			p.label(q.Label, m)
			continue
		}
		reason, err := r.Take(m)
		if err != nil {
			return fmt.Errorf("replay message %s: %w", m.ID, err)
		}
		if reason != "" {
			if p.rejected++; len(p.problems) < shown {
				p.problems = append(p.problems, fmt.Sprintf("message %s: %s", m.ID, reason))
			}
			continue
		}
		p.label(q.Label, m)
	}
	if err := r.End(q.To); err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	if n := len(r.Trouble); n > 0 {
		p.warnings = append(p.warnings, fmt.Sprintf("%s could not be evaluated; the first: %v", times(n, "expression", "expressions"), r.Trouble[0]))
	}
	p.refused = r.Refusals()
	for i := range p.refused {
		p.refused[i].Reason, _, _ = cut(p.refused[i].Reason)
	}
	for _, e := range r.Entries() {
		p.entries[e.Playbook] = append(p.entries[e.Playbook], entry(e, q.To))
	}
	return nil
}

// places finds where accounts live, once for each country and zone.
func places(p *project.Project) func(rules.Record) (*time.Location, calendar.Days) {
	type place struct {
		zone *time.Location
		days calendar.Days
	}
	settings, known := activities.ProjectOf(p), map[[2]any]place{}
	return func(account rules.Record) (*time.Location, calendar.Days) {
		key := [2]any{account["country"], account["timezone"]}
		at, ok := known[key]
		if !ok {
			at.zone, at.days = settings.Place(rules.Record{"country": key[0], "timezone": key[1]})
			known[key] = at
		}
		return at.zone, at.days
	}
}

func entry(e intake.Entry, to time.Time) Entry {
	_, why, _ := cut(e.Words)
	out := Entry{Account: e.Account, At: e.StartedAt, Trigger: e.Trigger, Why: why, Left: e.Left, Outcome: e.Outcome, ends: e.Left}
	if out.ends.IsZero() || out.ends.After(to) {
		out.ends = to
	}
	if out.Left.After(to) {
		out.Left = time.Time{}
	}
	return out
}

// label remembers m when it is one.
func (p *past) label(name string, m holdfast.Message) {
	id := [2]string{m.Source, m.ID}
	if name == "" || m.Kind != holdfast.Track || m.Event != name || m.Account == "" || p.seen[id] {
		return
	}
	p.seen[id] = true
	p.labels[m.Account] = append(p.labels[m.Account], m.At)
}

// weeks counts entries and labels from Monday to Monday.
func (r *Report) weeks(p *past) {
	index := map[string]int{}
	for day := monday(r.From); !day.After(r.To); day = day.AddDate(0, 0, 7) {
		index[day.Format(time.DateOnly)] = len(r.Weeks)
		r.Weeks = append(r.Weeks, Week{Monday: day.Format(time.DateOnly)})
	}
	for _, e := range r.Entries {
		r.Weeks[index[monday(e.At).Format(time.DateOnly)]].Entries++
	}
	for _, at := range p.labels {
		for _, t := range at {
			if i, ok := index[monday(t).Format(time.DateOnly)]; ok && !t.Before(r.From) {
				r.Weeks[i].Labels++
			}
		}
	}
}

// monday is the first day of t's week, in UTC.
func monday(t time.Time) time.Time {
	t = t.UTC().Truncate(24 * time.Hour)
	return t.AddDate(0, 0, -((int(t.Weekday()) + 6) % 7))
}

// overlap compares r's entries with those of the other playbooks.
func (r *Report) overlap(p *past) {
	mine := map[string][]Entry{}
	for _, e := range r.Entries {
		mine[e.Account] = append(mine[e.Account], e)
	}
	for name, others := range p.entries {
		if name == r.Playbook || isSwept(name) {
			continue
		}
		o := Overlap{Playbook: name}
		accounts := map[string]bool{}
		for _, other := range others {
			for _, e := range mine[other.Account] {
				if days := shared(e, other); days > 0 {
					o.Days += days
					accounts[e.Account] = true
				}
			}
		}
		if o.Accounts = len(accounts); o.Accounts > 0 {
			r.Overlap = append(r.Overlap, o)
		}
	}
	slices.SortFunc(r.Overlap, func(a, b Overlap) int {
		return cmp.Or(b.Days-a.Days, cmp.Compare(a.Playbook, b.Playbook))
	})
}

// shared is the days, begun ones counted, on which both were active.
func shared(a, b Entry) int {
	from, to := a.At, a.ends
	if b.At.After(from) {
		from = b.At
	}
	if b.ends.Before(to) {
		to = b.ends
	}
	if !to.After(from) {
		return 0
	}
	return int((to.Sub(from) + 24*time.Hour - 1) / (24 * time.Hour))
}
