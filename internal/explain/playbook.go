package explain

import (
	"cmp"

	"holdfast/internal/intake"
	"holdfast/playbooks"
)

// playbook explains one head for the account.
func (a *asker) playbook(p *playbooks.Playbook, standings []intake.Standing, looked map[[2]string]intake.Effects) (Playbook, error) {
	out := Playbook{Name: p.Name, Title: p.Title, Triggers: []Trigger{}}
	for _, st := range standings {
		if st.Playbook != p {
			continue
		}
		wd := a.weigh(st)
		if out.Entry == nil {
			out.Entry = a.entry(wd)
		}
		if wd.common != nil {
			out.When = wd.common
		}
		out.Triggers = append(out.Triggers, a.trigger(wd, looked[[2]string{p.Name, st.Trigger.ID}]))
	}
	for _, e := range a.runs {
		if e.Playbook != p.Name {
			continue
		}
		x, err := a.enrollment(e)
		if err != nil {
			return out, err
		}
		out.Enrollments = append(out.Enrollments, x)
	}
	a.conclude(&out)
	return out, nil
}

// conclude is the short answer.
func (a *asker) conclude(b *Playbook) {
	b.Verdict = NotEnrolled
	for _, e := range b.Enrollments {
		if e.Status == "active" {
			b.Verdict, b.Short = Enrolled, "enrolled since "+a.day(e.StartedAt)+": "+doing(e)
			return
		}
	}
	for _, verdict := range []string{WouldEnrol, Pending} {
		for _, t := range b.Triggers {
			if t.Verdict == verdict {
				b.Verdict, b.Short = verdict, map[string]string{WouldEnrol: "would be enrolled", Pending: "not yet"}[verdict]+" by "+t.ID+": "+t.Why
				return
			}
		}
	}
	ended := ""
	for _, e := range b.Enrollments { // by start: the last one counts
		b.Verdict, ended = Ended, "ended on "+a.day(e.EndedAt)+" as "+e.Outcome
		if e.Arm == intake.HeldOut {
			ended = "held out since " + a.day(e.StartedAt) + ", so that the playbook's lift can be measured: nothing is sent"
		}
	}
	why := a.whyNot(b)
	switch {
	case ended == "":
		b.Short = "not enrolled: " + why
	case why == "":
		b.Short = ended
	default:
		b.Short = ended + "; not enrolled again: " + why
	}
}

func doing(e Enrollment) string {
	switch {
	case e.Step == "":
		return cmp.Or(e.Doing, "about to begin")
	case e.Doing == "":
		return "at step " + e.Step
	}
	return "step " + e.Step + " " + e.Doing
}

// whyNot is the playbook's own condition when that is what is missing, else what
// each trigger says.
func (a *asker) whyNot(b *Playbook) string {
	if !a.acct.Known {
		return "the account is provisional: only events have named it so far"
	}
	if b.When != nil && b.When.State != "true" {
		return b.When.Why()
	}
	var whys []string
	for _, t := range b.Triggers {
		if t.Verdict == Ended || t.Verdict == Enrolled {
			continue
		}
		why := t.Why
		if len(b.Triggers) > 1 {
			why = t.ID + ": " + why
		}
		whys = append(whys, why)
	}
	return first(whys, 3)
}
