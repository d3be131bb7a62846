package crash

import (
	"testing"
	"time"
)

// The audit asks of an exit that it closes its enrollment in the first time that
// is long enough, and of no other.
func TestAnExitIsAskedOfTheTimeInWhichAllWereThere(t *testing.T) {
	t.Parallel()
	second := func(n int) time.Time { return time.Unix(int64(n), 0) }
	lives := []life{
		{second(100), second(130)}, // a server is killed under the product,
		{second(134), second(140)}, // too short for anything,
		{second(150), second(170)}, // and the product itself is killed
		{ready: second(180)},
	}
	for name, c := range map[string]struct {
		at, by int
		up     bool
	}{
		"while all are there":              {115, 120, true},
		"just after the start":             {101, 110, true},
		"before the start":                 {90, 110, false},
		"cut off by the kill of a server":  {128, 160, false},
		"while the server is away":         {132, 160, false},
		"in a time too short for anything": {136, 160, false},
		"in a gap":                         {172, 190, false},
		"in the life that goes on":         {300, 305, true},
	} {
		by, up, ok := deadline(second(c.at), lives)
		if !ok || !by.Equal(second(c.by)) || up != c.up {
			t.Errorf("%s: by %d, up %v, %v; want by %d, up %v", name, by.Unix(), up, ok, c.by, c.up)
		}
	}
	if by, _, ok := deadline(second(136), lives[:2]); ok {
		t.Errorf("asked by %d of a time that was over before", by.Unix())
	}
}
