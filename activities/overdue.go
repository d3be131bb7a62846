package activities

import (
	"errors"
	"fmt"

	"holdfast/internal/store"
	"holdfast/steps"
)

// overdueMark ends the path of the task that tells of a late one.
const overdueMark = "?late"

// overdueAt tells who should hear of it that the task or the approval at path is
// late: whom the task names, or the next in line of an approval.
func (w *walk) overdueAt(path, why string) error {
	k, err := w.tx.Task(taskID(w.e.ID, path))
	if errors.Is(err, store.ErrNotFound) || (err == nil && k.Status != "open") {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read task at %s: %w", path, err)
	}
	s := steps.StepOf(w.v.Program, path)
	if s == nil {
		return nil
	}
	var to someone
	if spec, ok := s.Spec.(*steps.Task); ok {
		to = w.who(spec.Overdue.To)
	} else {
		late, _ := w.project.person(k.Owner)
		boss, ok := w.project.person(late.Manager)
		if !ok {
			return nil // there is nobody above
		}
		to = someone{Person: boss}
	}
	return w.tellOf(path+overdueMark, to, "Late: "+k.Title, k.Owner+" has it; "+why)
}
