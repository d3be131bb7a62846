// Package web is the page to look at: what happened, each mail as the customer
// sees it, open tasks, enrollments. Read-only, rendered here, whole without
// JavaScript. It must never change anything nor show more than the store holds.
package web

import (
	"bytes"
	"embed"
	"errors"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"holdfast/internal/clock"
	"holdfast/internal/store"
)

//go:embed templates/*.html style.css
var files embed.FS

// Site serves the pages. Project names the header; Pace says on every page how
// honest the time is ("" in production).
type Site struct {
	Store   store.Store
	Clock   clock.Clock
	Log     *slog.Logger
	Project string
	Pace    string
	// Running reports whether more may still happen; a finished run stops refreshing.
	Running func() bool
	// Operations answers /metrics, /healthz and /readyz; nil: nobody does.
	Operations http.Handler
}

// Handler of the site. It answers GET and HEAD to a loopback Host only, so that
// no other site's page can read it through a rebound name.
func (s *Site) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.page(s.timeline))
	mux.HandleFunc("GET /enrollments", s.page(s.enrollments))
	mux.HandleFunc("GET /enrollments/{id}", s.page(s.enrollment))
	mux.HandleFunc("GET /accounts/{id}", s.page(s.account))
	mux.HandleFunc("GET /mail", s.page(s.mail))
	mux.HandleFunc("GET /mail/{touch}", s.page(s.message))
	mux.HandleFunc("GET /mail/{touch}/body", s.body)
	mux.HandleFunc("GET /tasks", s.page(s.tasks))
	mux.HandleFunc("GET /style.css", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, files, "style.css")
	})
	if s.Operations != nil {
		for _, path := range []string{"/metrics", "/healthz", "/readyz"} {
			mux.Handle("GET "+path, s.Operations)
		}
	}
	return guard(mux)
}

func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !loopback(r.Host) {
			http.Error(w, "this page answers to localhost only", http.StatusForbidden)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

func loopback(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	name = strings.Trim(name, "[]")
	if name == "localhost" {
		return true
	}
	ip := net.ParseIP(name)
	return ip != nil && ip.IsLoopback()
}

// view is what every page gets.
type view struct {
	Title, Project, Pace, Here string
	Now                        time.Time
	Refresh                    bool
	Data                       any
}

type pager func(tx store.Tx, r *http.Request) (name string, v view, err error)

// page runs p in one snapshot and renders its template.
func (s *Site) page(p pager) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var name string
		var v view
		err := s.Store.View(r.Context(), func(tx store.Tx) (err error) {
			name, v, err = p(tx, r)
			return err
		})
		if errors.Is(err, store.ErrNotFound) {
			http.Error(w, "there is no such thing here", http.StatusNotFound)
			return
		}
		v.Project, v.Pace, v.Now = s.Project, s.Pace, s.Clock.Now()
		var out bytes.Buffer
		if err == nil {
			err = pages[name].ExecuteTemplate(&out, "layout", v)
		}
		if err != nil {
			s.Log.ErrorContext(r.Context(), "page", "page", r.URL.Path, "error", err)
			http.Error(w, "this page could not be made; the log says why", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if _, err := w.Write(out.Bytes()); err != nil {
			s.Log.DebugContext(r.Context(), "page", "page", r.URL.Path, "error", err)
		}
	}
}

// pages are parsed once; a mistake in one is a mistake in the build.
var pages = func() map[string]*template.Template {
	out := map[string]*template.Template{}
	for _, name := range []string{"timeline", "enrollments", "enrollment", "account", "mail", "message", "tasks"} {
		out[name] = template.Must(template.New(name).Funcs(words).ParseFS(files, "templates/layout.html", "templates/lines.html", "templates/"+name+".html"))
	}
	return out
}()
