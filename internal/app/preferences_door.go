package app

import (
	"net/http"

	"holdfast/internal/server/preferences"
)

// preferences is what a recipient chooses about outreach, whichever way it comes.
func (a *App) preferences() *preferences.Door {
	return &preferences.Door{
		Store: a.Store, Clock: a.Clock, Keys: a.keys, Emit: a.Intake.Emit, Poke: a.poke, Log: a.log,
		Project: func() (name, locale string) {
			s := a.heads.get().Settings
			if name = s.Sender.Name; name == "" {
				name = s.Name
			}
			return name, s.Locale
		},
	}
}

// preferencesDoor is the page behind the unsubscribe link of a mail.
func (a *App) preferencesDoor(mux *http.ServeMux) error {
	mux.Handle("/u/", a.preferences().Handler())
	a.door(Door{Name: "unsubscribe links", Path: "/u/…"})
	return nil
}
