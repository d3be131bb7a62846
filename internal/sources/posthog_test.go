package sources_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/sources"
)

// posthog takes what PostHog's SDKs batch: events name their group below the sign
// that is part of PostHog's names, and groups are told of in events of their own.
// Their uuid may be empty, so that ids are left to the body.
const posthog = `
mapping:
  - each: body.batch
    when: item.event == "$groupidentify" && item.properties["$group_type"] == "company"
    account: item.properties["$group_key"]
    at: item.timestamp
    fields: item.properties["$group_set"]
  - each: body.batch
    when: item.type == "capture"
    event: {cel: item.event}
    account: item.properties["$groups"].company
    contact: item.distinct_id
    at: item.timestamp
    props: {feature: item.properties.feature}
`

// The recording is of the SDK for Go, which sent an event and a group in one call.
func TestAMappingTakesTheRecordedPostHogSDK(t *testing.T) {
	t.Parallel()
	a := mapped(t, posthog)
	ids := map[string]int{}
	want := []string{
		`group "" of acct-4/ at 2026-11-22T15:36:42Z {"name":"Delta"}`,
		`track "feature_used" of acct-4/u-4 at 2026-11-22T15:36:42Z {"feature":"export"}`,
	}
	for _, l := range conformance(t, "recordings", "posthog-go.jsonl") {
		var rec struct {
			Path, Body string
			Headers    map[string]string
		}
		if err := json.Unmarshal(l, &rec); err != nil {
			t.Fatal(err)
		}
		r := sources.Request{Method: http.MethodPost, URL: "https://in.northwind.example" + rec.Path, Header: http.Header{}, Body: []byte(rec.Body), At: now}
		for name, v := range rec.Headers {
			r.Header.Set(name, v)
		}
		for range 2 { // sent again, it is the same
			ms := said(t, a, r)
			if d := cmp.Diff(want, lines(ms)); d != "" {
				t.Errorf("messages (-want +got):\n%s", d)
			}
			for _, m := range ms {
				ids[m.ID]++
			}
		}
	}
	if len(ids) != 2 {
		t.Errorf("ids are %v, want two", ids)
	}
}
