package activities

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"holdfast/steps"
	"holdfast/workflows"
)

// mirror is an enrollment's state as the store keeps it: the portable document,
// and beside it what the walk that made it was asked and answered. Its JSON
// reads as steps.State.
//
// It is what makes Advance safe to repeat. A walk that was committed and whose
// answer was lost is answered from here; one that was interrupted between claim
// and record goes on from here, so that no branch is decided twice.
type mirror struct {
	steps.State
	From    string     `json:"from,omitempty"`    // keyOf the step that led here
	Pending bool       `json:"pending,omitempty"` // a touch is claimed, its answer not yet in
	Again   bool       `json:"again,omitempty"`
	Until   time.Time  `json:"until,omitzero"`
	Move    *MoveOrder `json:"move,omitempty"` // read, and not yet obeyed: a touch was under way
}

// readMirror reads an enrollment's State; what cannot be read leads nowhere.
func readMirror(p []byte) mirror {
	var m mirror
	if json.Unmarshal(p, &m) != nil {
		return mirror{}
	}
	return m
}

// keyOf tells one call of Advance from another.
func keyOf(in workflows.Step) string {
	p, err := json.Marshal(in)
	if err != nil {
		return "" // answers hold JSON's own types only
	}
	sum := sha256.Sum256(p)
	return hex.EncodeToString(sum[:12])
}

// spent reports whether the moment that the answer named has come, so that the
// same question means something new.
func (m mirror) spent(now time.Time) bool {
	return !m.Over && !m.Again && !m.Until.IsZero() && !m.Until.After(now)
}

func (m mirror) progress() workflows.Progress {
	return workflows.Progress{State: m.State, Again: m.Again, Until: m.Until, Over: m.Over}
}

// save writes where the walk came to rest into the enrollment's row, and makes
// it the answer.
func (w *walk) save() error {
	if err := w.stopListening(); err != nil {
		return err
	}
	r := &w.result
	r.State, r.Over = w.st, w.st.Over
	switch {
	case r.Over || r.Again:
		r.Until = time.Time{}
	case r.Until.IsZero() && w.st.Wait != nil:
		r.Until = w.st.Wait.Until
	}
	return w.put(mirror{State: w.st, From: keyOf(w.in), Pending: w.out != nil, Again: r.Again, Until: r.Until, Move: w.order})
}

// put writes the mirror and what is read off it.
func (w *walk) put(m mirror) error {
	p, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode state: %w", err)
	}
	w.e.State, w.e.Step = p, m.At
	if !m.Pending {
		w.e.Due = m.Until
		if m.Again {
			w.e.Due = w.now
		}
		w.e.Echoed = max(w.e.Echoed, w.in.N)
		w.e.Doing = w.doing
		if w.doing == "" {
			w.e.Doing = steps.Doing(w.v.Program, m.State, w.place.zone)
		}
	}
	if err := w.tx.PutEnrollment(w.e); err != nil {
		return fmt.Errorf("put enrollment: %w", err)
	}
	return nil
}
