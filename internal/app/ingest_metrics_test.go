package app_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"holdfast/internal/server/ingest"
	"holdfast/internal/telemetry"
)

const droppingProject = inboundProject + `
-- sources/narrow.yaml --
source: narrow
kind: segment
allow: {events: [Login], fields: [name]}
-- sources/bus.yaml --
source: bus
kind: cloudevents
allow: {events: [Login]}
`

// metrics are the lines that /metrics shows on a listener.
func (in *inbound) metrics() []string {
	in.t.Helper()
	srv := httptest.NewServer(in.Operations(""))
	defer srv.Close()
	r, err := http.NewRequestWithContext(in.t.Context(), http.MethodGet, srv.URL+"/metrics", nil)
	if err != nil {
		in.t.Fatal(err)
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
	return strings.Split(string(text), "\n")
}

// Whatever the doors drop, withhold or keep waiting is among the metrics, by source
// and by each reason that there is.
func TestWhatTheDoorsDropIsShownAmongTheMetrics(t *testing.T) {
	t.Parallel()
	in := openInbound(t, droppingProject, nil)
	const here = `"userId":"u","context":{"groupId":"acme"}`
	deep, long := strings.Repeat("[", 50)+strings.Repeat("]", 50), strings.Repeat("x", 33<<10)
	said := map[string]string{
		ingest.NotAllowed: `{"type":"track","event":"Logout",` + here + `}`,
		ingest.Forged:     `{"type":"track","event":"email.replied",` + here + `}`,
		ingest.NoUser:     `{"type":"track","event":"Login"}`,
		ingest.NoEvent:    `{"type":"track",` + here + `}`,
		ingest.NoGroup:    `{"type":"group","userId":"u"}`,
		ingest.BadType:    `{"type":"buy",` + here + `}`,
		ingest.BadShape:   `5`,
		ingest.BadTime:    `{"type":"track","event":"Login","timestamp":"1970-01-01T00:00:00Z",` + here + `}`,
		ingest.BadText:    `{"type":"track","event":"` + "\xff" + `",` + here + `}`,
		ingest.TooLarge:   `{"type":"track","event":"` + long + `",` + here + `}`,
		ingest.TooDeep:    `{"type":"track","event":"Login","properties":{"x":` + deep + `},` + here + `}`,
		ingest.Refused:    `{"type":"group","userId":"u","groupId":"` + long[:300] + `"}`,
		ingest.Alias:      `{"type":"alias","userId":"u","previousId":"v"}`,
	}
	batch := []string{
		`{"type":"group","messageId":"1","userId":"u","groupId":"acme","traits":{"name":"Acme","arr":5,"mrr":6}}`, // two are withheld
		`{"type":"track","messageId":"2","event":"Login","userId":"stranger"}`,
	}
	var want []string
	for reason, message := range said {
		batch = append(batch, message, message)
		want = append(want, `holdfast_messages_refused_total{reason="`+reason+`",source="narrow"} 2`)
	}
	call := func(source, path, body string, headers ...string) {
		t.Helper()
		headers = append(headers, "Authorization", "Bearer "+in.keyOf(source), "Content-Type", "application/cloudevents-batch+json")
		if status, text := in.post(path, body, headers...); status != http.StatusOK {
			t.Fatalf("%s: got %d %s", source, status, text)
		}
	}
	call("narrow", "/v1/batch", `{"batch":[`+strings.Join(batch, ",")+`]}`)
	call("bus", "/in/bus", `[{"specversion":"1.0"}]`)
	want = append(want,
		`holdfast_messages_refused_total{reason="unread",source="bus"} 1`,
		`holdfast_messages_total{result="taken",source="narrow"} 1`,
		`holdfast_messages_total{result="waiting",source="narrow"} 1`,
		`holdfast_messages_total{result="withheld",source="narrow"} 2`)
	shown := in.metrics()
	for _, line := range want {
		if !slices.Contains(shown, line) {
			t.Errorf("no line %s", line)
		}
	}
	for _, line := range shown {
		if strings.HasPrefix(line, "holdfast_messages") && !slices.Contains(want, line) {
			t.Errorf("a line that nobody caused: %s", line)
		}
	}
	if n := len(said) + 1; n != len(ingest.Reasons()) {
		t.Errorf("%d reasons were tried, of %d", n, len(ingest.Reasons()))
	}
}

func TestEachReasonIsInTheTableOfMetrics(t *testing.T) {
	t.Parallel()
	all := telemetry.Metrics()
	of := func(name string) string {
		return all[slices.IndexFunc(all, func(m telemetry.Metric) bool { return m.Name == name })].Help
	}
	for _, reason := range ingest.Reasons() {
		if !strings.Contains(of("holdfast_messages_refused_total"), reason) {
			t.Errorf("%s is not named", reason)
		}
	}
	for _, result := range []string{ingest.Taken, ingest.Repeated, ingest.Parked, ingest.Withheld} {
		if !strings.Contains(of("holdfast_messages_total"), result) {
			t.Errorf("%s is not named", result)
		}
	}
}
