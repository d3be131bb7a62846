package bench

import (
	"sync"

	"go.temporal.io/sdk/client"

	"holdfast/internal/temporal"
	"holdfast/steps"
	"holdfast/workflows"
)

// begin starts the workflows of some accounts as a client does that is in a hurry:
// sixteen at once, which is what the relay does.
func (w *world) begin(from, to int, kind any, args func(i int) []any) {
	w.t.Helper()
	todo := make(chan int, to-from)
	for i := from; i < to; i++ {
		todo <- i
	}
	close(todo)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for i := range todo {
				o := client.StartWorkflowOptions{ID: enrollment(i), TaskQueue: temporal.TaskQueue, EnableEagerStart: true}
				var err error
				for range 5 { // a machine that is overloaded answers late, and the same start again is the same run
					if _, err = w.client.ExecuteWorkflow(w.t.Context(), o, kind, args(i)...); err == nil {
						break
					}
				}
				if err != nil {
					w.t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// input of the i-th account's run, as the relay gives it.
func (w *world) input(i int) workflows.Input {
	return workflows.Input{Enrollment: enrollment(i), Digest: w.book.Digest, State: steps.State{V: 1, Started: monday}, Local: true}
}
