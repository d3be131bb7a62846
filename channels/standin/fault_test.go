package standin

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheSameSeedDrawsTheSameFaultsAfterTheQueue(t *testing.T) {
	t.Parallel()
	draws := func(plan *Plan) (out []Fault) {
		plan.Queue(TooLarge)
		for range 200 {
			out = append(out, plan.next())
		}
		return out
	}
	seven, err := ParsePlan("7:0.3")
	if err != nil {
		t.Fatal(err)
	}
	got := draws(seven)
	if diff := cmp.Diff(got, draws(NewPlan(7, 0.3))); diff != "" {
		t.Errorf("the same seed draws differently (-first +second):\n%s", diff)
	}
	faults := 0
	for _, f := range got[1:] {
		if f != None {
			faults++
		}
	}
	if got[0] != TooLarge || faults < 40 || faults > 80 {
		t.Errorf("got %s first and %d faults in 199, want the queued one and about 60", got[0], faults)
	}
	if f := (&Plan{}).next(); f != None {
		t.Errorf("a plan without faults: got %s", f)
	}
}
