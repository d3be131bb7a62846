package crash

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/internal/clock"
)

// feed hands accounts in, some at a time, between the product's lives. Each
// starts one enrollment.
type feed struct {
	total, given int
	batches      int
	bounce       bool // one address in two hundred cannot be reached, and one account in twenty leaves as it came
}

// next is the next batch as a file: share accounts that start, and what those
// of before do meanwhile. Every fifth is talked to, which a wait_for hears;
// every tenth leaves, which ends it.
func (f *feed) next(t *testing.T, share int) string {
	t.Helper()
	now := clock.System{}.Now()
	var b strings.Builder
	for i := range f.given {
		switch {
		case i%10 == 3 && i/10 == f.batches-1:
			line(&b, now, "track", i, map[string]any{"event": "Account Churned", "messageId": fmt.Sprintf("churned-%d", i)})
		case i%5 == 1:
			line(&b, now, "track", i, map[string]any{"event": "Conversation Held", "messageId": fmt.Sprintf("held-%d-%d", i, f.batches)})
		}
	}
	share = min(share, f.total-f.given)
	for i := f.given; i < f.given+share; i++ {
		line(&b, now, "group", i, map[string]any{"messageId": fmt.Sprintf("group-%d", i), "traits": map[string]any{"name": fmt.Sprintf("Customer %d", i), "owner": "sam"}})
		line(&b, now, "identify", i, map[string]any{
			"messageId": fmt.Sprintf("identify-%d", i), "userId": fmt.Sprintf("dana-%d", i),
			"traits": map[string]any{"email": f.address(i), "first_name": "Dana", "role": "champion"},
		})
		line(&b, now, "track", i, map[string]any{"messageId": fmt.Sprintf("saved-%d", i), "event": "Account Saved"})
		if f.bounce && i%20 == 8 {
			line(&b, now.Add(time.Millisecond), "track", i, map[string]any{"messageId": fmt.Sprintf("left-%d", i), "event": "Account Churned"})
		}
	}
	f.given += share
	f.batches++
	file := filepath.Join(t.TempDir(), "batch.jsonl")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// address of an account's contact. What is sent to bounce@ does.
func (f *feed) address(i int) string {
	name := "dana"
	if f.bounce && i%200 == 7 {
		name = "bounce"
	}
	return fmt.Sprintf("%s@customer-%d.example", name, i)
}

func line(b *strings.Builder, at time.Time, kind string, account int, m map[string]any) {
	m["type"], m["timestamp"] = kind, at.Format(time.RFC3339Nano)
	m["context"] = map[string]any{"groupId": fmt.Sprintf("customer-%03d", account)}
	text, err := json.Marshal(m)
	if err == nil {
		b.Write(append(text, '\n'))
	}
}

// take gives the house the next share.
func (f *feed) take(ctx context.Context, t *testing.T, h *house, share int) {
	t.Helper()
	h.run(ctx, t, "import", "--live", "--dir", h.data, "--project", h.project, f.next(t, share))
}
