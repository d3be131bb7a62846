package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"holdfast"
	"holdfast/internal/clock"
	"holdfast/internal/store"
	"holdfast/internal/store/memory"
	"holdfast/internal/telemetry"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// scrape is what Prometheus reads, its lines with a value.
func scrape(t *testing.T, w *telemetry.Telemetry) string {
	t.Helper()
	r := httptest.NewRecorder()
	w.Handler().ServeHTTP(r, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if r.Code != http.StatusOK {
		t.Fatalf("answered %d: %s", r.Code, r.Body)
	}
	return r.Body.String()
}

// shows fails unless each line is among those of a scrape.
func shows(t *testing.T, w *telemetry.Telemetry, lines ...string) {
	t.Helper()
	text := scrape(t, w)
	all := strings.Split(text, "\n")
	for _, line := range lines {
		if !slices.Contains(all, line) {
			t.Errorf("no line %s in\n%s", line, ours(all))
		}
	}
}

func ours(lines []string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return !strings.HasPrefix(l, "holdfast_") || strings.Contains(l, "_bucket") }), "\n")
}

func update(t *testing.T, s store.Store, fn func(tx store.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func run(id string) store.Enrollment {
	return store.Enrollment{ID: id, Playbook: "win-back", Account: "acme", EntryKey: id, Arm: "treated", Status: "active", StartedAt: noon}
}

func touch(state holdfast.TouchState) store.Touch {
	return store.Touch{ID: "t1", Enrollment: "e1", Account: "acme", Playbook: "win-back", Path: "mail", Channel: "email", State: state, ClaimedAt: noon}
}

func TestWhatIsCommittedIsCounted(t *testing.T) {
	t.Parallel()
	now := clock.NewVirtual(noon)
	w := telemetry.New(now)
	s := w.Counting(memory.New())
	update(t, s, func(tx store.Tx) error {
		m := holdfast.Message{ID: "1", Source: "crm", Kind: "track", Event: "Opened", Account: "acme", At: noon}
		_, _, err := tx.AppendEvent(m, noon)
		_, _, again := tx.AppendEvent(m, noon)
		_, enroll := tx.Enroll(run("e1"))
		return errors.Join(err, again, enroll, tx.PutTouch(touch(holdfast.Claimed)))
	})
	wrong := errors.New("no")
	if err := s.Update(t.Context(), func(tx store.Tx) error {
		_, err := tx.Enroll(run("e2"))
		return errors.Join(err, wrong)
	}); !errors.Is(err, wrong) {
		t.Fatal(err)
	}
	update(t, s, func(tx store.Tx) error { return tx.PutTouch(touch(holdfast.Sending)) })
	now.Move(noon.Add(300 * time.Millisecond))
	update(t, s, func(tx store.Tx) error {
		if _, err := tx.Touch("t1"); err != nil {
			return err
		}
		return errors.Join(tx.PutTouch(touch(holdfast.Sending)), tx.PutTouch(touch(holdfast.Sent))) // the first changes nothing
	})
	update(t, s, func(tx store.Tx) error {
		return tx.Signal(store.Signal{Enrollment: "e1", Kind: "exit", Outcome: "renewed", At: noon})
	})
	update(t, s, func(tx store.Tx) error {
		e, err := tx.Enrollment("e1")
		e.Status, e.Outcome, e.EndedAt = "ended", "renewed", noon.Add(2*time.Second)
		return errors.Join(err, tx.PutEnrollment(e), tx.PutEnrollment(e))
	})
	w.Refused("crm", "forged")
	w.Held("quiet_hours")
	shows(t, w,
		`holdfast_messages_total{result="taken",source="crm"} 1`,
		`holdfast_messages_total{result="repeated",source="crm"} 1`,
		`holdfast_messages_refused_total{reason="forged",source="crm"} 1`,
		`holdfast_enrollments_started_total{arm="treated",playbook="win-back"} 1`,
		`holdfast_enrollments_ended_total{outcome="renewed",playbook="win-back"} 1`,
		`holdfast_exits_total{playbook="win-back"} 1`,
		`holdfast_exit_close_seconds_sum 2`,
		`holdfast_touches_total{channel="email",playbook="win-back",state="claimed"} 1`,
		`holdfast_touches_total{channel="email",playbook="win-back",state="sending"} 1`,
		`holdfast_touches_total{channel="email",playbook="win-back",state="sent"} 1`,
		`holdfast_touches_held_total{reason="quiet_hours"} 1`,
		`holdfast_provider_attempt_seconds_sum{channel="email",outcome="sent"} 0.3`,
		`holdfast_store_transaction_seconds_count{kind="update",result="error"} 1`,
	)
}

func TestGaugesAreReadWhenTheyAreAskedFor(t *testing.T) {
	t.Parallel()
	now := clock.NewVirtual(noon)
	w := telemetry.New(now)
	asked := 0
	var away error
	w.Watch(func(ctx context.Context) (telemetry.Snapshot, error) {
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("the question is not bounded")
		}
		asked++
		return telemetry.Snapshot{
			Standing: store.Standing{
				Rows: 7, Oldest: 3, OldestAt: noon.Add(-time.Minute), Active: map[string]int{"win-back": 5},
				Touches: map[string]map[holdfast.TouchState]int{"email": {holdfast.Unknown: 2}},
				Tasks:   map[string]store.TaskCount{"win-back": {Open: 4, Overdue: 1}},
			},
			ScanLag: 90 * time.Second, Stopped: []string{"", "win-back"}, Paused: [][2]string{{"win-back", "fell"}},
		}, away
	})
	lines := []string{
		`holdfast_relay_rows 7`, `holdfast_enrollments_active{playbook="win-back"} 5`, `holdfast_scan_lag_seconds 90`,
		`holdfast_touches_open{channel="email",state="unknown"} 2`, `holdfast_tasks{playbook="win-back",state="open"} 4`,
		`holdfast_tasks{playbook="win-back",state="overdue"} 1`, `holdfast_stopped{playbook="(all)"} 1`,
		`holdfast_stopped{playbook="win-back"} 1`, `holdfast_trigger_paused{playbook="win-back",trigger="fell"} 1`,
	}
	shows(t, w, append(lines, `holdfast_relay_oldest_row_seconds 60`)...)
	scrape(t, w)
	if asked != 1 {
		t.Errorf("two scrapes at one moment asked %d times", asked)
	}
	now.Move(noon.Add(30 * time.Second))
	shows(t, w, append(lines, `holdfast_relay_oldest_row_seconds 90`)...) // the same row still waits
	away = errors.New("away")
	now.Move(noon.Add(time.Minute))
	if text := scrape(t, w); strings.Contains(text, "holdfast_relay_rows ") {
		t.Error("an old answer is shown as if it were true now")
	}
	away = nil
	shows(t, w, `holdfast_scrape_errors_total 1`, `holdfast_relay_rows 7`)
}

func TestLabelsHaveFewValuesAndNoAddresses(t *testing.T) {
	t.Parallel()
	w := telemetry.New(clock.System{})
	for i := range 1000 {
		w.Refused(fmt.Sprintf("source-%d", i), "forged")
	}
	for _, hostile := range []string{"ann@acme.example", "Ann Smith", "a\nb", "ä", strings.Repeat("x", 65)} {
		w.Refused(hostile, hostile)
	}
	text := scrape(t, w)
	if n := strings.Count(text, "holdfast_messages_refused_total{"); n > 202 {
		t.Errorf("%d series of one metric", n)
	}
	for _, hostile := range []string{"ann@", "Smith", "ä"} {
		if strings.Contains(text, hostile) {
			t.Errorf("%q became a label", hostile)
		}
	}
	shows(t, w, `holdfast_messages_refused_total{reason="forged",source="other"} 800`, `holdfast_messages_refused_total{reason="other",source="other"} 5`)
}

func TestCallsAreCountedByTheirDoor(t *testing.T) {
	t.Parallel()
	w := telemetry.New(clock.System{})
	mux := http.NewServeMux()
	mux.HandleFunc("POST /hooks/{secret}", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("secret") != "s3cret" {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	h := w.Doors(mux)
	for _, path := range []string{"/hooks/s3cret", "/hooks/guess", "/elsewhere/s3cret"} {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, nil))
	}
	shows(t, w, `holdfast_http_requests_total{code="204",door="POST /hooks/{secret}"} 1`,
		`holdfast_http_refused_total{door="POST /hooks/{secret}",reason="unauthorized"} 1`,
		`holdfast_http_refused_total{door="none",reason="not_found"} 1`)
	if strings.Contains(scrape(t, w), "s3cret") {
		t.Error("a secret of a path became a label")
	}
}

func TestTheEnginesOwnMetricsHaveOurLabelsOnly(t *testing.T) {
	t.Parallel()
	w := telemetry.New(clock.System{})
	h := w.Engine().WithTags(map[string]string{"namespace": "holdfast", "task_queue": "q", "worker_type": "none"})
	h.WithTags(map[string]string{"operation": "Poll"}).Counter("temporal_request").Inc(3)
	h.Counter("temporal_request").Inc(1)
	h.Gauge("temporal_num_pollers").Update(2)
	h.Timer("temporal_request_latency").Record(time.Second)
	shows(t, w,
		`temporal_request_total{activity_type="",cause="",failure_reason="",operation="Poll",poller_type="",task_queue="q",worker_type="",workflow_type=""} 3`,
		`temporal_request_total{activity_type="",cause="",failure_reason="",operation="",poller_type="",task_queue="q",worker_type="",workflow_type=""} 1`,
		`temporal_num_pollers{activity_type="",cause="",failure_reason="",operation="",poller_type="",task_queue="q",worker_type="",workflow_type=""} 2`,
		`temporal_request_latency_seconds_sum{activity_type="",cause="",failure_reason="",operation="",poller_type="",task_queue="q",worker_type="",workflow_type=""} 1`)
}

func TestNobodyWatching(t *testing.T) {
	t.Parallel()
	var w *telemetry.Telemetry
	s := memory.New()
	if w.Counting(s) != store.Store(s) || w.Engine() != nil {
		t.Error("a store is wrapped for nobody")
	}
	w.Refused("a", "b")
	w.Held("c")
	w.Watch(nil)
	called := false
	err := errors.Join(w.Walk(t.Context(), s, "e", func(context.Context) error { called = true; return nil }), w.Export(t.Context(), "x", "", nil), w.Close(t.Context()))
	if err != nil || !called {
		t.Errorf("got %v, %v", called, err)
	}
}

// collector takes spans in, as Jaeger or Tempo would.
type collector struct {
	mu    sync.Mutex
	spans []*tracepb.Span
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var req v1.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(body, &req)
	}
	if err != nil || r.URL.Path != "/v1/traces" {
		http.Error(w, "no", http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, rs := range req.GetResourceSpans() {
		for _, ss := range rs.GetScopeSpans() {
			c.spans = append(c.spans, ss.GetSpans()...)
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func (c *collector) named(t *testing.T, name string) *tracepb.Span {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []*tracepb.Span
	for _, s := range c.spans {
		if s.GetName() == name {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d spans %q of %d", len(found), name, len(c.spans))
	}
	return found[0]
}

func TestOneTraceFromTheMessageToTheTouch(t *testing.T) {
	t.Parallel()
	c := &collector{}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	now := clock.NewVirtual(noon)
	w := telemetry.New(now)
	if err := w.Export(t.Context(), server.URL+"/", "v1", slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	s := w.Counting(memory.New())
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/track", func(_ http.ResponseWriter, r *http.Request) {
		if err := s.Update(r.Context(), func(tx store.Tx) error { _, err := tx.Enroll(run("e1")); return err }); err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("POST /v1/wake", func(_ http.ResponseWriter, r *http.Request) {
		if err := s.Update(r.Context(), func(tx store.Tx) error {
			return tx.Signal(store.Signal{Enrollment: "e1", Kind: "heard", At: noon})
		}); err != nil {
			t.Error(err)
		}
	})
	call := func(path, parent string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, nil)
		r.Header.Set("traceparent", parent)
		w.Doors(mux).ServeHTTP(httptest.NewRecorder(), r)
	}
	call("/v1/track", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	call("/v1/wake", "00-11111111111111111111111111111111-b7ad6b7169203331-01")
	now.Move(noon.AddDate(0, 2, 0)) // two months later
	err := w.Walk(t.Context(), s, "e1", func(ctx context.Context) error {
		return errors.Join(
			s.Update(ctx, func(tx store.Tx) error { return tx.PutTouch(touch(holdfast.Sending)) }),
			s.Update(context.WithoutCancel(ctx), func(tx store.Tx) error { return tx.PutTouch(touch(holdfast.Sent)) }))
	})
	if err != nil {
		t.Fatal(err)
	}
	update(t, s, func(tx store.Tx) error {
		e, err := tx.Enrollment("e1")
		e.Status = "ended"
		return errors.Join(err, tx.PutEnrollment(e))
	})
	update(t, s, func(tx store.Tx) error {
		for _, key := range []string{"trace/e1", "trace_woken/e1"} {
			if kept, err := tx.MetaGet(key); kept != "" || err != nil {
				t.Errorf("%s of an ended enrollment is kept: %q, %v", key, kept, err)
			}
		}
		return nil
	})
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	parent := ""
	for _, name := range []string{"POST /v1/track", "enroll", "advance", "touch"} {
		span := c.named(t, name)
		if got := fmt.Sprintf("%x", span.GetTraceId()); got != "0af7651916cd43dd8448eb211c80319c" {
			t.Errorf("%s is in trace %s", name, got)
		}
		if parent != "" && string(span.GetParentSpanId()) != parent {
			t.Errorf("%s is not below the one before", name)
		}
		parent = string(span.GetSpanId())
		if d := span.GetEndTimeUnixNano() - span.GetStartTimeUnixNano(); d > uint64(time.Minute) {
			t.Errorf("%s lasts %s", name, time.Duration(d)) //nolint:gosec // a length of time
		}
	}
	links := c.named(t, "advance").GetLinks()
	if len(links) != 1 || fmt.Sprintf("%x", links[0].GetTraceId()) != "11111111111111111111111111111111" {
		t.Errorf("the walk does not link to what woke it: %v", links)
	}
}
