package backtest

import (
	"context"
	"slices"
	"strings"
	"time"

	"holdfast/internal/intake"
	"holdfast/internal/sim"
	"holdfast/playbooks"
)

// play runs every enrollment through its steps, and takes the entries from there.
func (q Question) play(ctx context.Context, books []*playbooks.Playbook, p *past) error {
	played, err := q.simulate(ctx, books)
	if err != nil {
		return err
	}
	p.played = &played
	p.entries, p.refused = map[string][]Entry{}, nil
	why := map[string]string{}
	for _, l := range played.Lines {
		switch {
		case l.Kind == "enroll":
			why[l.Enrollment] = l.Reason
		case l.Kind == "skip" && l.Enrollment == "":
			reason, _, _ := cut(l.Reason)
			p.refused = append(p.refused, intake.Refusal{Playbook: l.Playbook, Account: l.Account, Reason: reason, At: l.At})
		}
	}
	for _, e := range played.Enrollments {
		_, words, _ := strings.Cut(why[e.ID], ": ")
		one := Entry{Account: e.Account, At: e.StartedAt, Trigger: e.Trigger, Why: words, Left: e.EndedAt, Outcome: e.Outcome, ends: e.EndedAt}
		if one.ends.IsZero() {
			one.ends = q.To
		}
		p.entries[e.Playbook] = append(p.entries[e.Playbook], one)
	}
	for _, all := range p.entries {
		slices.SortStableFunc(all, func(a, b Entry) int { return a.At.Compare(b.At) })
	}
	return nil
}

func (q Question) simulate(ctx context.Context, books []*playbooks.Playbook) (sim.Played, error) {
	n := len(q.Messages)
	for n > 0 && q.Messages[n-1].At.After(q.To) {
		n--
	}
	return sim.Play(ctx, sim.Recording{
		Project: q.Project, Playbooks: books, Messages: q.Messages[:n], From: q.From, Until: q.To, Tasks: q.Tasks,
		Moved: func(now time.Time) {
			if q.Progress != nil {
				q.Progress(int(now.Sub(q.From)/day), int(q.To.Sub(q.From)/day))
			}
		},
	})
}
