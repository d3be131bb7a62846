package sim

import (
	"context"
	"slices"
	"sync"
	"time"

	"holdfast"
	"holdfast/internal/intake"
	"holdfast/internal/store"
)

// script is the events of a case: a conductor's source. A task.completed or
// task.cannot closes the open task of its step, approval.granted and
// approval.denied its open request.
type script struct {
	*world

	mu   sync.Mutex
	left []Message
}

func newScript(w *world) *script {
	left := slices.Clone(w.Events)
	slices.SortStableFunc(left, func(a, b Message) int { return a.At.Compare(b.At) })
	return &script{world: w, left: left}
}

// more reports whether anything is left to happen.
func (s *script) more() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.left) > 0
}

// Next is the time of the next event.
func (s *script) Next(context.Context) (time.Time, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.left) == 0 {
		return time.Time{}, false, nil
	}
	return s.left[0].At, true, nil
}

// Fire lets one event happen that is due.
func (s *script) Fire(ctx context.Context, now time.Time) error {
	m, ok := s.pop(now)
	if !ok {
		return nil
	}
	if _, ok := closes[m.Event]; ok {
		return s.close(ctx, m)
	}
	if err := s.take(ctx, []Message{m}, intake.Live); err != nil {
		return err
	}
	if s.over(ctx) { // it came after the end
		return errOver
	}
	return nil
}

func (s *script) pop(now time.Time) (m Message, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.left) == 0 || s.left[0].At.After(now) {
		return m, false
	}
	m, s.left = s.left[0], s.left[1:]
	return m, true
}

// closes are the events that end a task or an approval, and how.
var closes = map[string]string{
	holdfast.EventTaskDone: "done", holdfast.EventTaskCannot: "cannot",
	holdfast.EventApproved: "done", holdfast.EventDenied: "cannot",
}

// close ends the open task of the step that m names.
func (s *script) close(ctx context.Context, m Message) error {
	step, _ := m.Props["step"].(string)
	answers, _ := m.Props["answers"].(map[string]any)
	by, _ := m.Props["by"].(string)
	var open []store.Task
	err := s.store.View(ctx, func(tx store.Tx) (err error) {
		open, err = tx.Tasks(s.Account, "", "open", 0)
		return err
	})
	if err != nil {
		return err
	}
	i := slices.IndexFunc(open, func(k store.Task) bool { return k.Step == step || k.Path == step })
	if i < 0 {
		return holdfast.Errorf(holdfast.Invalid, "%s: no task of a step %q is open on %s", m.Place, step, m.At.Format("2 Jan 2006 15:04 MST"))
	}
	status := closes[m.Event]
	if by == "" {
		by = open[i].Owner
	}
	if err := s.acts.CloseTask(ctx, open[i].ID, status, by, answers, m.At); err != nil {
		return holdfast.Errorf(holdfast.Invalid, "%s: %s", m.Place, err)
	}
	return nil
}
