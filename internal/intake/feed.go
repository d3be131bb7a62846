package intake

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/playbooks"
	"holdfast/rules"
)

// feed is what is remembered of the messages of one event, or of one source: JSON
// in Meta, written once an hour.
type feed struct {
	Hours heard `json:"hours"`
	// Source of the last message, of an event: when all of a source is silent, so
	// is what seldom comes from it.
	Source string `json:"source,omitempty"`
	// Told is when somebody was told that it is silent; zero while it is not.
	Told time.Time `json:"told,omitzero"`
}

// eventFeed and sourceFeed are the Meta of a feed.
func eventFeed(name string) string  { return "feed/event/" + name }
func sourceFeed(name string) string { return "feed/source/" + name }

// readFeed is the record of a feed, an empty one when nothing of it has come.
func readFeed(tx store.Meta, key string) (f feed, err error) {
	v, err := tx.MetaGet(key)
	if err == nil && v != "" {
		err = json.Unmarshal([]byte(v), &f)
	}
	if err != nil {
		return f, fmt.Errorf("read %s: %w", key, err)
	}
	if f.Hours == nil {
		f.Hours = heard{}
	}
	return f, nil
}

func putFeed(tx store.Meta, key string, f feed) error {
	data, err := json.Marshal(f)
	if err != nil {
		return err
	}
	return tx.MetaSet(key, string(data))
}

// hears notes that m has come, from whom and as what. Our own events are no feed, nor
// are those that no condition can ask about: their names are whatever a sender likes.
func (b *batch) hears(m holdfast.Message) {
	if m.Source == "system" {
		return
	}
	if b.came == nil {
		b.came = map[string]string{}
	}
	b.came[sourceFeed(m.Source)] = ""
	if m.Kind == holdfast.Track && b.schema.feeds[m.Event] {
		b.came[eventFeed(m.Event)] = m.Source
	}
}

// keepFeeds writes the hour in which something of a feed came, unless this process
// has written it. A feed that was silent speaks again: what waits for it goes on
// when it has done so for a while.
func (b *batch) keepFeeds() error {
	if b.in.Options.Treated || b.reads {
		return nil
	}
	hour := hourOf(b.now)
	for _, key := range slices.Sorted(maps.Keys(b.came)) {
		if b.in.heardIn(key, hour) {
			continue
		}
		f, err := readFeed(b.tx, key)
		if err != nil {
			return err
		}
		f.Hours.note(b.now)
		f.Source = b.came[key]
		if !f.Told.IsZero() {
			f.Told = time.Time{}
			if err := b.speaksAgain(key); err != nil {
				return err
			}
		}
		if err := putFeed(b.tx, key, f); err != nil {
			return err
		}
		b.kept = append(b.kept, key)
	}
	return nil
}

// heardIn reports whether this process has written that a feed spoke in an hour.
func (in *Intake) heardIn(key string, hour int) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.heard[key] == hour
}

// remember does so after the commit.
func (in *Intake) remember(b *batch) {
	if len(b.kept) == 0 {
		return
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.heard == nil {
		in.heard = map[string]int{}
	}
	maps.DeleteFunc(in.heard, func(_ string, hour int) bool { return hour != hourOf(b.now) })
	for _, key := range b.kept {
		in.heard[key] = hourOf(b.now)
	}
}

// allFeeds are the events that feedsOf can name, whatever the condition. They are
// heard before one asks, so that a new playbook finds their past.
func allFeeds(set *rules.Set) map[string]bool {
	reads := rules.Reads{Clock: true}
	for _, m := range set.Metrics() {
		reads.Metrics = append(reads.Metrics, m.Name)
	}
	for _, f := range set.AccountFields() {
		reads.Account = append(reads.Account, f.Name)
	}
	feeds := map[string]bool{}
	for _, event := range set.Feeds(reads) {
		feeds[event] = true
	}
	return feeds
}

// feedsOf are the events without which nobody can tell whether r's condition holds.
func feedsOf(set *rules.Set, r ref) (events []string) {
	for _, reads := range readsOf(r.trig.When, r.book.When) {
		events = append(events, set.Feeds(reads)...)
	}
	slices.Sort(events)
	return slices.Compact(events)
}

// SilenceFacts are the keys of Meta that say whether triggers of books are
// suspended by the silence of a feed.
func SilenceFacts(tx store.Meta, set *rules.Set, books []*playbooks.Playbook) (keys []string, err error) {
	for _, p := range books {
		for i := range p.Triggers {
			r := ref{p, &p.Triggers[i]}
			keys = append(keys, silenceKey(p.Name, r.trig.ID))
			for _, event := range feedsOf(set, r) {
				f, err := readFeed(tx, eventFeed(event))
				if err != nil {
					return nil, err
				}
				keys = append(keys, eventFeed(event), sourceFeed(f.Source))
			}
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys), nil
}
