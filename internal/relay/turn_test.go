package relay_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/store"
)

func TestOnACompressedClockOneAccountsEnrollmentsWorkInTurn(t *testing.T) {
	t.Parallel()
	o, e := newOutbox(startRow("a1"), startRow("a2"), startRow("b1"), startRow("a3")), &engine{}
	for id, account := range map[string]string{"a1": "a", "a2": "a", "a3": "a", "b1": "b"} {
		o.enrol[id] = store.Enrollment{ID: id, Account: account, Status: "active", Woken: 1, StartedAt: began}
	}
	r := newRelay(o, e)
	r.Compressed = true
	rests := func(id string) {
		was := o.enrol[id]
		was.Echoed = was.Woken
		o.enrol[id] = was
	}
	heard := func(want ...string) {
		t.Helper()
		round(t, r)
		slices.Sort(e.heard)
		if diff := cmp.Diff(want, e.heard); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
		e.heard = nil
	}
	heard("start a1", "start b1")
	heard([]string(nil)...) // a1 is at work
	if len(o.leased) != 0 || o.left() != 2 {
		t.Errorf("leased %v, %d rows left; want the others given back", o.leased, o.left())
	}
	rests("a1")
	heard("start a2")
	over := o.enrol["a2"]
	over.Status = "ended"
	o.enrol["a2"] = over
	heard("start a3")

	production := newRelay(newOutbox(startRow("a1"), startRow("a2")), e)
	if n, err := production.Round(t.Context()); n != 2 || err != nil {
		t.Errorf("in production %d at once, %v; want 2", n, err)
	}
}
