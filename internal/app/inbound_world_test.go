package app_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/internal/app"
	"holdfast/internal/clock"
	"holdfast/internal/store"
	"holdfast/internal/telemetry"
	"holdfast/internal/tokens"
)

// inboundProject takes what SDKs send; app may say everything but secret_note.
const inboundProject = `
-- holdfast.yaml --
project: inbound
sender: {name: S, email: s@ours.example}
-- rules/schema.yaml --
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
-- sources/app.yaml --
source: app
kind: segment
allow:
  events: ["*"]
  fields: [name, plan, arr, mrr, renewal_date, email]
`

// inbound is a product that others hand events in to, on a listener, over a store
// on disk and the machine's clock.
type inbound struct {
	*app.App
	t   *testing.T
	url string
}

// newInbound puts front, unless nil, between the listener and the doors.
func newInbound(t *testing.T, front func(http.Handler) http.Handler) *inbound {
	t.Helper()
	return openInbound(t, inboundProject, front)
}

// openInbound is newInbound of another project, watched.
func openInbound(t *testing.T, files string, front func(http.Handler) http.Handler) *inbound {
	t.Helper()
	in := &inbound{App: newWorld(t, files).open(0, func(c *app.Config) {
		c.Virtual, c.Telemetry = nil, telemetry.New(clock.System{})
	}), t: t}
	h, err := in.Public()
	if err != nil {
		t.Fatal(err)
	}
	if front != nil {
		h = front(h)
	}
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	in.url = srv.URL
	return in
}

func (in *inbound) update(fn func(tx store.Tx) error) {
	in.t.Helper()
	if err := in.Store.Update(in.t.Context(), fn); err != nil {
		in.t.Fatal(err)
	}
}

func (in *inbound) view(fn func(tx store.Tx) error) {
	in.t.Helper()
	if err := in.Store.View(in.t.Context(), fn); err != nil {
		in.t.Fatal(err)
	}
}

// key of a new token for the source app.
func (in *inbound) key() string {
	in.t.Helper()
	return in.keyOf("app")
}

func (in *inbound) keyOf(source string) (secret string) {
	in.t.Helper()
	in.update(func(tx store.Tx) (err error) {
		secret, _, err = tokens.Create(tx, tokens.New{Scopes: []string{"ingest:" + source}}, in.Clock.Now())
		return err
	})
	return secret
}

// events of an account, sorted, as "source kind name contact".
func (in *inbound) events(account string) (said []string) {
	in.t.Helper()
	in.view(func(tx store.Tx) error {
		es, err := tx.Events(account, nil, time.Time{}, time.Time{}, 0)
		for _, e := range es {
			said = append(said, strings.Join(strings.Fields(strings.Join([]string{e.Source, e.Kind, e.Event, e.Contact}, " ")), " "))
		}
		return err
	})
	slices.Sort(said)
	return said
}

// all counts the events there are.
func (in *inbound) all() (n int) {
	in.t.Helper()
	in.view(func(tx store.Tx) error {
		for n = 0; ; n++ {
			if _, err := tx.Event(int64(n + 1)); errors.Is(err, store.ErrNotFound) {
				return nil
			} else if err != nil {
				return err
			}
		}
	})
	return n
}

// post a body with headers in pairs.
func (in *inbound) post(path, body string, headers ...string) (int, string) {
	in.t.Helper()
	r, err := http.NewRequestWithContext(in.t.Context(), http.MethodPost, in.url+path, bytes.NewReader([]byte(body)))
	if err != nil {
		in.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		in.t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(res.Body)
	if err != nil {
		in.t.Fatal(err)
	}
	return res.StatusCode, string(text)
}
