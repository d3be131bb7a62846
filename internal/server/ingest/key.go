package ingest

import (
	"cmp"
	"context"
	"encoding/base64"
	"net/http"
	"strings"

	"holdfast"
	"holdfast/internal/project"
	"holdfast/internal/store"
	"holdfast/internal/tokens"
)

// keyOf a call's header: the user of Basic, with or without a colon behind it, or
// what stands behind Bearer. shown is whether there is any.
func keyOf(r *http.Request) (key string, shown bool) {
	scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	rest = strings.TrimSpace(rest)
	switch strings.ToLower(scheme) {
	case "":
		return "", false
	case "bearer":
		return rest, true
	case "basic":
		text, err := base64.StdEncoding.DecodeString(rest)
		if err != nil {
			if text, err = base64.RawStdEncoding.DecodeString(rest); err != nil {
				return "", true
			}
		}
		key, _, _ = strings.Cut(string(text), ":")
		return key, true
	}
	return "", true
}

// actor is who calls with a key, as the audit log names them.
func actor(t store.Token) string { return "token:" + cmp.Or(t.Name, t.ID) }

// caller is the source that a key hands in for, and an empty call of whoever has it.
func (h *Handler) caller(ctx context.Context, key string) (s *project.Source, in incoming, err error) {
	if key == "" {
		return nil, in, refuse(http.StatusUnauthorized, Unauthorized, "there is no key; show the write key as the user of Basic, behind Bearer, or as writeKey in the body")
	}
	ctx, cancel := h.bounded(ctx)
	defer cancel()
	now := h.Machine.Now()
	var t store.Token
	err = h.Store.View(ctx, func(tx store.Tx) (err error) {
		t, err = tokens.Open(tx, key, now)
		return err
	})
	if holdfast.CodeOf(err) == holdfast.Unauthorized {
		return nil, in, refuse(http.StatusUnauthorized, Unauthorized, err.Error())
	}
	if err != nil {
		return nil, in, err
	}
	name := tokens.Source(t)
	if name == "" {
		return nil, in, refuse(http.StatusForbidden, Unauthorized, "the key is not for handing in events")
	}
	if s = h.Source(name); s == nil {
		return nil, in, refuse(http.StatusForbidden, Unauthorized, "the key is for the source "+name+", which the project in force does not have")
	}
	return s, incoming{by: actor(t), also: func(tx store.Tx) error { return tokens.Used(tx, t, now) }}, nil
}
