package app

import (
	"holdfast/internal/config"
	"holdfast/internal/project"
	"holdfast/internal/server/ingest"
	"holdfast/internal/sources"
)

// hookOf reads the calls of a source that does not speak Segment's API; nil when
// its document says too little.
func (a *App) hookOf(s *project.Source) ingest.Hook {
	reads, err := sources.Open(s.Kind, s.Settings)
	if err != nil {
		return nil
	}
	return hook{reads, a.cfg.Env.SourceSecrets[s.Secret]}
}

// hookShut is why the door of such a source is not open, or "".
func (a *App) hookShut(s *project.Source) string {
	if _, err := sources.Open(s.Kind, s.Settings); err != nil {
		return err.Error()
	}
	if s.Secret != "" && len(a.cfg.Env.SourceSecrets[s.Secret]) == 0 {
		return "no secret; set " + config.SourceVariable(s.Secret) + ". A key of its own opens it as well"
	}
	return ""
}

// hook is a source's way to speak, with what its sender signs with.
type hook struct {
	sources.Adapter
	secrets []string
}

func (h hook) Verify(r sources.Request) error { return h.Adapter.Verify(r, h.secrets) }

func (h hook) Messages(r sources.Request) (ms []sources.Said, drops []ingest.Drop, err error) {
	ms, refused, err := h.Adapter.Messages(r)
	for _, no := range refused {
		drops = append(drops, ingest.Drop{Place: no.Place, Reason: ingest.Unread, Text: no.Reason})
	}
	return ms, drops, err
}
