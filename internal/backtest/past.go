package backtest

import (
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
		Rules: q.Project.Rules, Playbooks: books, Place: places(q.Project), From: q.From, Lasts: q.lasts, Messages: len(q.Messages),
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
