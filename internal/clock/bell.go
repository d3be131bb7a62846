package clock

import "sync"

// Bell wakes the one who waits for something to happen. The zero value is ready.
// Safe for concurrent use.
type Bell struct {
	once sync.Once
	rung chan struct{}
}

// Ring never blocks; what is rung before somebody looks is heard once.
func (b *Bell) Ring() {
	select {
	case b.made() <- struct{}{}:
	default:
	}
}

// Rung is ready after a Ring, for Wait.
func (b *Bell) Rung() <-chan struct{} { return b.made() }

func (b *Bell) made() chan struct{} {
	b.once.Do(func() { b.rung = make(chan struct{}, 1) })
	return b.rung
}
