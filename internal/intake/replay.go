package intake

import (
	"cmp"
	"log/slog"
	"slices"
	"time"

	"holdfast"
	"holdfast/internal/calendar"
	"holdfast/internal/clock"
	"holdfast/internal/store"
	"holdfast/playbooks"
	"holdfast/rules"
)

// ReplayOptions say what a Replay looks at.
type ReplayOptions struct {
	Rules     *rules.Set
	Playbooks []*playbooks.Playbook // whose triggers are looked at
	Place     func(account rules.Record) (*time.Location, calendar.Days)
	// From is where looking begins: what happened before builds state and starts
	// nothing, as history does. Zero: with the first message.
	From time.Time
	// Lasts is how long an enrollment of a playbook is taken to run when none of
	// its exits ends it earlier; 0, and nil: until an exit.
	Lasts     func(p *playbooks.Playbook) time.Duration
	Messages  int           // about how many there will be; 0: not known
	ScanEvery time.Duration // how often clock-reading conditions are looked at; default a day
}

// Entry is an enrollment that a Replay would have started.
type Entry struct {
	store.Enrollment
	Words   string    // why it started
	Left    time.Time // when an exit ended it; zero: none did by the end
	Outcome string    // of that exit
}

// Refusal is a trigger that fired and that a rule of entry kept out.
type Refusal struct {
	Playbook, Account, Reason string
	At                        time.Time
}

// Replay holds recorded messages against triggers with the intake's own code, in
// memory and as one transaction that is never committed. No step of a playbook
// runs: an enrollment ends by its exits, its goal, or Lasts. Clock-reading
// conditions are looked at when their answer can have changed, and not
// otherwise. Not safe for concurrent use.
type Replay struct {
	opt      ReplayOptions
	b        *batch
	tx       *recall
	scans    scans
	began    bool
	until    time.Time // of what is being looked at
	goals    bool
	rankedOn string // the day of its populations
	Result   Result // Problems are left out
	Trouble  []error
}

// NewReplay begins a replay. Take gives it messages, End says when it is over.
func NewReplay(opt ReplayOptions) *Replay {
	opt.ScanEvery = cmp.Or(opt.ScanEvery, 24*time.Hour)
	versions := map[string]*playbooks.Playbook{}
	for _, p := range opt.Playbooks {
		versions[p.Digest] = p
	}
	in := &Intake{
		Clock: clock.System{}, Log: slog.New(slog.DiscardHandler),
		Rules:     func() *rules.Set { return opt.Rules },
		Playbooks: func() []*playbooks.Playbook { return opt.Playbooks },
		ByDigest: func(digest string) (*playbooks.Playbook, error) {
			if p := versions[digest]; p != nil {
				return p, nil
			}
			return nil, store.ErrNotFound
		},
		Options: Options{Place: opt.Place, Treated: true},
	}
	r := &Replay{opt: opt, scans: newScans(opt.ScanEvery)}
	r.tx = newRecall(opt.Messages, func(e store.Enrollment) time.Time {
		p := versions[e.Digest]
		if opt.Lasts == nil || opt.Lasts(p) == 0 {
			return time.Time{}
		}
		return e.StartedAt.Add(opt.Lasts(p))
	})
	r.b = in.batchAt(r.tx, History, opt.From)
	r.tx.now, r.b.until = &r.b.now, &r.until
	r.b.everyone = func() []*sheet { return slices.Clone(r.b.order) }
	r.b.derives, r.b.populated = watched(opt.Playbooks), r.population
	for _, p := range opt.Playbooks {
		r.goals = r.goals || goalByClock(p)
	}
	return r
}

// watched reports which account fields books read, or where an account lives.
func watched(books []*playbooks.Playbook) func(field string) bool {
	var reads []rules.Reads
	for _, p := range books {
		for _, t := range p.Triggers {
			reads = append(reads, readsOf(t.When, t.Rearm, t.At, p.When)...)
		}
		for _, x := range p.Exits {
			reads = append(reads, readsOf(x.When)...)
		}
		if p.Goal != nil {
			reads = append(reads, readsOf(p.Goal.When)...)
		}
	}
	fields := map[string]bool{"country": true, "timezone": true}
	for _, r := range reads {
		for _, name := range r.Account {
			fields[name] = true
		}
	}
	return func(field string) bool { return fields[field] }
}

