package heap

import (
	"runtime"
	"testing"
	"time"
)

var sink []byte

func TestPercentFor(t *testing.T) {
	t.Parallel()
	for live, want := range map[uint64]int{0: most, 1 << 20: most, 4 << 20: 1600, 32 << 20: 200, 64 << 20: usual, 1 << 40: usual} {
		if got := percentFor(live); got != want {
			t.Errorf("with %d bytes %d, want %d", live, got, want)
		}
	}
}

// It counts the collections of the process, so it runs by itself. What would have been collected dozens of times is so a few times, and what is held in
// the end is held under Go's own measure.
func TestKeepGivesRoom(t *testing.T) { //nolint:paralleltest // so it is
	Keep()
	runtime.GC()
	time.Sleep(100 * time.Millisecond) // until the collection was noticed
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 4 * 64 { // 256 MB
		sink = make([]byte, 1<<20)
	}
	runtime.ReadMemStats(&after)
	if n := after.NumGC - before.NumGC; n > 8 {
		t.Errorf("%d collections while 256 MB were allocated", n)
	}
	held := make([]byte, 200<<20)
	runtime.GC()
	time.Sleep(100 * time.Millisecond)
	runtime.ReadMemStats(&after)
	if after.NextGC > 600<<20 {
		t.Errorf("with 200 MB held the next collection is at %d MB", after.NextGC>>20)
	}
	runtime.KeepAlive(held)
}
