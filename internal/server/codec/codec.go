// Package codec is the server that Temporal's page and command line ask to decrypt
// payloads for whoever looks at them. It answers who knows its token, and a browser
// only when it stands on a page that is on the list.
package codec

import (
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"holdfast"
	"holdfast/internal/tokens"
)

// MinToken is the shortest token that nobody guesses, in characters.
const MinToken = 24

// maxBody bounds a call: Temporal's own pages ask for a history of up to a few
// megabytes at once.
const maxBody = 16 << 20

// Server is an http.Handler for POST /encode and /decode, also below a path such as
// /{namespace}. Set the fields, then use it; safe for concurrent use.
type Server struct {
	Codec   http.Handler // what it is all about: temporal.PayloadKeys.Handler
	Token   string       // as Authorization: Bearer, or the password of Basic with any name
	Origins []string     // pages whose browsers are answered, such as https://temporal.example.com
	Log     *slog.Logger
}

// New checks what it is given.
func New(s Server) (*Server, error) {
	if len(s.Token) < MinToken {
		e := holdfast.Errorf(holdfast.Invalid, "HOLDFAST_CODEC_TOKEN has %d characters; %d is the least: who knows it reads what Temporal keeps", len(s.Token), MinToken)
		e.Hint = "draw one with: openssl rand -hex 24"
		return nil, e
	}
	for _, o := range s.Origins {
		u, err := url.Parse(o)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Scheme+"://"+u.Host != o {
			e := holdfast.Errorf(holdfast.Invalid, "--origin %s is not the origin of a page", o)
			e.Hint = "write the scheme and host of Temporal's page, such as https://temporal.example.com, without a path; * is not allowed"
			return nil, e
		}
	}
	return &s, nil
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if origin != "" && !slices.Contains(s.Origins, origin) {
		s.refuse(w, r, "origin is not on the list", http.StatusForbidden)
		return
	}
	if origin != "" {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	if r.Method == http.MethodOptions { // a browser asks first, without credentials
		h.Set("Access-Control-Allow-Methods", "POST")
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, X-Namespace")
		h.Set("Access-Control-Max-Age", "600")
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if !s.knows(r) {
		h.Set("WWW-Authenticate", `Basic realm="holdfast codec server", charset="UTF-8"`)
		s.refuse(w, r, "no token, or a wrong one", http.StatusUnauthorized)
		return
	}
	if r.Method == http.MethodGet && r.URL.Path == "/" {
		h.Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("You are signed in. Go back to Temporal's page and load it again.\n"))
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	s.Codec.ServeHTTP(w, r)
}

// knows reports whether the caller has the token.
func (s *Server) knows(r *http.Request) bool {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		_, token, _ = r.BasicAuth()
	}
	return tokens.Match(token, s.Token)
}

func (s *Server) refuse(w http.ResponseWriter, r *http.Request, why string, code int) {
	if s.Log != nil {
		s.Log.WarnContext(r.Context(), "a call of the codec server was refused", "why", why)
	}
	http.Error(w, why, code)
}
