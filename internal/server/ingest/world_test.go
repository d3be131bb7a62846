package ingest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/internal/clock"
	"holdfast/internal/intake"
	"holdfast/internal/project"
	"holdfast/internal/server/ingest"
	"holdfast/internal/store"
	"holdfast/internal/store/memory"
	"holdfast/internal/tokens"
	"holdfast/playbooks"
	"holdfast/rules"
)

// start is when the recordings were made, about.
var start = time.Date(2026, 11, 22, 15, 37, 0, 0, time.UTC)

const settings = `project: p
sender: {name: S, email: s@example.com}
---
schema: account
fields:
  name: {type: string}
  plan: {type: string}
  arr: {type: int}
  mrr: {type: int}
  renewal_date: {type: date}
  secret_note: {type: string}
---
schema: contact
fields: {email: {type: string}, plan: {type: string}}
---
event: Login
fields: {count: {type: int}}
---
event: Feature Shipped
of: all
fields: {topics: {type: strings}}
---
metric: logins
count: Login
`

const documents = `source: app
kind: segment
allow:
  events: ["*"]
  fields: [name, plan, arr, mrr, renewal_date, email]
---
source: narrow
kind: segment
allow: {events: [Login, Feature *, Feature Shipped], fields: [name]}
---
source: crm
kind: segment
allow: {events: ["*"], merges: true}
---
source: billing
kind: cloudevents
allow: {events: ["*"]}
`

// world is a handler on a real listener.
type world struct {
	t       testing.TB
	Handler *ingest.Handler
	url     string
	keys    map[string]string // by source
	ids     map[string]string // of the tokens, by source
	clock   *clock.Virtual
	store   store.Store
	counts  *ingest.Counts
	hook    ingest.Hook
	mux     http.Handler
	front   func(http.Handler) http.Handler
}

func newWorld(t testing.TB, change ...func(*world)) *world {
	t.Helper()
	return newWorldOver(t, memory.New(), change...)
}

func newWorldOver(t testing.TB, st store.Store, change ...func(*world)) *world {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"holdfast.yaml": settings, "sources.yaml": documents} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, found, err := project.Load(dir)
	if err != nil || len(found) > 0 {
		t.Fatal(err, found)
	}
	w := &world{t: t, keys: map[string]string{}, ids: map[string]string{}, clock: clock.NewVirtual(start), store: st, counts: &ingest.Counts{}}
	in := &intake.Intake{
		Store: st, Clock: w.clock, Rules: func() *rules.Set { return p.Rules }, Playbooks: func() []*playbooks.Playbook { return nil },
		ByDigest: func(string) (*playbooks.Playbook, error) { return nil, store.ErrNotFound },
		Log:      slog.New(slog.DiscardHandler),
		MayWrite: func(name string) intake.Writes {
			if s := p.Source(name); s != nil {
				return s.Allow
			}
			return nil
		},
	}
	w.Handler = &ingest.Handler{
		Store: st, Receive: in.Receive, Source: p.Source, Clock: w.clock, Machine: w.clock,
		Hook:  func(*project.Source) ingest.Hook { return w.hook },
		OfAll: func(event string) bool { return p.Rules.OfAll(event) },
		Count: w.counts.Add, Log: slog.New(slog.DiscardHandler),
	}
	for _, s := range []string{"app", "narrow", "crm", "billing", "gone"} {
		w.update(func(tx store.Tx) error {
			secret, k, err := tokens.Create(tx, tokens.New{Name: "the " + s, Scopes: []string{"ingest:" + s}}, start)
			w.keys[s], w.ids[s] = secret, k.ID
			return err
		})
	}
	for _, f := range change {
		f(w)
	}
	mux := http.NewServeMux()
	w.Handler.Register(mux)
	w.mux = mux
	var h http.Handler = mux
	if w.front != nil {
		h = w.front(mux)
	}
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	w.url = srv.URL
	return w
}

func (w *world) update(fn func(tx store.Tx) error) {
	w.t.Helper()
	if err := w.store.Update(context.Background(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// call posts a body with headers in pairs.
func (w *world) call(path, body string, headers ...string) (status int, answer string, h http.Header) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return res.StatusCode, string(text), res.Header
}

// post is call as a source.
func (w *world) post(source, path, body string) (int, string) {
	w.t.Helper()
	status, text, _ := w.call(path, body, "Authorization", basic(w.keys[source]))
	return status, text
}

func basic(key string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(key+":"))
}

// events of an account by their time, as "source kind name/contact".
func (w *world) events(account string) (said []string) {
	w.t.Helper()
	if err := w.store.View(context.Background(), func(tx store.Tx) error {
		es, err := tx.Events(account, nil, time.Time{}, time.Time{}, 0)
		said = nil
		for _, e := range es {
			said = append(said, strings.Join(strings.Fields(strings.Join([]string{e.Source, e.Kind, e.Event, e.Contact}, " ")), " "))
		}
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	return said
}

// all events there are.
func (w *world) all() (n int) {
	w.t.Helper()
	if err := w.store.View(context.Background(), func(tx store.Tx) error {
		for n = 0; ; n++ {
			if _, err := tx.Event(int64(n + 1)); err != nil {
				return nil //nolint:nilerr // the end
			}
		}
	}); err != nil {
		w.t.Fatal(err)
	}
	return n
}

func zipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
