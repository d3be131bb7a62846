package activities

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"holdfast/guards"
	"holdfast/internal/calendar"
	"holdfast/internal/project"
	"holdfast/internal/store"
)

// What the pace remembers, as named facts of the store: of each queue its three
// moments, of each channel how many went each day, of each enrollment the places
// that its touches wait for. See ADR 0006.
const (
	paceQueue  = "pace/queue/" // + channel, scope, length of time
	paceDays   = "pace/days/"  // + channel
	pacePlaces = "pace/places/"
)

// queueRow is a guards.Queue as it is kept.
type queueRow struct {
	Next time.Time `json:"next,omitzero"`
	Tail time.Time `json:"tail,omitzero"`
	Late time.Time `json:"late,omitzero"`
}

// placeRow is what a touch that waits has been promised.
type placeRow struct {
	Past []string `json:"past,omitempty"` // queues in which it has waited
	Day  string   `json:"day,omitempty"`  // in which it has a place
}

// pace is how fast t's channel may go, as this transaction finds it.
func (w *walk) pace(t touch) (*guards.Pace, error) {
	way := wayOf(t.channel, t.to.id)
	queues := []guards.Queue{{Key: paceQueue + way, Limit: "the provider asked to be left alone for a while"}}
	if t.channel == "email" {
		queues = append(queues, limitsFor(w.project.Pace, domainOf(w.mailTo(t.to)))...)
	}
	places, err := w.places()
	if err != nil {
		return nil, err
	}
	mine := places[t.cmd.Path]
	p := &guards.Pace{}
	for _, q := range queues {
		var row queueRow
		there, err := w.fact(q.Key, &row)
		if err != nil {
			return nil, err
		}
		if there || q.Every > 0 {
			q.Next, q.Tail, q.Late = row.Next, row.Tail, row.Late
			q.Past = w.v.Class == "transactional" || slices.Contains(mine.Past, q.Key) // a receipt goes before those who wait
			p.Queues = append(p.Queues, q)
		}
	}
	if t.channel != "email" || w.project.Pace.Day(w.now) == 0 {
		return p, nil
	}
	p.Days = &guards.Days{Zone: w.project.zone(), Limit: w.project.Pace.Day, Taken: map[string]int{}, Booked: mine.Day}
	_, err = w.fact(paceDays+way, &p.Days.Taken)
	return p, err
}

// limitsFor are the queues of mails to a domain.
func limitsFor(p project.Pace, domain string) []guards.Queue {
	var all []guards.Queue
	named := slices.ContainsFunc(p.Limits, func(l project.Limit) bool { return l.Names(domain) })
	for _, l := range p.Limits {
		scope := "all"
		switch {
		case len(l.Domains) > 0 && !l.Names(domain), l.PerDomain && named:
			continue
		case len(l.Domains) > 0:
			scope = l.Domains[0]
		case l.PerDomain:
			scope = domain
		}
		all = append(all, guards.Queue{Key: paceQueue + "email/" + scope + "/" + l.In.Dur.String(), Limit: l.String(), Every: l.Every()})
	}
	return all
}

// mailTo is the address that mails to r go to.
func (w *walk) mailTo(r recipient) string {
	if w.project.RedirectAllTo != "" {
		return w.project.RedirectAllTo
	}
	return r.address.Email
}

// domainOf an address, so that one domain is one queue however it is written.
func domainOf(address string) string {
	return strings.TrimSuffix(strings.ToLower(strings.TrimSpace(address[strings.LastIndex(address, "@")+1:])), ".")
}

// wayOf is what a provider's wish to be left alone is for: a channel, or one
// endpoint of webhooks.
func wayOf(channel, recipient string) string {
	if channel == "webhook" {
		return channel + "/" + recipient
	}
	return channel
}

// takePlace counts a message that is claimed now.
func (w *walk) takePlace(t touch) error {
	if t.pace == nil {
		return nil
	}
	t.pace.Take(w.now)
	if err := w.keepPlace(t.cmd.Path, placeRow{}); err != nil {
		return err
	}
	return w.keepPace(t)
}

// bookPlace keeps the place that d promises.
func (w *walk) bookPlace(t touch, d guards.Decision) error {
	if t.pace == nil || !t.pace.Book(d) {
		return nil
	}
	var mine placeRow
	for _, q := range t.pace.Queues {
		if q.Past {
			mine.Past = append(mine.Past, q.Key)
		}
	}
	if t.pace.Days != nil {
		mine.Day = t.pace.Days.Booked
	}
	if err := w.keepPlace(t.cmd.Path, mine); err != nil {
		return err
	}
	return w.keepPace(t)
}

