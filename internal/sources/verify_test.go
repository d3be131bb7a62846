package sources_test

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"holdfast/internal/sources"
)

// conformance is a file below $HOLDFAST_CONFORMANCE, line by line.
func conformance(t *testing.T, path ...string) [][]byte {
	t.Helper()
	dir := os.Getenv("HOLDFAST_CONFORMANCE")
	if dir == "" {
		t.Skip("HOLDFAST_CONFORMANCE names no folder of recordings")
	}
	f, err := os.Open(filepath.Join(append([]string{dir}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	var out [][]byte
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		out = append(out, bytes.Clone(lines.Bytes()))
	}
	if lines.Err() != nil || len(out) == 0 {
		t.Fatalf("%v: %d lines, %v", path, len(out), lines.Err())
	}
	return out
}

func open(t testing.TB, kind string, s sources.Settings) sources.Adapter {
	t.Helper()
	a, err := sources.Open(kind, s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// schemeOf is the signature that a line of the vectors is about. Those of Slack and
// SendGrid are judged where those come in: channels/slack and channels/email.
var schemeOf = map[string]string{
	"hubspot-v1": "hubspot", "hubspot-v2": "hubspot", "hubspot-v3": "hubspot", "intercom-sha1": "intercom", "zendesk": "zendesk",
	"segment-webhook": "segment", "standard-webhooks": "standard-webhooks", "github-sha256": "github",
	"slack-v0": "", "sendgrid-ecdsa": "",
}

// madeAt is when a vector was signed, for the schemes that say it.
var madeAt = map[string]time.Time{
	"hubspot-v3": time.UnixMilli(1_789_999_999_000), "zendesk": time.Date(2026, 8, 21, 0, 0, 1, 0, time.UTC),
	"standard-webhooks": time.Unix(1_790_000_000, 0),
}

func TestSignaturesAreJudgedAsRecorded(t *testing.T) {
	t.Parallel()
	judged := map[string]int{}
	for _, line := range conformance(t, "signatures", "vectors.jsonl") {
		var v struct {
			Scheme, Method, URL, Body, Secret, Note string
			Headers                                 map[string]string
			Valid                                   bool
		}
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatal(err)
		}
		name, known := schemeOf[v.Scheme]
		if !known {
			t.Errorf("nobody judges %s", v.Scheme)
		}
		if name == "" {
			continue
		}
		r := sources.Request{Method: v.Method, URL: v.URL, Header: http.Header{}, Body: []byte(v.Body), At: madeAt[v.Scheme].Add(time.Minute)}
		for h, value := range v.Headers {
			r.Header.Set(h, value)
		}
		a := open(t, "webhook", sources.Settings{Signature: &sources.Signature{Scheme: name}})
		if err := a.Verify(r, []string{v.Secret}); (err == nil) != v.Valid {
			t.Errorf("%s: %v, want valid %v", v.Scheme, err, v.Valid)
		}
		judged[v.Scheme]++
		r.Body = append(r.Body, '\n')
		if err := a.Verify(r, []string{v.Secret}); err == nil {
			t.Errorf("%s: a longer body was taken", v.Scheme)
		}
	}
	if len(judged) != 8 {
		t.Errorf("judged %v, want eight schemes", judged)
	}
}

// with is r, changed.
func with(r sources.Request, change func(*sources.Request)) sources.Request {
	r.Header, r.Body = r.Header.Clone(), bytes.Clone(r.Body)
	change(&r)
	return r
}

var now = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

func sum(of func() hash.Hash, key, text string) []byte {
	h := hmac.New(of, []byte(key))
	h.Write([]byte(text))
	return h.Sum(nil)
}

const standardSecret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

// signers sign a request as the provider's page says, at a moment; window tells
// whether the scheme says when. They are written from the pages, not from verify.go.
var signers = map[string]struct {
	header string
	window bool
	sign   func(r *sources.Request, secret string, at time.Time)
}{
	"stripe": {"Stripe-Signature", true, func(r *sources.Request, secret string, at time.Time) {
		stamp := fmt.Sprint(at.Unix())
		r.Header.Set("Stripe-Signature", "t="+stamp+",v1="+hex.EncodeToString(sum(sha256.New, secret, stamp+"."+string(r.Body)))+",v0=00")
	}},
	"hubspot": {"X-HubSpot-Signature-v3", true, func(r *sources.Request, secret string, at time.Time) {
		stamp := fmt.Sprint(at.UnixMilli())
		r.Header.Set("X-HubSpot-Request-Timestamp", stamp)
		r.Header.Set("X-HubSpot-Signature-v3", base64.StdEncoding.EncodeToString(sum(sha256.New, secret, r.Method+r.URL+string(r.Body)+stamp)))
	}},
	"zendesk": {"X-Zendesk-Webhook-Signature", true, func(r *sources.Request, secret string, at time.Time) {
		stamp := at.Format(time.RFC3339)
		r.Header.Set("X-Zendesk-Webhook-Signature-Timestamp", stamp)
		r.Header.Set("X-Zendesk-Webhook-Signature", base64.StdEncoding.EncodeToString(sum(sha256.New, secret, stamp+string(r.Body))))
	}},
	"standard-webhooks": {"Webhook-Signature", true, func(r *sources.Request, secret string, at time.Time) {
		wh, err := standardwebhooks.NewWebhook(secret) // the specification's own library
		if err != nil {
			panic(err)
		}
		s, err := wh.Sign("msg_1", at, r.Body)
		if err != nil {
			panic(err)
		}
		r.Header.Set("Webhook-Id", "msg_1")
		r.Header.Set("Webhook-Timestamp", fmt.Sprint(at.Unix()))
		r.Header.Set("Webhook-Signature", s)
	}},
	"intercom": {"X-Hub-Signature", false, func(r *sources.Request, secret string, _ time.Time) {
		r.Header.Set("X-Hub-Signature", "sha1="+hex.EncodeToString(sum(sha1.New, secret, string(r.Body))))
	}},
	"segment": {"X-Signature", false, func(r *sources.Request, secret string, _ time.Time) {
		r.Header.Set("X-Signature", hex.EncodeToString(sum(sha1.New, secret, string(r.Body))))
	}},
	"github": {"X-Hub-Signature-256", false, func(r *sources.Request, secret string, _ time.Time) {
		r.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(sum(sha256.New, secret, string(r.Body))))
	}},
}

func TestOnlyWhoKnowsTheSecretIsTaken(t *testing.T) {
	t.Parallel()
	const other = "whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
	for name, s := range signers {
		a := open(t, "webhook", sources.Settings{Signature: &sources.Signature{Scheme: name}})
		made := func(secret string, at time.Time) sources.Request {
			r := sources.Request{Method: "POST", URL: "https://in.northwind.example/in/x?t=1", Header: http.Header{}, Body: []byte(`{"a": 1}`), At: now}
			s.sign(&r, secret, at)
			return r
		}
		good := made(standardSecret, now)
		header := good.Header.Get(s.header)
		altered := func(i int) sources.Request {
			return with(good, func(r *sources.Request) { r.Body[i] ^= 1 })
		}
		headed := func(value string) sources.Request {
			return with(good, func(r *sources.Request) { r.Header.Set(s.header, value) })
		}
		for what, c := range map[string]struct {
			r       sources.Request
			secrets []string
			ok      bool
		}{
			"as it came":                {good, []string{standardSecret}, true},
			"by the old of two secrets": {good, []string{other, standardSecret}, true},
			"by the new of two secrets": {good, []string{standardSecret, other}, true},
			"four minutes late":         {made(standardSecret, now.Add(-4*time.Minute)), []string{standardSecret}, true},
			"its first byte altered":    {altered(0), []string{standardSecret}, false},
			"its last byte altered":     {altered(7), []string{standardSecret}, false},
			"shortened":                 {with(good, func(r *sources.Request) { r.Body = r.Body[:7] }), []string{standardSecret}, false},
			"without a body":            {with(good, func(r *sources.Request) { r.Body = nil }), []string{standardSecret}, false},
			"by another secret":         {good, []string{other}, false},
			"by none of two secrets":    {made("whsec_bm9uZQ==", now), []string{standardSecret, other}, false},
			"by no secret":              {made("whsec_bm9uZQ==", now), nil, false},
			"by an empty secret":        {with(good, func(r *sources.Request) { r.Header = http.Header{} }), []string{""}, false},
			"without the header":        {with(good, func(r *sources.Request) { r.Header.Del(s.header) }), []string{standardSecret}, false},
			"with an empty header":      {headed(""), []string{standardSecret}, false},
			"with half of a signature":  {headed(header[:len(header)/2]), []string{standardSecret}, false},
			"with no signature in it":   {headed("v1,"), []string{standardSecret}, false},
			"with a huge header":        {headed(strings.Repeat("9", 1<<16)), []string{standardSecret}, false},
			"six minutes late":          {made(standardSecret, now.Add(-6*time.Minute)), []string{standardSecret}, !s.window},
			"six minutes early":         {made(standardSecret, now.Add(6*time.Minute)), []string{standardSecret}, !s.window},
		} {
			err := a.Verify(c.r, c.secrets)
			if (err == nil) != c.ok {
				t.Errorf("%s: %s: %v, want taken %v", name, what, err, c.ok)
			}
			if err != nil && strings.Contains(err.Error(), "MDEyMzQ1") {
				t.Errorf("%s: %s: the error tells the secret: %v", name, what, err)
			}
		}
	}
}

func TestASignatureHoldsForItsOwnTime(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]string{
		"hubspot": "X-HubSpot-Request-Timestamp", "zendesk": "X-Zendesk-Webhook-Signature-Timestamp", "standard-webhooks": "Webhook-Timestamp",
	} {
		r := sources.Request{Method: "POST", URL: "https://in.northwind.example/in/x", Header: http.Header{}, Body: []byte(`{}`), At: now}
		signers[name].sign(&r, standardSecret, now.Add(-time.Hour))
		a := open(t, "webhook", sources.Settings{Signature: &sources.Signature{Scheme: name}})
		moved := http.Header{}
		fresh := sources.Request{Method: r.Method, URL: r.URL, Header: moved, Body: r.Body, At: now}
		signers[name].sign(&fresh, "whsec_bm9uZQ==", now)
		for _, stamp := range []string{moved.Get(header), "", "soon", "-1", "1e9", "99999999999999999999"} {
			old := with(r, func(r *sources.Request) { r.Header.Set(header, stamp) })
			if err := a.Verify(old, []string{standardSecret}); err == nil {
				t.Errorf("%s: an old signature with the time %q was taken", name, stamp)
			}
		}
	}
}

// Two secrets sign at once while Stripe and Standard Webhooks change them.
func TestOneOfSeveralSignaturesIsEnough(t *testing.T) {
	t.Parallel()
	r := sources.Request{Method: "POST", Header: http.Header{}, Body: []byte(`{}`), At: now}
	signers["stripe"].sign(&r, "new", now)
	signed := r.Header.Get("Stripe-Signature")
	signers["stripe"].sign(&r, "old", now)
	_, rest, _ := strings.Cut(signed, ",")
	r.Header.Set("Stripe-Signature", r.Header.Get("Stripe-Signature")+","+rest)
	for secret, ok := range map[string]bool{"new": true, "old": true, "other": false} {
		if err := open(t, "stripe", sources.Settings{}).Verify(r, []string{secret}); (err == nil) != ok {
			t.Errorf("stripe, %s: %v", secret, err)
		}
	}
	signers["standard-webhooks"].sign(&r, standardSecret, now)
	given := r.Header.Get("Webhook-Signature")
	for header, ok := range map[string]bool{"v1,AAAA " + given: true, given + " v1a,AAAA": true, "v2," + given[3:]: false, strings.ReplaceAll(given, "v1,", "v1a,"): false} {
		r.Header.Set("Webhook-Signature", header)
		a := open(t, "webhook", sources.Settings{Signature: &sources.Signature{Scheme: "standard-webhooks"}})
		if err := a.Verify(r, []string{standardSecret}); (err == nil) != ok {
			t.Errorf("standard webhooks, %s: %v", header, err)
		}
	}
	svix := with(r, func(r *sources.Request) {
		for _, part := range []string{"Id", "Timestamp"} {
			r.Header.Set("Svix-"+part, r.Header.Get("Webhook-"+part))
			r.Header.Del("Webhook-" + part)
		}
		r.Header.Del("Webhook-Signature")
		r.Header.Set("Svix-Signature", given)
	})
	if err := open(t, "webhook", sources.Settings{Signature: &sources.Signature{Scheme: "standard-webhooks"}}).Verify(svix, []string{standardSecret}); err != nil {
		t.Errorf("svix: %v", err)
	}
}

// The sums are those of HubSpot's own page on version 2.
func TestHubSpotsOlderSignatures(t *testing.T) {
	t.Parallel()
	const secret, address = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy", "https://www.example.com/webhook_uri"
	a := open(t, "hubspot", sources.Settings{})
	for _, c := range []struct{ method, body, signature string }{
		{"GET", "", "eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e"},
		{"POST", `{"example_field":"example_value"}`, "9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900"},
	} {
		r := sources.Request{Method: c.method, URL: address, Header: http.Header{}, Body: []byte(c.body), At: now}
		r.Header.Set("X-HubSpot-Signature", c.signature)
		r.Header.Set("X-HubSpot-Signature-Version", "v2")
		if err := a.Verify(r, []string{secret}); err != nil {
			t.Errorf("%s: %v", c.method, err)
		}
		for what, change := range map[string]func(*sources.Request){
			"another address":     func(r *sources.Request) { r.URL += "/" },
			"as version 1":        func(r *sources.Request) { r.Header.Set("X-HubSpot-Signature-Version", "v1") },
			"of no known version": func(r *sources.Request) { r.Header.Set("X-HubSpot-Signature-Version", "v9") },
			"with a wrong one of version 3 beside it": func(r *sources.Request) {
				r.Header.Set("X-HubSpot-Request-Timestamp", fmt.Sprint(now.UnixMilli()))
				r.Header.Set("X-HubSpot-Signature-v3", "AAAA")
			},
		} {
			if err := a.Verify(with(r, change), []string{secret}); err == nil {
				t.Errorf("%s, %s: was taken", c.method, what)
			}
		}
	}
	r := sources.Request{Method: "POST", URL: "https://h.example/in/h?back=https://a.example/x@y&n=1%202", Header: http.Header{}, Body: []byte("{}"), At: now}
	signers["hubspot"].sign(&r, secret, now)
	r.URL = "https://h.example/in/h?back=https%3A%2F%2Fa.example%2fx%40y&n=1%202" // as HubSpot calls; it signs what is decoded
	if err := a.Verify(r, []string{secret}); err != nil {
		t.Errorf("escapes: %v", err)
	}
}

func TestTokensAndHMACsOfOnesOwn(t *testing.T) {
	t.Parallel()
	bearer := &sources.Signature{Scheme: "token"}
	named := &sources.Signature{Scheme: "token", Header: "X-Gitlab-Token"}
	own := &sources.Signature{Scheme: "hmac", Header: "X-Acme", Algorithm: "sha512", Encoding: "base64", Prefix: "s="}
	body := `{"a":1}`
	for what, c := range map[string]struct {
		s             *sources.Signature
		header, value string
		ok            bool
	}{
		"a bearer token":         {bearer, "Authorization", "Bearer tok", true},
		"in small letters":       {bearer, "Authorization", "bearer tok", true},
		"another token":          {bearer, "Authorization", "Bearer toke", false},
		"a part of it":           {bearer, "Authorization", "Bearer to", false},
		"no bearer":              {bearer, "Authorization", "Basic tok", false},
		"no token":               {bearer, "Authorization", "Bearer ", false},
		"in a header of its own": {named, "X-Gitlab-Token", "tok", true},
		"in another header":      {named, "Authorization", "Bearer tok", false},
		"an hmac":                {own, "X-Acme", "s=34xbNQkKK9qU+BPYGWy+t02A04nti5Pbz2CSTHlVZWR9ZWr3+vYVGlCk117aOBpUWrdlDLyxvdgdDvgylGDDpA==", true},
		"an hmac without prefix": {own, "X-Acme", "34xbNQkKK9qU+BPYGWy+t02A04nti5Pbz2CSTHlVZWR9ZWr3+vYVGlCk117aOBpUWrdlDLyxvdgdDvgylGDDpA==", false},
	} {
		r := sources.Request{Method: "POST", Header: http.Header{}, Body: []byte(body), At: now}
		r.Header.Set(c.header, c.value)
		if err := open(t, "webhook", sources.Settings{Signature: c.s}).Verify(r, []string{"other", "tok"}); (err == nil) != c.ok {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestAWebhookNeedsAWayToKnowWhoSends(t *testing.T) {
	t.Parallel()
	if _, err := sources.Open("webhook", sources.Settings{}); err == nil || !strings.Contains(err.Error(), "signature:") {
		t.Errorf("got %v", err)
	}
	if _, err := sources.Open("salesforce", sources.Settings{}); err == nil || !strings.Contains(err.Error(), "stripe") {
		t.Errorf("got %v", err)
	}
}
