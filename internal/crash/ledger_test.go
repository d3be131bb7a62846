package crash

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"holdfast"
	"holdfast/channels/standin"
)

// checksItsLedger has the product prove its own ledger against what the providers
// took in, and find a mail that is counted twice there and one that is missing.
func (h *house) checksItsLedger(ctx context.Context, t *testing.T) {
	t.Helper()
	said, code := h.ledgerCheck(ctx, t, h.accepted)
	t.Logf("ledger check: %s", said)
	if code != 0 || !strings.Contains(said, "each at most once, none without a state") {
		t.Errorf("ledger check found something, exit code %d:\n%s", code, said)
	}

	entries, err := standin.ReadRecord(h.accepted)
	if err != nil {
		t.Fatal(err)
	}
	var sent string // a mail that the ledger knows as sent
	for _, r := range readRuns(h.open(ctx, t), t) {
		for _, touch := range r.touches {
			if touch.Channel == "email" && touch.State == holdfast.Sent {
				sent = touch.ID
			}
		}
	}
	of := func(e standin.Entry) bool { return e.Touch == sent }
	at := slices.IndexFunc(entries, of)
	if at < 0 {
		t.Fatalf("no mail of touch %q in the record", sent)
	}
	twin := entries[at]
	twin.ID += "-again"
	for name, record := range map[string][]standin.Entry{
		"a duplicate": append(slices.Clone(entries), twin), "a loss": slices.DeleteFunc(slices.Clone(entries), of),
	} {
		said, code := h.ledgerCheck(ctx, t, write(t, record))
		if code != 1 || !strings.Contains(said, sent) {
			t.Errorf("%s was planted at %s; ledger check said, with exit code %d:\n%s", name, sent, code, said)
		}
	}
}

func (h *house) ledgerCheck(ctx context.Context, t *testing.T, accepted string) (said string, code int) {
	t.Helper()
	cmd := exec.CommandContext(ctx, "holdfast", "ledger", "check", "--dir", h.data, "--accepted", accepted)
	cmd.Env = h.env
	out, err := cmd.CombinedOutput()
	if exit, failed := errors.AsType[*exec.ExitError](err); failed {
		return string(out), exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	return string(out), 0
}

func write(t *testing.T, entries []standin.Entry) (file string) {
	t.Helper()
	var b bytes.Buffer
	for _, e := range entries {
		if err := json.NewEncoder(&b).Encode(e); err != nil {
			t.Fatal(err)
		}
	}
	file = filepath.Join(t.TempDir(), "accepted.jsonl")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
