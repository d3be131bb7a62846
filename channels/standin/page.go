package standin

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The page on which a person sees what the app posted, as one of the workspace's
// people, and acts on it. Rendered here, whole without JavaScript.
//
//go:embed page/*.html page/page.css
var pageFiles embed.FS

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"iso": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
}).ParseFS(pageFiles, "page/*.html"))

// pages answers on this machine's names only, so that no other site's page can
// read it through a rebound name, and takes forms from itself only.
func (s *Slack) pages() {
	cross := http.NewCrossOriginProtection()
	for pattern, h := range map[string]http.HandlerFunc{
		"GET /{$}": s.show, "GET /page.css": func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, pageFiles, "page/page.css") },
		"POST /act": s.act, "POST /confirm": s.ask, "POST /command": s.command, "POST /home": s.visit,
	} {
		s.mux.Handle(pattern, fence(cross.Handler(h)))
	}
}

func fence(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !loopback(r.Host) {
			http.Error(w, "this page answers to localhost only", http.StatusForbidden)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
		next.ServeHTTP(w, r)
	})
}

// where a person is: who they are, and what they look at.
type where struct {
	As, Room string
	Home     bool // the app's home tab, not a room
	Pause    bool
}

func whereOf(v url.Values) where {
	return where{As: v.Get("as"), Room: v.Get("room"), Home: v.Get("tab") == "home", Pause: v.Get("pause") != ""}
}

// URL of the page that shows it.
func (w where) URL() string {
	v := url.Values{}
	for k, said := range map[string]string{"as": w.As, "room": w.Room} {
		if said != "" {
			v.Set(k, said)
		}
	}
	if w.Home {
		v.Set("tab", "home")
		v.Del("room")
	}
	if w.Pause {
		v.Set("pause", "1")
	}
	return "/?" + v.Encode()
}

func (w where) as(user string) where  { return where{As: user} }
func (w where) in(room string) where  { return where{As: w.As, Room: room} }
func (w where) Held(still bool) where { w.Pause = still; return w }

func (s *Slack) show(w http.ResponseWriter, r *http.Request) {
	s.state.Lock()
	p := s.look(whereOf(r.URL.Query()))
	s.state.Unlock()
	paint(w, "page", p)
}

func paint(w http.ResponseWriter, name string, data any) {
	var out bytes.Buffer
	if err := pageTemplate.ExecuteTemplate(&out, name, data); err != nil {
		http.Error(w, "this page could not be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(out.Bytes()) // the reader may be gone
}

// act does what a form says: a button or a choice, or the submission or the
// closing of a modal.
func (s *Slack) act(w http.ResponseWriter, r *http.Request) {
	at, ok := readForm(w, r)
	if !ok {
		return
	}
	filled := Values{}
	for key, said := range r.PostForm {
		if name, isValue := strings.CutPrefix(key, "v:"); isValue {
			filled[name] = said
		}
	}
	do, view := r.PostForm.Get("do"), r.PostForm.Get("view")
	var err error
	switch {
	case !s.owns(view, at.As):
		err = errNoSuch
	case do == "submit":
		_, err = s.Submit(r.Context(), view, filled)
	case do == "close":
		_, err = s.Close(r.Context(), view)
	default:
		_, err = s.Click(r.Context(), Act{
			User: at.As, Channel: r.PostForm.Get("channel"), TS: r.PostForm.Get("ts"), View: view,
			Action: do, Chosen: nonEmpty(filled[do]), Beside: filled,
		})
	}
	s.back(w, r, at, err)
}

// owns reports whether a view, where one is named, is a person's own.
func (s *Slack) owns(view, user string) bool {
	s.state.Lock()
	defer s.state.Unlock()
	return view == "" || (s.views[view] != nil && s.views[view].user == user)
}

func nonEmpty(said []string) (out []string) {
	for _, one := range said {
		if one != "" {
			out = append(out, one)
		}
	}
	return out
}

// readForm answers itself when the form cannot be read.
func readForm(w http.ResponseWriter, r *http.Request) (where, bool) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form cannot be read: go back and try again", http.StatusBadRequest)
		return where{}, false
	}
	return whereOf(r.PostForm), true
}

// back shows the page again; an error becomes what the person reads on it.
func (s *Slack) back(w http.ResponseWriter, r *http.Request, at where, err error) {
	if err != nil {
		s.notice(at.As, err.Error())
	}
	http.Redirect(w, r, at.URL(), http.StatusSeeOther)
}

func (s *Slack) command(w http.ResponseWriter, r *http.Request) {
	at, ok := readForm(w, r)
	if !ok {
		return
	}
	room := at.Room
	if room == "" {
		room = at.As
	}
	_, err := s.Command(r.Context(), at.As, room, strings.TrimSpace(r.PostForm.Get("text")))
	s.back(w, r, at, err)
}

func (s *Slack) visit(w http.ResponseWriter, r *http.Request) {
	at, ok := readForm(w, r)
	if !ok {
		return
	}
	_, err := s.Home(r.Context(), at.As)
	s.back(w, r, where{As: at.As, Home: true}, err)
}

// question is the dialog before a button that asks for it.
type question struct {
	where
	Title, Confirm, Deny string
	Text                 template.HTML
	Danger               bool
	Fields               []pair
}

type pair struct{ Name, Value string }

// ask shows the confirmation of an element, and carries the form on.
func (s *Slack) ask(w http.ResponseWriter, r *http.Request) {
	at, ok := readForm(w, r)
	if !ok {
		return
	}
	q, err := s.question(at, r.PostForm)
	if err != nil {
		s.back(w, r, at, err)
		return
	}
	paint(w, "confirm", q)
}

func (s *Slack) question(at where, form url.Values) (question, error) {
	s.state.Lock()
	defer s.state.Unlock()
	a := Act{User: at.As, Channel: form.Get("channel"), TS: form.Get("ts"), View: form.Get("view"), Action: form.Get("do")}
	on, err := s.surface(a)
	if err != nil {
		return question{}, err
	}
	_, e, err := find(typed(on.blocks), a)
	if err != nil {
		return question{}, err
	}
	if e.Confirm == nil {
		return question{}, errNoSuch
	}
	p := painter{eyes: s.eyes(at.As)}
	q := question{
		where: at, Title: entities.Replace(said(e.Confirm.Title)), Confirm: entities.Replace(said(e.Confirm.Confirm)), Deny: entities.Replace(said(e.Confirm.Deny)),
		Text: p.text(e.Confirm.Text), Danger: e.Confirm.Style == "danger",
	}
	for name, all := range form {
		for _, value := range all {
			q.Fields = append(q.Fields, pair{name, value})
		}
	}
	return q, nil
}
