package ingest

import (
	"errors"
	"net/http"
	"strings"

	"holdfast"
	"holdfast/internal/intake"
	"holdfast/internal/project"
	"holdfast/internal/sources"
)

// Hook reads the calls of one source; of a call that was gzip it is given the plain
// body. It is safe for concurrent use.
type Hook interface {
	// Verify says whether the call comes from who knows the source's secret; the error
	// says what is wrong, without the secret and without personal data.
	Verify(r sources.Request) error
	// Messages reads what happened. A part that cannot be read is among the drops, and
	// the others still come; the error is of a body that cannot be read at all.
	Messages(r sources.Request) ([]sources.Said, []Drop, error)
}

// hook takes a call of a source that does not speak Segment's API. A key of ours
// for the source is as good as the provider's signature.
func (h *Handler) hook(w http.ResponseWriter, r *http.Request) (a answer, err error) {
	name := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, HookPath), "/")
	s := h.Source(name)
	reads := h.reader(s)
	if reads == nil {
		return a, refuse(http.StatusNotFound, BadCall, "there is no such source")
	}
	in, known, err := h.known(r, s)
	if err != nil {
		return a, err
	}
	leave, err := h.gate.enter(!known)
	if err != nil {
		return a, err
	}
	defer leave()
	body, err := h.readBody(w, r, maxHook)
	if err != nil {
		return a, err
	}
	call := sources.Request{Method: r.Method, URL: h.address(r), Header: r.Header, Body: body, At: h.Machine.Now()}
	if !known {
		if err := reads.Verify(call); err != nil {
			return a, refuse(http.StatusUnauthorized, Unauthorized, err.Error())
		}
	}
	ms, drops, err := reads.Messages(call)
	if err != nil {
		a.source = s.Name
		h.Log.WarnContext(r.Context(), "a call cannot be read; nothing of it was taken", "source", s.Name, "reason", err)
		return a, refuse(http.StatusBadRequest, BadCall, err.Error())
	}
	now := h.Clock.Now().UTC()
	in.drops = drops
	for _, m := range ms {
		if why := untimely(m.At, now); why != "" {
			in.drop(m.Place, BadTime, "it happened "+why)
			continue
		}
		it := item{place: m.Place, Message: m.Message}
		if old, _ := m.Props[holdfast.Previous].(string); m.Kind == holdfast.Alias && m.Contact != "" && old != "" {
			it.same = append(it.same, intake.Same{Old: old, New: m.Contact})
		}
		in.items = append(in.items, it)
	}
	return h.take(r.Context(), s, in)
}

func (h *Handler) reader(s *project.Source) Hook {
	if s == nil || h.Hook == nil {
		return nil
	}
	return h.Hook(s)
}

// known reports whether a call shows a key of ours for the source.
func (h *Handler) known(r *http.Request, s *project.Source) (in incoming, known bool, err error) {
	key, shown := keyOf(r)
	if !shown {
		return in, false, nil
	}
	of, from, err := h.caller(r.Context(), key)
	switch {
	case err == nil && of.Name == s.Name:
		return from, true, nil
	case err == nil:
		return in, false, refuse(http.StatusForbidden, Unauthorized, "the key is for another source")
	}
	if no, ok := errors.AsType[*refusal](err); ok && no.outcome == Unauthorized {
		return in, false, nil // it may be the provider's own way to sign
	}
	return in, false, err
}

// address is where the caller thinks it called: what some providers sign.
func (h *Handler) address(r *http.Request) string {
	if h.PublicURL != nil {
		if base := h.PublicURL(); base != "" {
			return base + r.URL.RequestURI()
		}
	}
	return "http://" + r.Host + r.URL.RequestURI()
}
