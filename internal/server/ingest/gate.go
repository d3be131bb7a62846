package ingest

import (
	"context"
)

// gate bounds the calls in the house. Who has shown no key yet may hold a quarter
// of the places, so that strangers who write slowly keep nobody else out.
type gate struct {
	house, strangers, atWork chan struct{}
}

func (g *gate) open(atWork, waiting int) {
	g.house = make(chan struct{}, atWork+waiting)
	g.strangers = make(chan struct{}, max(1, (atWork+waiting)/4))
	g.atWork = make(chan struct{}, atWork)
}

// enter takes a place for a call whose body is still to come, or turns it away at once.
func (g *gate) enter(stranger bool) (leave func(), err error) {
	place := g.house
	if stranger {
		place = g.strangers
	}
	select {
	case place <- struct{}{}:
		return func() { <-place }, nil
	default:
		return nil, busy("too many calls at once")
	}
}

// work takes a place for a call that writes; it waits for one until ctx ends.
func (g *gate) work(ctx context.Context) (done func(), err error) {
	select {
	case g.atWork <- struct{}{}:
		return func() { <-g.atWork }, nil
	case <-ctx.Done():
		return nil, busy("too many calls at once")
	}
}
