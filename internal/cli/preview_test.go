package cli

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

const previewed = `
-- holdfast.yaml --
project: ours
rules: library
sender: {name: Success, email: success@ours.example}
-- accounts.csv --
id,name,status
acme,<script>alert(1)</script>,active
-- contacts.csv --
id,account,email,first_name,role
dana,acme,dana@acme.example,Dana,champion
-- playbooks/hello.yaml --
playbook: hello
class: service
trigger: {id: ticket, on: Support Ticket Opened}
steps:
  - {id: mail, email: hello, to: [contacts.champion]}
-- templates/hello.md --
---
subject: "Hello {{ account.name }}"
---
Hello {{ account.name }}
`

func unpacked(t *testing.T, files string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(files)).Files {
		path := filepath.Join(dir, f.Name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, f.Data, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestAPreviewIsServedInAFrameWithoutScripts(t *testing.T) {
	t.Parallel()
	dir := unpacked(t, previewed)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, in := io.Pipe()
	c := previewCommand(Streams{Out: in, Err: io.Discard})
	c.SetArgs([]string{"hello", "--account", "acme", "--project", dir, "--dir", filepath.Join(dir, "none"), "--open", "127.0.0.1:0"})
	ended := make(chan error, 1)
	go func() { ended <- c.ExecuteContext(ctx) }()
	url := ""
	for lines := bufio.NewScanner(out); url == "" && lines.Scan(); {
		_, url, _ = strings.Cut(lines.Text(), "look at it: ")
	}
	if url == "" {
		t.Fatalf("it says no address: %v", <-ended)
	}
	for path, want := range map[string]string{"": "<iframe sandbox", "/body": "Hello &lt;script&gt;alert(1)&lt;/script&gt;"} {
		res, err := http.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err := errors.Join(err, res.Body.Close()); err != nil {
			t.Fatal(err)
		}
		csp := res.Header.Get("Content-Security-Policy")
		if res.StatusCode != http.StatusOK || !strings.Contains(string(body), want) || strings.Contains(string(body), "<script") || csp == "" {
			t.Errorf("%s: got %d, policy %q\n%s", path, res.StatusCode, csp, body)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("got %v from an interrupt", err)
	}
}
