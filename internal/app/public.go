package app

import (
	"net/http"
	"slices"
)

// Public is what the outside calls: providers with what happened to messages,
// Slack with what our people click, customers who follow a link of a mail, sources
// with what happens. Each
// door checks who calls by itself. It is no part of the page on this machine.
func (a *App) Public() (http.Handler, error) {
	mux := http.NewServeMux()
	a.mu.Lock()
	a.doors = nil
	a.mu.Unlock()
	for _, open := range []func(*http.ServeMux) error{
		a.hooksDoor,
		a.preferencesDoor,
		a.slackDoor,
		a.ingestDoor,
	} {
		if err := open(mux); err != nil {
			return nil, err
		}
	}
	return a.cfg.Telemetry.Doors(mux), nil
}

// Door is something that the outside may call, or what keeps it shut.
type Door struct {
	Name string // "SendGrid's events"
	Path string // where it is; the secret of a path is not part of it
	Shut string // why it is not open, and what opens it; "" while it is open
}

// Doors are those of the last Public, in its order.
func (a *App) Doors() []Door {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.doors)
}

func (a *App) door(d Door) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.doors = append(a.doors, d)
}
