package activities

import (
	"encoding/json"
	"time"

	"holdfast/internal/intake"
	"holdfast/internal/store"
	"holdfast/steps"
)

// sunsetNotice is how long before its end a concession is spoken of (S91).
const sunsetNotice = 90

// sunset is when a concession granted at a moment ends; zero for never.
func sunset(spec *steps.Offer, at time.Time, where place) time.Time {
	if spec.Sunset.Zero() {
		return time.Time{}
	}
	return spec.Sunset.Add(at, where.days).UTC()
}

// endOffer says when a concession ends that is granted now, and puts the notice
// of it on the agenda.
func (a *Activities) endOffer(tx store.Tx, k store.Task, r *store.Approval, at time.Time) error {
	if r.Status != "approved" {
		return nil
	}
	e, err := tx.Enrollment(k.Enrollment)
	if err != nil {
		return err
	}
	v, err := a.Versions.version(tx, a.Rules(), e.Digest)
	if err != nil {
		return err
	}
	if s := steps.StepOf(v.Program, k.Path); s != nil {
		if spec, ok := s.Spec.(*steps.Offer); ok {
			r.SunsetAt = sunset(spec, at, a.Project().place("account", nil, nil))
		}
	}
	return planSunset(tx, *r)
}

// planSunset puts the notice on the agenda; a short concession's comes at once.
func planSunset(tx store.Tx, r store.Approval) error {
	if r.SunsetAt.IsZero() {
		return nil
	}
	data, err := json.Marshal(intake.Sunset{Kind: r.Kind, Amount: r.Amount, Playbook: r.Playbook, Enrollment: r.Enrollment, Ends: r.SunsetAt})
	if err != nil {
		return err
	}
	notice := r.SunsetAt.AddDate(0, 0, -sunsetNotice)
	if notice.Before(r.DecidedAt) {
		notice = r.DecidedAt
	}
	return tx.PutDue(store.Due{Key: "sunset/" + r.ID, Kind: "sunset", At: notice, Account: r.Account, Data: data})
}
