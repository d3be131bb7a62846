package standin

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Suppressions are SendGrid's lists of addresses that it writes to no more. Their
// faults are their own, so that sending is not disturbed. Safe for concurrent use.
type Suppressions struct {
	Plan *Plan

	mu    sync.Mutex
	lists map[string][]Suppressed
	calls []string
}

// Suppressed is an entry of a list.
type Suppressed struct {
	Email  string
	At     time.Time
	Reason string
}

// suppressionLists are the lists that can be read, as the API names them.
var suppressionLists = []string{"bounces", "invalid_emails", "spam_reports", "unsubscribes"}

// global is the list that can be written.
const global = "unsubscribes"

// NewSuppressions are empty lists without faults.
func NewSuppressions() *Suppressions {
	return &Suppressions{Plan: &Plan{}, lists: map[string][]Suppressed{}}
}

// Put enters addresses into a list, as what happens to mails does.
func (s *Suppressions) Put(list string, entries ...Suppressed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lists[list] = append(s.lists[list], entries...)
	slices.SortStableFunc(s.lists[list], func(a, b Suppressed) int { return cmp.Or(b.At.Compare(a.At), strings.Compare(a.Email, b.Email)) })
}

// Global are the addresses of the global list, sorted.
func (s *Suppressions) Global() []string { return s.In(global) }

// In are the addresses of a list, sorted.
func (s *Suppressions) In(list string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, e := range s.lists[list] {
		all = append(all, e.Email)
	}
	slices.Sort(all)
	return all
}

// Calls are the requests that came, "GET /v3/suppression/bounces?limit=…".
func (s *Suppressions) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// suppressionDoors opens the lists' part of SendGrid's API.
func (p *Provider) suppressionDoors() {
	s := p.Suppressions
	answer := func(accepts func(*http.Request) reply) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			s.mu.Lock()
			s.calls = append(s.calls, r.Method+" "+r.URL.RequestURI())
			s.mu.Unlock()
			if key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); !ok || key == "" {
				write(w, complaint(http.StatusUnauthorized, "", "authorization required"))
				return
			}
			p.conduct(w, r, s.Plan.next(), sendGridRefusals(p.clock.Now()), func() reply { return accepts(r) })
		}
	}
	for _, list := range suppressionLists {
		p.mux.HandleFunc("GET /v3/suppression/"+list, answer(func(r *http.Request) reply { return s.page(list, r.URL.Query()) }))
		if list != global {
			p.mux.HandleFunc("DELETE /v3/suppression/"+list+"/{email}", answer(func(r *http.Request) reply { return s.lift(list, r.PathValue("email")) }))
		}
	}
	p.mux.HandleFunc("POST /v3/asm/suppressions/global", answer(func(r *http.Request) reply { return s.add(r.Body, p.clock.Now()) }))
	p.mux.HandleFunc("DELETE /v3/asm/suppressions/global/{email}", answer(func(r *http.Request) reply { return s.lift(global, r.PathValue("email")) }))
}

// page is a list's entries, the newest first.
func (s *Suppressions) page(list string, q url.Values) reply {
	limit, offset, start := 500, 0, int64(0)
	for name, into := range map[string]*int{"limit": &limit, "offset": &offset} {
		if text := q.Get(name); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 0 || (name == "limit" && (n == 0 || n > 500)) {
				return complaint(http.StatusBadRequest, name, "is not a valid number")
			}
			*into = n
		}
	}
	if text := q.Get("start_time"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return complaint(http.StatusBadRequest, "start_time", "is not a valid timestamp")
		}
		start = n
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	page := []map[string]any{}
	for _, e := range s.lists[list] {
		if e.At.Unix() < start {
			continue
		}
		if offset--; offset >= 0 {
			continue
		}
		if len(page) == limit {
			break
		}
		page = append(page, map[string]any{"created": e.At.Unix(), "email": e.Email, "reason": e.Reason})
	}
	return reply{status: http.StatusOK, body: page}
}

func (s *Suppressions) add(body io.Reader, now time.Time) reply {
	var m struct {
		Emails []string `json:"recipient_emails"`
	}
	if json.NewDecoder(io.LimitReader(body, maxBody)).Decode(&m) != nil || len(m.Emails) == 0 {
		return complaint(http.StatusBadRequest, "recipient_emails", "at least one email address is required")
	}
	for _, e := range m.Emails {
		if !strings.Contains(e, "@") {
			return complaint(http.StatusBadRequest, "recipient_emails", "invalid email address: "+e)
		}
	}
	for _, e := range m.Emails {
		if !slices.Contains(s.Global(), e) {
			s.Put(global, Suppressed{Email: e, At: now})
		}
	}
	return reply{status: http.StatusCreated, body: m}
}

func (s *Suppressions) lift(list, email string) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := len(s.lists[list])
	s.lists[list] = slices.DeleteFunc(s.lists[list], func(e Suppressed) bool { return e.Email == email })
	if len(s.lists[list]) == was {
		return complaint(http.StatusNotFound, "", "not found")
	}
	return reply{status: http.StatusNoContent}
}
