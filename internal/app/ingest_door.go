package app

import (
	"net/http"
	"slices"

	"holdfast/internal/calendar"
	"holdfast/internal/clock"
	"holdfast/internal/intake"
	"holdfast/internal/project"
	"holdfast/internal/server/ingest"
)

// ingestDoor is where others hand in what happens: Segment's tracking API at /v1/,
// and each other source of the project at /in/ and its name. Who calls shows a key
// or a signature; a project without sources takes nothing. Sources that a later
// release brings are taken without a restart.
func (a *App) ingestDoor(mux *http.ServeMux) error {
	h := &ingest.Handler{
		Store: a.Store, Receive: a.Intake.Receive, Clock: a.Clock, Machine: clock.System{}, Log: a.log, Count: a.counted,
		Source:    func(name string) *project.Source { return a.heads.get().Source(name) },
		Hook:      a.hookOf,
		OfAll:     func(event string) bool { return a.Intake.Rules().OfAll(event) },
		PublicURL: func() string { return a.heads.get().Settings.PublicURL },
	}
	h.Register(mux)
	door := Door{Name: "events", Path: ingest.SegmentPath + "…"}
	if len(a.heads.get().Inbound) == 0 {
		door.Shut = "the project has no source: document"
	}
	a.door(door)
	for _, s := range a.heads.get().Inbound {
		if s.Kind != "segment" {
			a.door(Door{Name: "source " + s.Name, Path: ingest.HookPath + s.Name, Shut: a.hookShut(&s)})
		}
	}
	return nil
}

// counted keeps what became of messages from outside, and shows it among the metrics.
// What was taken or repeated is counted with its commit, and calls that were turned
// away are counted by their door.
func (a *App) counted(source, outcome string, n int) {
	a.Inbound.Add(source, outcome, n)
	switch {
	case outcome == ingest.Parked, outcome == ingest.Withheld:
		a.cfg.Telemetry.Received(source, outcome, n)
	case slices.Contains(ingest.Reasons(), outcome):
		a.cfg.Telemetry.Dropped(source, outcome, n)
	}
}

// silence is how long nothing may come from a source of the project in force.
func (a *App) silence(source string) (after calendar.Span, off bool) {
	return a.heads.get().Silence(source)
}

// mayWrite is what a source may write. What is no source of the project, such as
// an import or a playbook, writes everything.
func (a *App) mayWrite(source string) intake.Writes {
	if s := a.heads.get().Source(source); s != nil {
		return s.Allow
	}
	return nil
}
