package temporal

import (
	"context"
	"errors"
	"flag"
	"strings"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"holdfast"
	"holdfast/internal/clock"
	"holdfast/internal/temporal/temporaltest"
)

var elsewhere = flag.Bool("elsewhere", false, "run against Temporal's own server, a process apart; builds that server")

const (
	keyA = "a:QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
	keyB = "b:QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI="
)

func keysOf(t *testing.T, texts ...string) *PayloadKeys {
	t.Helper()
	k, err := ParsePayloadKeys(texts)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestAPayloadIsReadByWhoHasItsKey(t *testing.T) {
	t.Parallel()
	plain := &commonpb.Payload{Metadata: map[string][]byte{"encoding": []byte("json/plain")}, Data: []byte(`"a secret"`)}
	one, err := keysOf(t, keyA).Encode([]*commonpb.Payload{plain, plain})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(one[0].GetData()), "secret") || string(one[0].GetData()) == string(one[1].GetData()) {
		t.Errorf("two of one text: %q, %q", one[0].GetData(), one[1].GetData())
	}
	two, err := keysOf(t, keyB, keyA).Decode([]*commonpb.Payload{one[0], plain}) // one of old in plain text beside it
	if err != nil || !proto.Equal(two[0], plain) || !proto.Equal(two[1], plain) {
		t.Errorf("got %v, %v", two, err)
	}
	changed := func(change func(*commonpb.Payload)) *commonpb.Payload {
		p := proto.CloneOf(one[0])
		change(p)
		return p
	}
	for name, c := range map[string]struct {
		keys *PayloadKeys
		p    *commonpb.Payload
		want string
	}{
		"without the key":    {keysOf(t, keyB), one[0], `encrypted with key "a", which HOLDFAST_PAYLOAD_KEYS does not have`},
		"another of that id": {keysOf(t, strings.Replace(keyB, "b:", "a:", 1)), one[0], "another key of that id, or the payload was changed"},
		"changed on its way": {keysOf(t, keyA), changed(func(p *commonpb.Payload) { p.Data[20] ^= 1 }), "was changed"},
		"cut off":            {keysOf(t, keyA), changed(func(p *commonpb.Payload) { p.Data = p.Data[:3] }), "was changed"},
		"under another id": {keysOf(t, keyA, strings.Replace(keyA, "a:", "c:", 1)), changed(func(p *commonpb.Payload) {
			p.Metadata[encryptedBy] = []byte("c")
		}), "was changed"},
	} {
		if _, err := c.keys.Decode([]*commonpb.Payload{c.p}); holdfast.CodeOf(err) != holdfast.Invalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeysThatAreNoneAreNamedWithoutTheirBytes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"QUFBQUFB": "key 2 of HOLDFAST_PAYLOAD_KEYS has no id before a colon", ":QUFB": "has no id", "b:???": "(b) is not base64",
		"b:QUFB": "(b) has 3 bytes; a key has 32", strings.Replace(keyB, "b:", "a:", 1): "has the id a of another", "b/c:QUFB": "has no id",
	} {
		_, err := ParsePayloadKeys([]string{keyA, text})
		if holdfast.CodeOf(err) != holdfast.Invalid || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "QUFB") {
			t.Errorf("%s: %v", text, err)
		}
	}
	if k, err := ParsePayloadKeys(nil); k != nil || err != nil || k.IDs() != nil || k.Sum("a") != "" {
		t.Errorf("no keys: %v, %v", k, err)
	}
}

// TestElsewhereAWorkerWithoutTheKeyFailsNothing: what it cannot read waits for a
// worker that can. Failures are encrypted as well.
func TestElsewhereAWorkerWithoutTheKeyFailsNothing(t *testing.T) {
	t.Parallel()
	if !*elsewhere {
		t.Skip("starts other processes: give -elsewhere")
	}
	server := temporaltest.Start(t, Namespace)
	connect := func(keys ...string) client.Client {
		c, err := Client(t.Context(), ClientOptions{HostPort: server.Address(), Keys: keysOf(t, keys...)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		return c
	}
	work := func(c client.Client) (stop func()) {
		w := Worker(c, TaskQueue, func(r Registry) {
			r.RegisterWorkflowWithOptions(func(ctx workflow.Context, text string) (string, error) {
				ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1}})
				err := workflow.ExecuteActivity(ctx, "fails", text).Get(ctx, nil)
				return text + " and " + err.Error(), nil
			}, workflow.RegisterOptions{Name: "echo"})
			r.RegisterActivityWithOptions(func(_ context.Context, text string) error { return errors.New("a private failure of " + text) }, activity.RegisterOptions{Name: "fails"})
		})
		if err := w.Start(); err != nil {
			t.Fatal(err)
		}
		return w.Stop
	}
	has := connect(keyA)
	run, err := has.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "w", TaskQueue: TaskQueue, WorkflowTaskTimeout: time.Second}, "echo", "a secret")
	if err != nil {
		t.Fatal(err)
	}
	stop := work(connect(keyB))
	raw := connect()
	for tried := false; !tried; { // it was handed the task, and did not answer in time
		if err := clock.Sleep(t.Context(), 200*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		text := historyOf(t, raw)
		tried = strings.Contains(text, "EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT")
		if strings.Contains(text, "WORKFLOW_EXECUTION_FAILED") {
			t.Fatalf("the workflow failed:\n%s", text)
		}
	}
	stop()
	defer work(has)()
	var got string
	if err := run.Get(t.Context(), &got); err != nil || !strings.Contains(got, "a secret and ") || !strings.Contains(got, "a private failure of a secret") {
		t.Errorf("got %q, %v", got, err)
	}
	if text := historyOf(t, raw); strings.Contains(text, "secret") || strings.Contains(text, "private") || !strings.Contains(text, "ACTIVITY_TASK_FAILED") {
		t.Errorf("it is readable:\n%s", text)
	}
	if ids, err := KeysIn(t.Context(), raw, "w"); err != nil || len(ids) > 0 {
		t.Errorf("one that is over needs %v, %v", ids, err)
	}
}

// historyOf is what Temporal keeps of workflow w, payloads as their bytes.
func historyOf(t *testing.T, c client.Client) string {
	t.Helper()
	var b strings.Builder
	for it := c.GetWorkflowHistory(t.Context(), "w", "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); it.HasNext(); {
		e, err := it.Next()
		if err != nil {
			t.Fatal(err)
		}
		bytes, err := proto.Marshal(e) // strings and payloads as they are
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(protojson.Format(e))
		b.Write(bytes)
	}
	return b.String()
}
