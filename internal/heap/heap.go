// Package heap keeps the collector from running all the time in a process that holds
// little.
package heap

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// Room is how many bytes may be allocated between two collections, however little the
// process holds. Go's own measure is as much as it holds: a server that holds 4 MB and
// takes in 200 batches a second is collected 100 times in it.
const Room = 64 << 20

// usual is Go's own GOGC; most bounds what a process that holds next to nothing asks for.
const (
	usual = 100
	most  = 5000
)

var once sync.Once

// Keep gives the process Room from now on, until it ends. It leaves a process alone whose
// GOGC is not Go's own: somebody has decided. A limit of memory (GOMEMLIMIT) holds as before.
// Safe for concurrent use; later calls do nothing.
func Keep() {
	once.Do(func() {
		live, set := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}, []metrics.Sample{{Name: "/gc/gogc:percent"}}
		if metrics.Read(set); set[0].Value.Uint64() != usual {
			return
		}
		percent := usual
		var after func(*mark)
		after = func(*mark) {
			metrics.Read(live)
			if want := percentFor(live[0].Value.Uint64()); want != percent {
				percent = want
				debug.SetGCPercent(want)
			}
			runtime.SetFinalizer(&mark{}, after)
		}
		after(nil)
	})
}

// mark is found dead by each collection, which tells that there was one.
type mark struct{ _ [16]byte }

// percentFor is the GOGC with which a process that holds so many bytes has Room, in steps.
func percentFor(live uint64) int {
	percent := Room * 100 / max(live, 1)
	if percent <= usual {
		return usual
	}
	return int(min(percent, most)) / 25 * 25 //nolint:gosec // most
}
