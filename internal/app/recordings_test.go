package app_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/store"
	"holdfast/internal/tokens"
)

// recorded is a call that a real client has made.
type recorded struct {
	Path    string            `json:"path"`
	Headers map[string]string `json:"headers"`
	Raw     int               `json:"raw_bytes"`
	Body    string            `json:"body"` // plain, whatever it was
}

func recording(t *testing.T, name string) (calls []recorded) {
	t.Helper()
	dir := os.Getenv("HOLDFAST_CONFORMANCE")
	if dir == "" {
		t.Skip("HOLDFAST_CONFORMANCE names no directory of recordings")
	}
	f, err := os.Open(filepath.Join(dir, "recordings", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var c recorded
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		calls = append(calls, c)
	}
	return calls
}

// replay makes a call as the client did: its bytes, its headers, its key.
func (in *inbound) replay(c recorded) {
	in.t.Helper()
	body := c.Body
	var headers []string
	for name, v := range c.Headers {
		switch name {
		case "host", "connection", "content-length", "accept-encoding":
		default:
			headers = append(headers, name, v)
		}
		if name == "content-encoding" && v == "gzip" {
			body = zipped(in.t, body)
		}
	}
	if status, text := in.post(c.Path, body, headers...); status != http.StatusOK {
		in.t.Errorf("%s: got %d %s", c.Path, status, text)
	}
}

// What the SDKs have sent gives each account, contact and event once: in the order
// in which they sent it, in any other, and again.
func TestWhatRealClientsSendIsInOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		key, account, contact string
		events                []string
		fields                map[string]any
	}{
		"segment-analytics-node.jsonl": {"wk_test", "acct-1", "u-1",
			[]string{"app track Signed Up u-1", "app identify u-1", "app group u-1", "app track Feature Used u-1", "app track page u-1", "app track screen u-1"},
			map[string]any{"name": "Acme", "plan": "enterprise", "renewal_date": "2026-12-31", "arr": json.Number("120000"), "u-1.email": "amy@acme.test", "u-1.name": "Amy", "u-1.plan": "pro"}},
		"rudder-sdk-node.jsonl": {"wk_rudder", "acct-2", "u-2",
			[]string{"app identify u-2", "app group u-2", "app track Support Ticket Opened u-2", "app track page u-2"},
			map[string]any{"name": "Beta", "renewal_date": "2026-11-30", "u-2.email": "bob@acme.test"}},
		"segment-analytics-go-v3.jsonl": {"wk_go", "acct-3", "u-3",
			[]string{"app identify u-3", "app group u-3", "app track Seat Removed u-3", "app track page u-3"},
			map[string]any{"name": "Gamma", "mrr": json.Number("900"), "u-3.email": "cy@acme.test", "u-3.plan": "pro"}},
	} {
		for order, sort := range map[string]func([]recorded){"as sent": func([]recorded) {}, "backwards": slices.Reverse[[]recorded]} {
			t.Run(name+", "+order, func(t *testing.T) {
				t.Parallel()
				calls := recording(t, name)
				in := newInbound(t, nil)
				in.update(func(tx store.Tx) error { // the key of the recording
					return tx.PutToken(store.Token{ID: "tok_" + c.key, Hash: tokens.Hash(c.key), Scopes: []string{"ingest:app"}, CreatedAt: in.Clock.Now()})
				})
				sort(calls)
				for range 2 {
					for _, one := range calls {
						in.replay(one)
					}
				}
				got := in.events(c.account)
				slices.Sort(c.events)
				if d := cmp.Diff(c.events, got); d != "" {
					t.Errorf("events (-want +got):\n%s", d)
				}
				if n := in.all(); n != len(c.events) {
					t.Errorf("%d events are in", n)
				}
				in.hasFields(c.account, c.contact, c.fields)
			})
		}
	}
}

func (in *inbound) hasFields(account, contact string, want map[string]any) {
	in.t.Helper()
	fields := map[string]any{}
	in.view(func(tx store.Tx) error {
		a, err := tx.Account(account)
		if err != nil {
			return err
		}
		p, err := tx.Contact(contact)
		for name, f := range a.Fields {
			fields[name] = f.Value
		}
		for name, f := range p.Fields {
			fields[contact+"."+name] = f.Value
		}
		if !a.Known || p.Account != account {
			in.t.Errorf("the account is known: %v; the contact is of %q", a.Known, p.Account)
		}
		return err
	})
	for name := range fields {
		if strings.HasSuffix(name, ".id") || name == "id" {
			delete(fields, name)
		}
	}
	if d := cmp.Diff(want, fields); d != "" {
		in.t.Errorf("fields (-want +got):\n%s", d)
	}
}

func zipped(t *testing.T, text string) string {
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
