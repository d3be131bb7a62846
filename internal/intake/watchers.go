package intake

import (
	"cmp"
	"context"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

// tell tells Refused of the messages that a batch did not take in: forged, malformed,
// or refused for what they say.
func (in *Intake) tell(msgs []holdfast.Message, b *batch) {
	if in.Refused == nil {
		return
	}
	for _, p := range b.res.Problems {
		if p.Index >= len(msgs) {
			continue
		}
		m := msgs[p.Index]
		switch {
		case forged(m) != "":
			in.Refused(m.Source, "forged")
		case check(m, b.now, b.toAll(m)) != "":
			in.Refused(m.Source, "malformed")
		default:
			in.Refused(m.Source, "refused")
		}
	}
}

// ScanLag is how late the next scan is, as of now; 0 when it is not due, or when
// nothing reads the clock.
func (in *Intake) ScanLag(ctx context.Context, now time.Time) (time.Duration, error) {
	if !in.watching().clocked {
		return 0, nil
	}
	last, err := in.lastScan(ctx)
	if err != nil || last.IsZero() {
		return 0, err
	}
	return max(0, now.Sub(in.moments(last).Add(cmp.Or(in.Options.ScanEvery, time.Hour)))), nil
}

// PausedTriggers are those of the heads that a surge has paused or the silence of a
// feed has suspended, by playbook and
// trigger.
func (in *Intake) PausedTriggers(tx store.Tx) (paused [][2]string, err error) {
	for _, b := range in.Playbooks() {
		for _, t := range b.Triggers {
			p, err := pausedNow(tx, b.Name, t.ID)
			if err != nil {
				return nil, err
			}
			q, err := readSuspension(tx, b.Name, t.ID)
			if err != nil {
				return nil, err
			}
			if p.On || q.On {
				paused = append(paused, [2]string{b.Name, t.ID})
			}
		}
	}
	return paused, nil
}
