package intake

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"holdfast/guards"
	"holdfast/internal/store"
	"holdfast/triggers"
)

// A day brings no surge with fewer entries than fewest, whatever is usual: a
// playbook for a dozen accounts may have all of them in a bad week.
const (
	fewest    = 20
	manyTimes = 5  // what is usual
	share     = 50 // one in so many accounts
	usualDays = 28
)

// surgeLimit is how many entries of a day are no surge: five times the usual but
// not beyond 2 % of the accounts, unless twice the usual is more; 2 % where nothing
// is usual yet. usual is 0 then.
func surgeLimit(r guards.Surge, usual, accounts int) int {
	if r.Max > 0 {
		return r.Max
	}
	part := accounts / share
	if usual > 0 {
		part = min(manyTimes*usual, max(part, 2*usual))
	}
	return max(fewest, part)
}

// usual is the median of the days that had any entries, 0 without such days.
func usual(days []int) int {
	days = slices.DeleteFunc(slices.Clone(days), func(n int) bool { return n <= 0 })
	if len(days) == 0 {
		return 0
	}
	slices.Sort(days)
	return days[len(days)/2]
}

// flow is what a trigger has brought in today, and whether it is paused.
type flow struct {
	pause
	today int
	added int // of today, not yet counted in the store
	known int // accounts, -1: not counted yet
	often int // what is usual, -1 likewise
}

// pause is what is remembered of a surge: JSON in Meta.
type pause struct {
	On      bool      `json:"on"`
	Since   time.Time `json:"since,omitzero"`
	Entered int       `json:"entered,omitempty"`
	Usual   int       `json:"usual,omitempty"`
	Limit   int       `json:"limit,omitempty"`
	// Day and Let: after an answer, so many entries of that day were looked at.
	Day string `json:"day,omitempty"`
	Let int    `json:"let,omitempty"`
}

func (p pause) words(playbook string) string {
	if p.Usual == 0 {
		return fmt.Sprintf("%s enrolled %d today, and %d is the most for a trigger without a usual day", playbook, p.Entered, p.Limit)
	}
	return fmt.Sprintf("%s enrolled %d today, usually %d: %d is the most", playbook, p.Entered, p.Usual, p.Limit)
}

// SurgeKey is the Meta that remembers whether a trigger is paused.
func SurgeKey(playbook, trigger string) string { return "surge/" + playbook + "/" + trigger }

// entriesName is under which name a trigger's entries are counted.
func entriesName(playbook, trigger string) string { return "entries/" + playbook + "/" + trigger }

// flowOf reads how a trigger flows, once in a transaction.
func (b *batch) flowOf(r ref) (*flow, error) {
	name := entriesName(r.book.Name, r.trig.ID)
	if f := b.flows[name]; f != nil {
		return f, nil
	}
	f := &flow{known: -1, often: -1}
	state, err := b.tx.MetaGet(SurgeKey(r.book.Name, r.trig.ID))
	if err == nil && state != "" {
		err = json.Unmarshal([]byte(state), &f.pause)
	}
	if err != nil {
		return nil, fmt.Errorf("read whether trigger %s is paused: %w", r.trig.ID, err)
	}
	today, err := store.Tallied(b.tx, name, b.now, b.now)
	if err != nil {
		return nil, fmt.Errorf("read entries of today: %w", err)
	}
	for _, d := range today {
		f.today = int(d.Count)
	}
	if b.flows == nil {
		b.flows = map[string]*flow{}
	}
	b.flows[name] = f
	return f, nil
}

// bursts reports whether entries by w are held to what is usual. A date comes on a
// day that everybody could foresee, a playbook that runs another has been through
// it, and what a person asked for is not asked about again.
func (b *batch) bursts(w why) bool {
	return (w.trig.Kind == triggers.Event || w.trig.Kind == triggers.Condition) &&
		!w.book.Rails.Surge.Off && !w.assumed && !w.admitted && !b.asked && !b.in.Options.Treated
}

// surges reports whether the entry must wait, because its trigger brings in more
// than it ever does; the first such one pauses the trigger and has a person asked.
func (b *batch) surges(s *sheet, w why, id string) (bool, error) {
	if !b.bursts(w) {
		return false, nil
	}
	f, err := b.flowOf(w.ref)
	if err != nil {
		return false, err
	}
	if !f.On {
		over, err := b.over(f, w.ref)
		if err != nil || !over {
			return false, err
		}
		if err := b.pauseTrigger(s, f, w.ref); err != nil {
			return false, err
		}
	}
	return true, b.wait(s, w, id)
}

