// Package preferences is the page behind the unsubscribe link of a mail: what a
// recipient chooses about our outreach. Reading it changes nothing, since mail
// scanners follow links; a POST does (RFC 8058). The token in its address is all
// the authority there is, and stands in no log.
package preferences

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"holdfast"
	"holdfast/internal/clock"
	"holdfast/internal/links"
	"holdfast/internal/store"
)

// maxBody is the most that a choice may have: a form of one field.
const maxBody = 16 << 10

// Door is where recipients come in. All fields are required. Safe for concurrent use.
type Door struct {
	Store store.Store
	Clock clock.Clock
	Keys  links.Keys
	// Emit takes an event of ours into the same transaction, so that what it ends
	// ends in that commit; Poke is called after it.
	Emit func(tx store.Tx, m holdfast.Message) error
	Poke func()
	// Project is the company's name and language, as they are now.
	Project func() (name, locale string)
	Log     *slog.Logger
}

// Handler answers GET and POST below /u/. A link that is not ours is answered
// like one that has gone: 404, the same page, nothing written.
func (d *Door) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /u/{token}", d.show)
	mux.HandleFunc("POST /u/{token}", d.take)
	return mux
}

func (d *Door) show(w http.ResponseWriter, r *http.Request) {
	var p person
	touch, ok := d.Keys.Open(links.Unsubscribe, r.PathValue("token"))
	err := store.ErrNotFound
	if ok {
		err = d.Store.View(r.Context(), func(tx store.Tx) (err error) {
			p, err = d.find(tx, touch)
			return err
		})
	}
	d.answer(w, r, p, err, false)
}

// take does what a form says: the one click of a mail client, or the page's own.
func (d *Door) take(w http.ResponseWriter, r *http.Request) {
	touch, ok := d.Keys.Open(links.Unsubscribe, r.PathValue("token"))
	if !ok {
		d.answer(w, r, person{}, store.ErrNotFound, false)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if err := r.ParseMultipartForm(maxBody); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		http.Error(w, "this is no form", http.StatusBadRequest)
		return
	}
	choice, how := Choice(r.PostForm.Get("choice")), "the preference page"
	if strings.EqualFold(r.PostForm.Get("List-Unsubscribe"), "One-Click") { // RFC 8058, 3.2
		choice, how = Stop, "one click in the mail"
	}
	if !choice.known() {
		http.Error(w, "this form chooses nothing", http.StatusBadRequest)
		return
	}
	p, err := d.choose(r.Context(), touch, choice, how)
	d.answer(w, r, p, err, true)
}

// choose records what the recipient of a touch wants, and how they said it. Once
// more is harmless. A touch that is not in the ledger, or that reached none of the
// customer's people, is store.ErrNotFound.
func (d *Door) choose(ctx context.Context, touch string, c Choice, how string) (p person, err error) {
	err = d.Store.Update(ctx, func(tx store.Tx) (err error) {
		if p, err = d.find(tx, touch); err != nil || p.wants(c) {
			return err
		}
		if err := d.record(tx, p, c, how); err != nil {
			return fmt.Errorf("record a choice: %w", err)
		}
		p, err = d.find(tx, touch)
		return err
	})
	if err == nil {
		d.Poke()
		d.Log.InfoContext(ctx, "a recipient chose", "touch", touch, "choice", string(c))
	}
	return p, err
}

// answer writes the page.
func (d *Door) answer(w http.ResponseWriter, r *http.Request, p person, err error, done bool) {
	status := http.StatusOK
	switch {
	case errors.Is(err, store.ErrNotFound):
		status, p = http.StatusNotFound, person{}
	case err != nil:
		d.Log.ErrorContext(r.Context(), "a preference page failed", "error", err)
		http.Error(w, "this does not work just now; please try again", http.StatusInternalServerError)
		return
	}
	company, locale := d.Project()
	if p.locale != "" {
		locale = p.locale
	}
	page, err := render(view{person: p, Company: company, Done: done, Known: status == http.StatusOK}, locale)
	if err != nil {
		d.Log.ErrorContext(r.Context(), "a preference page was not made", "error", err)
		http.Error(w, "this does not work just now; please try again", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(page) // whoever asked has gone
}
