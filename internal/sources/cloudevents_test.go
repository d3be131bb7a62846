package sources_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"holdfast/internal/sources"
)

const recorded = `track "com acme subscription renewal_due" of acct-5/ at 2026-03-01T00:00:00Z {"account_id":"acct-5","arr":5000}`

// The recording is of the SDK for Go, which sent one event in both modes.
func TestTheRecordedSDKSaysTheSameInBothModes(t *testing.T) {
	t.Parallel()
	a := open(t, "cloudevents", sources.Settings{})
	ids := map[string]int{}
	for _, l := range conformance(t, "recordings", "cloudevents-go.jsonl") {
		var rec struct {
			Method, Path, Body string
			Headers            map[string]string
		}
		if err := json.Unmarshal(l, &rec); err != nil {
			t.Fatal(err)
		}
		r := sources.Request{Method: rec.Method, URL: "https://in.northwind.example" + rec.Path, Header: http.Header{}, Body: []byte(rec.Body), At: now}
		for name, v := range rec.Headers {
			r.Header.Set(name, v)
		}
		ms := said(t, a, r)
		if got := strings.Join(lines(ms), ""); got != recorded {
			t.Errorf("got %s", got)
		}
		for _, m := range ms {
			ids[m.ID]++
		}
	}
	if len(ids) != 1 {
		t.Errorf("the same event has the ids %v", ids)
	}
}

func TestCloudEventsInAllModes(t *testing.T) {
	t.Parallel()
	a := open(t, "cloudevents", sources.Settings{})
	const event = `{"specversion":"1.0","id":"1","source":"s","type":"Plan Changed","subject":"acme","time":"2026-03-01T00:00:00Z","data":{"plan":"team"}`
	typed := func(media, body string, headers ...string) sources.Request {
		r := post(body)
		r.Header.Set("Content-Type", media)
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		return r
	}
	binary := []string{"Ce-Specversion", "1.0", "Ce-Id", "1", "Ce-Source", "s", "Ce-Type", "Plan Changed", "Ce-Subject", "acme"}
	const at = " at 2026-03-01T00:00:00Z "
	for name, c := range map[string]struct {
		r    sources.Request
		want string
	}{
		"structured":              {typed("application/cloudevents+json; charset=utf-8", event+`}`), `track "Plan Changed" of acme/` + at + `{"plan":"team"}`},
		"with extensions":         {typed("application/cloudevents+json", event+`,"account":"own","contact":"u-1"}`), `track "Plan Changed" of own/u-1` + at + `{"plan":"team"}`},
		"batched":                 {typed("application/cloudevents-batch+json", `[`+event+`},`+event+`}]`), `track "Plan Changed" of acme/` + at + `{"plan":"team"}|track "Plan Changed" of acme/` + at + `{"plan":"team"}`},
		"an empty batch":          {typed("application/cloudevents-batch+json", `[]`), ""},
		"binary, without a time":  {typed("application/json", `{"plan":"team"}`, binary...), `track "Plan Changed" of acme/ at 2026-11-02T09:00:00Z {"plan":"team"}`},
		"binary, with escapes":    {typed("application/vnd.acme+json", `[1]`, append(binary, "Ce-Type", "Caf%C3%A9%20Opened")...), `track "Café Opened" of acme/ at 2026-11-02T09:00:00Z {"data":[1]}`},
		"binary, without data":    {typed("", "", binary...), `track "Plan Changed" of acme/ at 2026-11-02T09:00:00Z {}`},
		"data in base64":          {typed("application/cloudevents+json", `{"specversion":"1.0","id":"1","source":"s","type":"a.b","data_base64":"`+base64.StdEncoding.EncodeToString([]byte(`{"account_id":7}`))+`"}`), `track "a b" of 7/ at 2026-11-02T09:00:00Z {"account_id":7}`},
		"in a request of no type": {typed("text/plain", event+`}`), `track "Plan Changed" of acme/` + at + `{"plan":"team"}`},
	} {
		if got := strings.Join(lines(said(t, a, c.r)), "|"); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
	for name, r := range map[string]sources.Request{
		"version 0.3":       typed("application/cloudevents+json", strings.Replace(event, "1.0", "0.3", 1)+`}`),
		"no id":             typed("application/cloudevents+json", strings.Replace(event, `"id":"1",`, "", 1)+`}`),
		"no source":         typed("application/cloudevents+json", strings.Replace(event, `"source":"s",`, "", 1)+`}`),
		"no account":        typed("application/cloudevents+json", strings.Replace(event, `"subject":"acme",`, "", 1)+`}`),
		"a time of no kind": typed("application/cloudevents+json", strings.Replace(event, "2026-03-01T", "yesterday", 1)+`}`),
		"data of XML":       typed("application/xml", `<a/>`, binary...),
		"base64 of XML":     typed("application/cloudevents+json", `{"specversion":"1.0","id":"1","source":"s","type":"a","datacontenttype":"text/xml","data_base64":"PGEvPg=="}`),
		"no base64":         typed("application/cloudevents+json", `{"specversion":"1.0","id":"1","source":"s","type":"a","data_base64":"%"}`),
		"a batch of one":    typed("application/cloudevents-batch+json", event+`}`),
		"a list":            typed("application/cloudevents+json", `[]`),
	} {
		if ms, _, err := a.Messages(r); err == nil || len(ms) != 0 {
			t.Errorf("%s: got %v", name, ms)
		}
	}
	ms, refused, err := a.Messages(typed("application/cloudevents-batch+json", `[`+event+`},{"id":"2"},7,`+event+`}]`))
	if len(ms) != 2 || len(refused) != 2 || refused[0].Place != "[1]" || refused[1].Place != "[2]" || err != nil {
		t.Errorf("of a batch with two bad ones: %v, %v, %v", lines(ms), refused, err)
	}
}