// Take takes the next message: reason says why it was refused, as an import
// does, or is "". Messages come in the order in which they happened. An error
// is a mistake of ours.
func (r *Replay) Take(m holdfast.Message) (reason string, err error) {
	if !r.began && !m.At.Before(r.opt.From) {
		if err := r.begin(m.At); err != nil {
			return "", err
		}
	}
	if r.began && m.At.After(r.b.now) {
		if err := r.pass(m.At); err != nil {
			return "", err
		}
	}
	if reason = forged(m); reason != "" {
		return reason, nil
	}
	r.until = never
	r.b.res = Result{}
	if err := r.b.take(0, m); err != nil {
		return "", err
	}
	if len(r.b.res.Problems) > 0 {
		reason = r.b.res.Problems[0].Reason
		r.b.res.Problems = nil
	}
	r.Result.Add(r.b.res)
	account, err := r.b.who(m.Account)
	if err != nil {
		return "", err
	}
	s := r.b.sheets[account]
	if s == nil && m.Contact != "" && reason == "" {
		id, err := r.b.whoIs(m.Contact)
		if err != nil {
			return "", err
		}
		p, err := r.b.person(id)
		if none(err) != nil {
			return "", err
		}
		if err == nil {
			s = r.b.sheets[p.Account]
		}
	}
	for _, f := range append(r.b.former, former{sheet: s}) {
		if f.sheet == nil {
			continue
		}
		if err := r.done(f.sheet); err != nil {
			return "", err
		}
	}
	r.b.former = nil
	return reason, nil
}

// begin marks what is true already, as an import's end does.
func (r *Replay) begin(first time.Time) error {
	r.began = true
	if r.opt.From.IsZero() {
		r.b.now = first.UTC()
	}
	for _, s := range r.b.order {
		if err := r.b.write(s); err != nil {
			return err
		}
	}
	r.b.mode = Live
	for _, s := range r.b.order {
		if !s.acct.Known {
			continue
		}
		err := r.look(s, func() error {
			c := &cause{ch: changes{identified: true}}
			if err := r.b.derive(s, &c.ch); err != nil {
				return err
			}
			return r.b.triggers(s, c)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// End lets time pass up to a moment, without messages.
func (r *Replay) End(at time.Time) error {
	if !r.began {
		if err := r.begin(at); err != nil {
			return err
		}
	}
	return r.pass(at)
}

// pass lets everything happen that is due up to a moment, and stops there.
func (r *Replay) pass(to time.Time) error {
	for {
		at, ok := r.tx.dues.next()
		if scan, some := r.scans.next(); some && (!ok || scan.Before(at)) {
			at, ok = scan, true
		}
		if !ok || at.After(to) {
			break
		}
		r.b.now = at
		if err := r.fire(at); err != nil {
			return err
		}
	}
	r.b.now = to.UTC().Truncate(time.Microsecond)
	return nil
}

// fire acts on what is due now: the agenda first, then announcements with whom they
// let in now, then the scan.
func (r *Replay) fire(at time.Time) error {
	for {
		var announced []string
		for due, ok := r.tx.dues.pop(at); ok; due, ok = r.tx.dues.pop(at) {
			if due.Kind == FanOutKind {
				announced = append(announced, due.Key)
			} else if err := r.fireDue(due); err != nil {
				return err
			}
		}
		if len(announced) == 0 {
			break
		}
		r.until = never
		for _, key := range announced {
			if err := r.b.reachAll(key); err != nil {
				return err
			}
		}
	}
	for _, s := range r.scans.pop(at) {
		if r.b.sheets[s.acct.ID] != s {
			continue // it has become another
		}
		err := r.look(s, func() error {
			c := &cause{scan: true, start: true}
			if r.goals || len(s.runs) > 0 {
				if err := r.b.running(s, c); err != nil {
					return err
				}
			}
			return r.b.triggers(s, c)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *Replay) fireDue(due store.Due) error {
	id, err := r.b.who(due.Account)
	if err != nil {
		return err
	}
	s, err := r.b.sheet(id)
	if err != nil {
		return err
	}
	return r.look(s, func() error { return r.b.fire(due) })
}

// look does something that reads an account's facts.
func (r *Replay) look(s *sheet, do func() error) error {
	r.until = never
	if err := do(); err != nil {
		return err
	}
	return r.done(s)
}

// done writes what changed, and notes when the account must be looked at again
// though nothing happens to it.
func (r *Replay) done(s *sheet) error {
	for _, e := range r.b.errs {
		r.Trouble = append(r.Trouble, e.err)
	}
	r.b.errs = nil
	if r.b.broken != nil {
		return r.b.broken
	}
	if s.acct.Known && r.until.Before(never) {
		r.scans.put(s, r.b.now, r.until)
	}
	if !r.began {
		return r.b.count(s) // derived fields are looked at where looking begins
	}
	return r.b.write(s)
}

// Entries are the enrollments started so far, in the order in which they were.
func (r *Replay) Entries() []Entry { return r.tx.entries() }

// Refusals are the triggers that fired and were kept out, in order.
func (r *Replay) Refusals() []Refusal { return r.tx.refused }
