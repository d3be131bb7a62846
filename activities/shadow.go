package activities

import (
	"holdfast"
	"holdfast/guards"
	"holdfast/steps"
)

// shadowed skips what a playbook in mode: shadow would do outside of itself, and
// says so. Messages and tasks go to the guards, which let them wait as they would
// and drop them at their moment.
func (w *walk) shadowed(cmd steps.Command) (done bool, err error) {
	if !w.v.Shadow {
		return false, nil
	}
	what := cmd.Step.Verb + " would have been done now"
	switch cmd.Step.Spec.(type) {
	case *steps.Email, *steps.Slack, *steps.Task:
		if !cmd.Review {
			return false, nil
		}
		what = "its review would have been asked for now"
	}
	line := w.line(cmd, "", "")
	line.Key, line.Kind, line.Outcome, line.Reason = line.Key+"/skip", "skip", "skipped", "shadow: "+what
	w.reply(cmd.Path, steps.Answer{Outcome: "skipped", Reason: "shadow"})
	return true, w.tx.AddLine(line)
}

// wouldGo says in a shadow's decision what would have gone.
func wouldGo(d guards.Decision, m holdfast.Outbound) guards.Decision {
	switch {
	case m.Subject != "":
		d.Detail += `: "` + m.Subject + `"`
	case m.Text != "":
		d.Detail += `: "` + m.Text + `"`
	}
	return d
}

// redirected is m to the one address that takes all e-mail of a staging project.
// The ledger keeps whom it was for.
func (w *walk) redirected(m holdfast.Outbound) holdfast.Outbound {
	if w.project.RedirectAllTo == "" || m.Subject == "" {
		return m
	}
	m.Subject = "[for " + m.To.Email + "] " + m.Subject
	m.To = holdfast.Address{ID: m.To.ID, Name: m.To.Name, Email: w.project.RedirectAllTo}
	return m
}
