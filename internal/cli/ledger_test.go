package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/internal/store/memory"
)

// TestAFoundTouchIsShownAsFound: a note whose answer was lost, and that was looked for.
func TestAFoundTouchIsShownAsFound(t *testing.T) {
	t.Parallel()
	st := memory.New()
	t.Cleanup(func() { _ = st.Close() })
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	id := holdfast.TouchID("e1", "note", "slack", "#cs")
	h := store.Touch{
		ID: id, Enrollment: "e1", Account: "acme", Playbook: "nudge", Step: "note", Path: "note", Channel: "slack", Recipient: "#cs",
		State: holdfast.Sent, Reason: "found", ProviderID: "C1/1.0", Attempts: 1, ClaimedAt: at, SendingAt: at, DoneAt: at.Add(40 * time.Second),
	}
	if err := st.Update(t.Context(), func(tx store.Tx) error { return tx.PutTouch(h) }); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		json bool
		want []string
	}{
		{false, []string{"State: sent", "Reason: found", "Provider's id: C1/1.0", "Done: Mon, 02 Mar 2026 09:00:40 +0000"}},
		{true, []string{`"state":"sent"`, `"reason":"found"`, `"provider_id":"C1/1.0"`}},
	} {
		var out bytes.Buffer
		if err := showTouch(t.Context(), st, Streams{Out: &out}, ledgerOptions{json: c.json}, id[:6]); err != nil {
			t.Fatal(err)
		}
		said := strings.Join(strings.Fields(out.String()), " ")
		for _, want := range c.want {
			if !strings.Contains(said, want) {
				t.Errorf("does not say %s:\n%s", want, out.String())
			}
		}
	}
}
