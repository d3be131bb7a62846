package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"holdfast"
	"holdfast/internal/app"
	"holdfast/internal/intake"
	"holdfast/internal/store"
)

// demoSummary is the last line of a demo. Touches counts what left for a person on
// any channel; Errors counts lines of kind error and rejected messages.
type demoSummary struct {
	Kind        string                `json:"kind"` // summary
	From        time.Time             `json:"from"`
	To          time.Time             `json:"to"`
	Seconds     float64               `json:"seconds"` // of real time
	Accounts    int                   `json:"accounts"`
	Provisional int                   `json:"provisional"`
	Messages    int                   `json:"messages"`
	Repeated    int                   `json:"repeated"`
	Rejected    int                   `json:"rejected"`
	Enrollments int                   `json:"enrollments"`
	Active      int                   `json:"active"`
	Touches     int                   `json:"touches"`
	Emails      int                   `json:"emails"`
	Slack       int                   `json:"slack"`
	Tasks       int                   `json:"tasks"`
	Shifts      int                   `json:"shifts"`
	Skips       int                   `json:"skips"`
	Exits       int                   `json:"exits"`
	Goals       int                   `json:"goals"`
	Unknown     int                   `json:"unknown"` // touches whose fate is not known
	Errors      int                   `json:"errors"`
	Playbooks   map[string]*playedSum `json:"playbooks"`
}

// playedSum is one playbook's part of it.
type playedSum struct {
	Enrollments int            `json:"enrollments"`
	Active      int            `json:"active"`
	Emails      int            `json:"emails"`
	Slack       int            `json:"slack"`
	Tasks       int            `json:"tasks"`
	Goals       int            `json:"goals"`
	Outcomes    map[string]int `json:"outcomes"`
}

// summarise counts what the store holds.
func summarise(ctx context.Context, a *app.App, total intake.Result) (demoSummary, error) {
	s := demoSummary{Kind: "summary", Messages: total.Messages, Repeated: total.Repeated, Rejected: total.Rejected, Playbooks: map[string]*playedSum{}}
	err := a.Store.View(ctx, func(tx store.Tx) error {
		var err error
		if s.Accounts, s.Provisional, err = tx.CountAccounts(); err != nil {
			return err
		}
		lines, err := tx.CountLines()
		if err != nil {
			return err
		}
		for name, n := range lines {
			s.count(name, n)
		}
		touches, err := tx.CountTouchesByState()
		if err != nil {
			return err
		}
		for channel, states := range touches {
			s.touches(channel, states)
		}
		return s.outcomes(tx)
	})
	s.Errors += s.Rejected
	return s, err
}

func (s *demoSummary) of(playbook string) *playedSum {
	p := s.Playbooks[playbook]
	if p == nil {
		p = &playedSum{Outcomes: map[string]int{}}
		s.Playbooks[playbook] = p
	}
	return p
}

func (s *demoSummary) count(playbook string, n map[string]int) {
	if playbook != "" {
		p := s.of(playbook)
		p.Emails, p.Slack, p.Tasks, p.Goals = n["email"], n["slack"], n["task"], n["goal"]
	}
	s.Tasks += n["task"]
	s.Shifts += n["shift"]
	s.Skips += n["skip"]
	s.Exits += n["exit"]
	s.Goals += n["goal"]
	s.Errors += n["error"]
}

func (s *demoSummary) touches(channel string, states map[holdfast.TouchState]int) {
	sent := states[holdfast.Sent] + states[holdfast.Reconciled]
	s.Touches += sent
	s.Unknown += states[holdfast.Unknown] + states[holdfast.Unconfirmed]
	switch channel {
	case "email":
		s.Emails = sent
	case "slack":
		s.Slack = sent
	}
}

func (s *demoSummary) outcomes(tx store.Tx) error {
	for after := ""; ; {
		page, err := tx.ListEnrollments(store.EnrollmentFilter{After: after})
		if err != nil || len(page) == 0 {
			return err
		}
		for _, e := range page {
			p := s.of(e.Playbook)
			p.Enrollments++
			s.Enrollments++
			if e.Status == "active" {
				p.Active++
				s.Active++
			} else {
				p.Outcomes[e.Outcome]++
			}
		}
		after = page[len(page)-1].ID
	}
}

// print writes it for people, or as the last JSON line.
func (s *demoSummary) print(p *printer, out io.Writer) error {
	if p.json {
		return p.JSON(s)
	}
	fmt.Fprintf(out, "\n%s to %s in %.0f s: %d accounts, %d messages (%d repeated, %d rejected)\n",
		s.From.Format("2 January 2006"), s.To.Format("2 January 2006"), s.Seconds, s.Accounts, s.Messages, s.Repeated, s.Rejected)
	fmt.Fprintf(out, "%d enrollments, %d touches (%d e-mails, %d Slack), %d tasks, %d shifted, %d skipped, %d exits, %d goals, %d unknown, %d errors\n\n",
		s.Enrollments, s.Touches, s.Emails, s.Slack, s.Tasks, s.Shifts, s.Skips, s.Exits, s.Goals, s.Unknown, s.Errors)
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "playbook\tenrollments\te-mails\tslack\ttasks\tgoals\toutcomes")
	for _, name := range slices.Sorted(maps.Keys(s.Playbooks)) {
		b := s.Playbooks[name]
		var said []string
		for _, o := range slices.Sorted(maps.Keys(b.Outcomes)) {
			said = append(said, fmt.Sprintf("%s %d", o, b.Outcomes[o]))
		}
		if b.Active > 0 {
			said = append(said, fmt.Sprintf("still running %d", b.Active))
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%s\n", name, b.Enrollments, b.Emails, b.Slack, b.Tasks, b.Goals, strings.Join(said, ", "))
	}
	return w.Flush()
}