// over reports whether one more entry is more than a day may bring.
func (b *batch) over(f *flow, r ref) (bool, error) {
	entered := f.today
	if f.Day == b.now.Format(time.DateOnly) {
		entered -= f.Let
	}
	if r.book.Rails.Surge.Max == 0 && entered < fewest {
		return false, nil
	}
	if f.often < 0 {
		days, err := store.Tallied(b.tx, entriesName(r.book.Name, r.trig.ID), b.now.AddDate(0, 0, -usualDays), b.now.AddDate(0, 0, -1))
		if err != nil {
			return false, fmt.Errorf("read entries of the last days: %w", err)
		}
		var counts []int
		for _, d := range days {
			counts = append(counts, int(d.Count))
		}
		f.often = usual(counts)
		if f.known, err = b.countAccounts(); err != nil {
			return false, err
		}
	}
	f.Usual, f.Limit = f.often, surgeLimit(r.book.Rails.Surge, f.often, f.known)
	return entered >= f.Limit, nil
}

// A count of many accounts, which reads them all, is good for a while.
const (
	manyAccounts = 10_000
	countedFor   = time.Hour
)

// countAccounts is how many are known, or were within the hour when they are many.
func (b *batch) countAccounts() (int, error) {
	b.in.mu.Lock()
	n, age := b.in.counted.n, b.now.Sub(b.in.counted.at)
	b.in.mu.Unlock()
	if n >= manyAccounts && age >= 0 && age < countedFor {
		return n, nil
	}
	n, _, err := b.tx.CountAccounts()
	if err != nil {
		return 0, fmt.Errorf("count accounts: %w", err)
	}
	b.in.mu.Lock()
	defer b.in.mu.Unlock()
	b.in.counted.n, b.in.counted.at = n, b.now
	return n, nil
}

func (b *batch) pauseTrigger(s *sheet, f *flow, r ref) error {
	f.On, f.Since, f.Entered = true, b.now, f.today+1
	if err := b.putPause(r.book.Name, r.trig.ID, f.pause); err != nil {
		return err
	}
	b.in.Log.Warn("trigger is paused by a surge", "playbook", r.book.Name, "trigger", r.trig.ID, "entered", f.Entered, "usual", f.Usual)
	name := r.book.Name + " " + r.trig.ID
	return PutAlarm(b.tx, Alarm{
		Key: SurgeKey(r.book.Name, r.trig.ID), Playbook: r.book.Name, Account: s.acct.ID, At: b.now,
		Title: f.words(r.book.Name) + "; trigger " + r.trig.ID + " is paused",
		Brief: "Others that it would start wait. Look whether the data is right, then let them in, spread over a day: holdfast triggers resume " + name +
			"; or forget them: holdfast triggers drop " + name + ".",
	})
}

func (b *batch) putPause(playbook, trigger string, p pause) error {
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return b.tx.MetaSet(SurgeKey(playbook, trigger), string(data))
}

// entered counts an enrollment by w; keepFlows writes it down.
func (b *batch) entered(w why) error {
	if !b.bursts(w) {
		return nil
	}
	f, err := b.flowOf(w.ref)
	if err != nil {
		return err
	}
	f.today++
	f.added++
	return nil
}

// keepFlows counts what has entered, once for each trigger.
func (b *batch) keepFlows() error {
	for _, name := range slices.Sorted(maps.Keys(b.flows)) {
		f := b.flows[name]
		if f.added == 0 {
			continue
		}
		if err := store.Tally(b.tx, name, b.now, int64(f.added)); err != nil {
			return fmt.Errorf("count entries: %w", err)
		}
		f.added = 0
	}
	return nil
}

// Surge is a day on which a trigger would have been paused.
type Surge struct {
	Day                    time.Time // midnight UTC
	Entries, Usual, AtMost int
}

// SurgesOf are those among the moments, by time, at which a trigger would have
// brought accounts in, when somebody lets the others in the day after.
func SurgesOf(r guards.Surge, at []time.Time, accounts int) (found []Surge) {
	if r.Off {
		return nil
	}
	days := map[string]int{}
	for _, t := range at {
		days[t.UTC().Format(time.DateOnly)]++
	}
	counted := map[string]int{}
	for _, day := range slices.Sorted(maps.Keys(days)) {
		midnight, err := time.Parse(time.DateOnly, day)
		if err != nil {
			continue
		}
		var before []int
		for back := 1; back <= usualDays; back++ {
			before = append(before, counted[midnight.AddDate(0, 0, -back).Format(time.DateOnly)])
		}
		often := usual(before)
		most := surgeLimit(r, often, accounts)
		if counted[day] = min(days[day], most); days[day] > most {
			found = append(found, Surge{midnight, days[day], often, most})
		}
	}
	return found
}
