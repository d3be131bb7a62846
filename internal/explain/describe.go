package explain

import (
	"fmt"
	"slices"

	"holdfast/internal/intake"
	"holdfast/playbooks"
)

// describe fills in what stands now.
func (a *asker) describe(r *Report, q Question, looked map[[2]string]intake.Effects) error {
	r.Known, r.Zone, r.zone = a.acct.Known, a.zone.String(), a.zone
	r.Name, _ = a.acct.Fields["name"].Value.(string)
	if q.Then {
		r.Notes = append(append(r.Notes, counted(q.Happened)), unrebuilt...)
		if !a.first.IsZero() {
			r.Notes = append(r.Notes, "nothing about the account had been received by then: the first message came in on "+a.moment(a.first))
		}
	}
	if !r.Known {
		r.Notes = append(r.Notes, "the account is provisional: only events have named it, so it starts nothing until a group message or a table row does")
	}
	standings, err := a.intake.Standings(a.tx, a.account, a.at)
	if err != nil {
		return err
	}
	if err := a.silence(r, q); err != nil {
		return err
	}
	for _, p := range a.heads {
		if q.Playbook != "" && p.Name != q.Playbook {
			continue
		}
		b, err := a.playbook(p, standings, looked)
		if err != nil {
			return fmt.Errorf("playbook %s: %w", p.Name, err)
		}
		r.Playbooks = append(r.Playbooks, b)
	}
	return a.retired(r, q)
}

// silence notes what keeps touches of all or of some playbooks back.
func (a *asker) silence(r *Report, q Question) error {
	by, err := a.tx.MetaGet("stopped")
	if err != nil {
		return err
	}
	if by != "" {
		r.Notes = append(r.Notes, "all sending is stopped ("+by+"): nothing goes until holdfast resume-all")
	}
	for _, p := range a.heads {
		by, err := a.tx.MetaGet("stopped/" + p.Name)
		if err != nil {
			return err
		}
		if by != "" && (q.Playbook == "" || q.Playbook == p.Name) {
			r.Notes = append(r.Notes, "the sending of "+p.Name+" is stopped ("+by+")")
		}
	}
	holds, err := a.tx.Holds(a.account, a.at)
	if err != nil {
		return err
	}
	for _, h := range holds {
		until := "until it is released"
		if !h.Until.IsZero() {
			until = "until " + a.moment(h.Until)
		}
		r.Notes = append(r.Notes, "the account is held by "+h.By+" since "+a.moment(h.Since)+", "+until+": "+h.Reason)
	}
	return a.undrawn(r)
}

// undrawn notes that nobody knows yet who is held out.
func (a *asker) undrawn(r *Report) error {
	drawn, err := a.intake.Drawn(a.tx)
	if err != nil || drawn || a.intake.Options.Treated {
		return err
	}
	for _, p := range a.heads {
		if p.Holdout.Share != 0 || p.Rollout != playbooks.Whole {
			r.Notes = append(r.Notes, "who is held out and who is let in first is drawn at the first entry, and is not known yet")
			return nil
		}
	}
	return nil
}

// retired are enrollments in playbooks that are published no more.
func (a *asker) retired(r *Report, q Question) error {
	for _, e := range a.runs {
		if q.Playbook != "" || slices.ContainsFunc(a.heads, func(p *playbooks.Playbook) bool { return p.Name == e.Playbook }) {
			continue
		}
		x, err := a.enrollment(e)
		if err != nil {
			return err
		}
		b := Playbook{Name: e.Playbook, Verdict: Ended, Short: "is published no more", Triggers: []Trigger{}, Enrollments: []Enrollment{x}}
		if e.Status == "active" {
			b.Verdict, b.Short = Enrolled, "is published no more; this enrollment runs on: "+x.Doing
		}
		r.Playbooks = append(r.Playbooks, b)
	}
	return nil
}
