package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestStandinListensRecordsAndStops(t *testing.T) {
	t.Parallel()
	record := filepath.Join(t.TempDir(), "accepted.jsonl")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, in := io.Pipe()
	c := standinCommand(Streams{Out: in, Err: io.Discard})
	c.SetArgs([]string{"--record", record, "--slack-hooks", "http://127.0.0.1:1/hooks/slack", "--signing-secret", "s"})
	ended := make(chan error, 1)
	go func() { ended <- c.ExecuteContext(ctx) }()

	ready, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var at struct{ SendGrid, Slack string }
	if err := json.Unmarshal(ready, &at); err != nil || !strings.HasPrefix(at.SendGrid, "http://127.0.0.1:") {
		t.Fatalf("got %s, %v", ready, err)
	}
	res, err := http.PostForm(at.Slack+"/chat.postMessage", url.Values{"token": {"x"}, "channel": {"C1"}, "text": {"hi"}})
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res, err = http.Get(strings.TrimSuffix(at.Slack, "api")); err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil || res.StatusCode != http.StatusOK || !strings.Contains(string(page), "Slack stand-in") {
		t.Errorf("its page: got %s, %v", page, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("got %v from an interrupt", err)
	}
	if b, err := os.ReadFile(record); err != nil || !strings.Contains(string(b), `"provider":"slack"`) {
		t.Errorf("record: %s, %v", b, err)
	}
}
