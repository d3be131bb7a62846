package sim_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/sim"
	"holdfast/internal/store"
)

func TestEveryChoiceIsPlayed(t *testing.T) {
	t.Parallel()
	ways, more, err := sim.Ways(t.Context(), acme(t, "choices"), 50)
	if err != nil || more {
		t.Fatal(err, more)
	}
	var got []string
	for _, w := range ways {
		var chosen []string
		for _, c := range w.Choices {
			chosen = append(chosen, c.Step+": "+c.Choice)
		}
		i := slices.IndexFunc(w.Run.Lines, func(l store.Line) bool { return l.Kind == "outcome" || l.Kind == "exit" })
		got = append(got, fmt.Sprintf("%s -> %s", strings.Join(chosen, ", "), w.Run.Lines[i].Outcome))
	}
	want := []string{
		"heard: meeting.booked, yes_please: approved -> visited",
		"heard: meeting.booked, yes_please: denied -> told",
		"heard: meeting.booked, yes_please: expired -> told",
		"heard: silence, call: done interest=no -> declined",
		"heard: silence, call: done interest=yes, yes_please: approved -> visited",
		"heard: silence, call: done interest=yes, yes_please: denied -> told",
		"heard: silence, call: done interest=yes, yes_please: expired -> told",
		"heard: silence, call: cannot, yes_please: approved -> visited",
		"heard: silence, call: cannot, yes_please: denied -> told",
		"heard: silence, call: cannot, yes_please: expired -> told",
		"heard: silence, call: expired, yes_please: approved -> visited",
		"heard: silence, call: expired, yes_please: denied -> told",
		"heard: silence, call: expired, yes_please: expired -> told",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ways (-want +got):\n%s", diff)
	}
	if ways, more, err := sim.Ways(t.Context(), acme(t, "choices"), 4); err != nil || !more || len(ways) != 4 {
		t.Errorf("of at most 4 ways there are %d, more %v, %v", len(ways), more, err)
	}
}
