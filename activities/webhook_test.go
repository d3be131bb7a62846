package activities_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast"
)

// A call that may have arrived is made again, under the id by which its receiver
// knows it: that is what the id is for.
func TestACallThatMayHaveArrivedIsMadeAgainUnderItsID(t *testing.T) {
	t.Parallel()
	w := newWorld(t, head+"guardrails: {send_window: always, avoid: [], caps: []}\nsteps:\n  - {id: tell, webhook: crm, body: {stage: saved}}\n  - {id: rest, wait: 30d}\n")
	calls := &post{name: "webhook"}
	w.config.Channels["webhook"] = calls
	w.wire()
	calls.fail = func(m holdfast.Outbound) error {
		calls.fail = nil
		calls.arrives(m)
		calls.mu.Unlock() // the process takes its locks with it
		defer calls.mu.Lock()
		panic(crash{"in the channel"})
	}
	r := w.enroll("1")
	step := r.step()
	if !survive(t, func() { r.advanceTo(step) }) {
		t.Fatal("did not crash")
	}
	w.wire()
	r.advanceTo(step)
	if diff := cmp.Diff([]string{"tell webhook crm sent"}, r.ledger()); diff != "" {
		t.Error(diff)
	}
	if len(calls.sent) != 2 || calls.sent[0].Touch != calls.sent[1].Touch {
		t.Errorf("called %d times, want twice under one id", len(calls.sent))
	}
}
