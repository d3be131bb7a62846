package clock_test

import (
	"testing"
	"time"

	"holdfast/internal/clock"
)

func TestABellRungTwiceBeforeAnybodyLooksIsHeardOnce(t *testing.T) {
	t.Parallel()
	var b clock.Bell
	b.Ring()
	b.Ring()
	for _, want := range []bool{true, false} {
		heard, err := clock.Wait(t.Context(), time.Nanosecond, b.Rung())
		if err != nil || heard != want {
			t.Errorf("got %v, %v, want %v", heard, err, want)
		}
	}
}
