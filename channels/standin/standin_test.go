package standin_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/channels/standin"
)

const mail = `{"from":{"email":"a@x.example"},"subject":"s","personalizations":[{"to":[{"email":"b@y.example"}],"custom_args":{"touch":"t1"}}],
  "content":[{"type":"text/plain","value":"x"}]}`

func send(t *testing.T, p *standin.Pair, body string) (int, error) {
	t.Helper()
	return sendIn(t.Context(), t, p, body)
}

func sendIn(ctx context.Context, t *testing.T, p *standin.Pair, body string) (int, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.SendGridURL+"/v3/mail/send", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer k")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}

func start(t *testing.T, o standin.Options) *standin.Pair {
	t.Helper()
	p, err := standin.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func TestCountsSurviveARestartAndATornLine(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "record.jsonl")
	p := start(t, standin.Options{File: file})
	for range 2 {
		if status, err := send(t, p, mail); status != http.StatusAccepted || err != nil {
			t.Fatalf("got %d, %v, want 202", status, err)
		}
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("{\"touch\":\"t9\n"); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()

	again := start(t, standin.Options{File: file})
	if _, err := send(t, again, strings.ReplaceAll(mail, "t1", "t2")); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"t1": 2, "t2": 1}, again.Counts()); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{"t1": 2}, standin.Twice(again.Counts())); diff != "" {
		t.Errorf("twice (-want +got):\n%s", diff)
	}
}

func TestWhoLeavesBeforeTheMiddleOfAnAnswerWasNotHeard(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		latency, patience time.Duration
		want              int
	}{
		"stays":  {latency: 20 * time.Millisecond, patience: time.Hour, want: 1},
		"leaves": {latency: time.Hour, patience: 100 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, standin.Options{Plan: &standin.Plan{Latency: c.latency}})
			ctx, cancel := context.WithTimeout(t.Context(), c.patience)
			defer cancel()
			_, err := sendIn(ctx, t, p, mail)
			if got := p.Counts()["t1"]; got != c.want || (err == nil) != (c.want == 1) {
				t.Errorf("accepted %d times, want %d (%v)", got, c.want, err)
			}
		})
	}
}

func TestTheDocumentedLimitsAreKept(t *testing.T) {
	t.Parallel()
	p := start(t, standin.Options{})
	for name, body := range map[string]string{
		"no JSON":             `{`,
		"no sender":           strings.Replace(mail, `"email":"a@x.example"`, `"name":"a"`, 1),
		"no subject":          strings.Replace(mail, `"subject":"s",`, ``, 1),
		"no recipient":        strings.Replace(mail, `{"email":"b@y.example"}`, ``, 1),
		"the same one twice":  strings.Replace(mail, `{"email":"b@y.example"}`, `{"email":"b@y.example"},{"email":"B@y.example"}`, 1),
		"no content":          strings.Replace(mail, `{"type":"text/plain","value":"x"}`, ``, 1),
		"empty content":       strings.Replace(mail, `"value":"x"`, `"value":""`, 1),
		"text after HTML":     strings.Replace(mail, `{"type":"text/plain"`, `{"type":"text/html","value":"y"},{"type":"text/plain"`, 1),
		"a reserved header":   strings.Replace(mail, `"custom_args"`, `"headers":{"Bcc":"x"},"custom_args"`, 1),
		"an address as an id": strings.Replace(mail, `"t1"`, `"b@y.example"`, 1),
		"too many ids":        strings.Replace(mail, `"t1"`, `"`+strings.Repeat("x", 10_001)+`"`, 1),
		"11 categories":       strings.Replace(mail, `"subject"`, `"categories":["1","2","3","4","5","6","7","8","9","10","11"],"subject"`, 1),
	} {
		if status, err := send(t, p, body); status != http.StatusBadRequest || err != nil {
			t.Errorf("%s: got %d, %v, want 400", name, status, err)
		}
	}
	if len(p.Counts()) != 0 {
		t.Errorf("accepted %v, want nothing", p.Counts())
	}
}

func TestAStandInStaysOnThisMachine(t *testing.T) {
	t.Parallel()
	if p, err := standin.Start(t.Context(), standin.Options{SendGrid: "0.0.0.0:0"}); err == nil {
		_ = p.Close()
		t.Error("listening on every address: got no error")
	}
	for _, bad := range []string{"7", "x:0.1", "7:2", "7:-1"} {
		if _, err := standin.ParsePlan(bad); err == nil {
			t.Errorf("faults %q: got no error", bad)
		}
	}
}