// keepPace writes the queues and days of t. What lies behind is forgotten.
func (w *walk) keepPace(t touch) error {
	for _, q := range t.pace.Queues {
		row := queueRow{q.Next, q.Tail, q.Late}
		if !q.Next.Add(-guards.Burst).After(w.now) && !q.Tail.After(w.now) && !q.Late.After(w.now) && q.Every == 0 {
			row = queueRow{}
		}
		if err := w.setFact(q.Key, row, row == queueRow{}); err != nil {
			return err
		}
	}
	if t.pace.Days == nil {
		return nil
	}
	return w.keepDays(wayOf(t.channel, t.to.id), t.pace.Days.Taken)
}

func (w *walk) keepDays(way string, taken map[string]int) error {
	today := w.now.In(w.project.zone()).Format(time.DateOnly)
	maps.DeleteFunc(taken, func(day string, n int) bool { return day < today || n == 0 })
	return w.setFact(paceDays+way, taken, len(taken) == 0)
}

// leavePlace gives up what the touch at path was promised; every one of the
// enrollment when path is "".
func (w *walk) leavePlace(path string) error {
	places, err := w.places()
	if err != nil || len(places) == 0 {
		return err
	}
	taken, changed := map[string]int{}, false
	if _, err := w.fact(paceDays+"email", &taken); err != nil {
		return err
	}
	for at, mine := range places {
		if path != "" && at != path {
			continue
		}
		d := guards.Days{Taken: taken, Booked: mine.Day}
		changed = changed || mine.Day != ""
		d.Drop()
		delete(places, at)
	}
	if changed {
		if err := w.keepDays("email", taken); err != nil {
			return err
		}
	}
	return w.setFact(pacePlaces+w.e.ID, places, len(places) == 0)
}

// leaveAlone keeps everybody's messages from a provider that asked for it, and
// not only the one that was refused. That keeps its place in the day.
func (w *walk) leaveAlone(row store.Touch, wish time.Duration) error {
	if row.Channel == "email" && w.project.Pace.Day(w.now) > 0 {
		day := row.SendingAt.In(w.project.zone()).Format(time.DateOnly)
		if err := w.keepPlace(row.Path, placeRow{Day: day}); err != nil {
			return err
		}
	}
	if wish <= 0 {
		return nil
	}
	q := guards.Queue{Key: paceQueue + wayOf(row.Channel, row.Recipient)}
	var kept queueRow
	if _, err := w.fact(q.Key, &kept); err != nil {
		return err
	}
	q.Next, q.Tail, q.Late = kept.Next, kept.Tail, kept.Late
	q.LeaveAlone(w.now.Add(wish))
	return w.setFact(q.Key, queueRow{q.Next, q.Tail, q.Late}, false)
}

// places of the enrollment's touches, by path.
func (w *walk) places() (map[string]placeRow, error) {
	places := map[string]placeRow{}
	_, err := w.fact(pacePlaces+w.e.ID, &places)
	return places, err
}

// keepPlace writes the places of one touch; the zero row is none.
func (w *walk) keepPlace(path string, mine placeRow) error {
	places, err := w.places()
	if err != nil {
		return err
	}
	none := len(mine.Past) == 0 && mine.Day == ""
	if _, there := places[path]; none && !there {
		return nil
	}
	if places[path] = mine; none {
		delete(places, path)
	}
	return w.setFact(pacePlaces+w.e.ID, places, len(places) == 0)
}

// fact reads a named fact into v; there is false when it was never set.
func (w *walk) fact(key string, v any) (there bool, err error) {
	text, err := w.tx.MetaGet(key)
	if err != nil || text == "" {
		return false, err
	}
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return false, fmt.Errorf("read %s: %w", key, err)
	}
	return true, nil
}

func (w *walk) setFact(key string, v any, forget bool) error {
	if forget {
		return w.tx.MetaSet(key, "")
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode %s: %w", key, err)
	}
	return w.tx.MetaSet(key, string(text))
}

// zone of the project, in which days begin.
func (p Project) zone() *time.Location {
	if zone, err := calendar.Zone(p.Timezone); err == nil && p.Timezone != "" {
		return zone
	}
	return time.UTC
}

// PaceFacts are the names of the facts that decide how fast mails to addresses go
// for some enrollments, for a copy of them.
func PaceFacts(p Project, enrollments, addresses []string) []string {
	keys := []string{paceQueue + "email", paceQueue + "slack", paceDays + "email"}
	for _, id := range enrollments {
		keys = append(keys, pacePlaces+id)
	}
	for _, address := range addresses {
		for _, q := range limitsFor(p.Pace, domainOf(address)) {
			keys = append(keys, q.Key)
		}
	}
	return keys
}
