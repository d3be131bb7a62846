package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/internal/store/sqlite"
)

// outboxRun keeps two messages and runs `holdfast outbox args...` on them.
func outboxRun(t *testing.T, args ...string) (string, error) {
	t.Helper()
	path := t.TempDir() + "/kept.db"
	running, err := sqlite.Open(t.Context(), path) // stays open: a server runs
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = running.Close() })
	at := time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)
	mail := holdfast.Outbound{
		Touch: "k3v9aaaa", Channel: "email", Account: "acme", Contact: "dana", Enrollment: "e1", At: at,
		To: holdfast.Address{ID: "dana", Name: "Dana\x1b[31m Doe", Email: "dana@acme.example"}, From: holdfast.Address{Email: "r@n.example"},
		Subject: "What changed", Text: "Hi Dana", HTML: "<p>Hi Dana</p>", Headers: map[string]string{"List-Unsubscribe": "<https://n.example/u>"},
	}
	task := holdfast.Outbound{
		Touch: "q7bbbbbb", Channel: "slack", Account: "globex", At: at.Add(time.Hour), To: holdfast.Address{ID: "C1", Name: "#saves"},
		Text: "Task: call", Task: &holdfast.TaskCard{Title: "Call Globex", Brief: "Usage fell", Owner: "robin", Due: at},
	}
	if err := running.Update(t.Context(), func(tx store.Tx) error {
		for _, m := range []holdfast.Outbound{mail, task} {
			if _, err := tx.PutMessage(store.Outmail{Outbound: m}); err != nil {
				return err
			}
		}
		return tx.PutTouch(store.Touch{
			ID: mail.Touch, Enrollment: "e1", Account: "acme", Playbook: "win-back", Step: "opening", Path: "opening",
			Channel: "email", Recipient: "dana", State: holdfast.Sent, ClaimedAt: at,
		})
	}); err != nil {
		t.Fatal(err)
	}

	var out bytes.Buffer
	c := outboxCommand(Streams{Out: &out, Err: &out}, func(ctx context.Context, dir string) (store.Store, error) {
		if dir != "data" {
			t.Errorf("got --dir %q, want data", dir)
		}
		return sqlite.Open(ctx, path)
	})
	c.SetArgs(append(args, "--dir", "data"))
	c.SilenceErrors, c.SilenceUsage = true, true
	err = c.ExecuteContext(t.Context())
	return out.String(), err
}

func TestOutboxListIsATableOldestFirst(t *testing.T) {
	t.Parallel()
	got, err := outboxRun(t, "list")
	want := strings.Join([]string{
		"AT                ACCOUNT  PLAYBOOK  CHANNEL  TO                                SUBJECT       TOUCH",
		"2026-03-02 09:30  acme     win-back  email    Dana[31m Doe <dana@acme.example>  What changed  k3v9aaaa",
		"2026-03-02 10:30  globex             slack    #saves (C1)                       Call Globex   q7bbbbbb",
		"",
	}, "\n")
	if err != nil || got != want {
		t.Errorf("error %v, got:\n%s\nwant:\n%s", err, got, want)
	}
}

func TestOutboxListNarrowsAndSpeaksJSON(t *testing.T) {
	t.Parallel()
	got, err := outboxRun(t, "list", "--account", "acme", "--json")
	var row outboxRow
	if err != nil || json.Unmarshal([]byte(got), &row) != nil || row.Touch != "k3v9aaaa" || row.Playbook != "win-back" || row.Step != "opening" {
		t.Errorf("error %v, got %s", err, got)
	}
}

func TestOutboxShowHasHeadersAndText(t *testing.T) {
	t.Parallel()
	got, err := outboxRun(t, "show", "k3v9")
	want := `Touch: k3v9aaaa
Account: acme
Playbook: win-back / opening
Channel: email
Date: Mon, 02 Mar 2026 09:30:00 +0000
From: r@n.example
To: Dana[31m Doe <dana@acme.example>
Subject: What changed
List-Unsubscribe: <https://n.example/u>

Hi Dana
`
	if err != nil || got != want {
		t.Errorf("error %v, got:\n%s\nwant:\n%s", err, got, want)
	}
	if got, err := outboxRun(t, "show", "k3v9aaaa", "--html"); err != nil || got != "<p>Hi Dana</p>\n" {
		t.Errorf("--html: got %q, %v", got, err)
	}
	if got, err := outboxRun(t, "show", "q7"); err != nil || !strings.Contains(got, "Due: Mon, 02 Mar 2026") || !strings.HasSuffix(got, "Task: call\n\nUsage fell\n") {
		t.Errorf("task: got %q, %v", got, err)
	}
}

func TestOutboxShowSaysWhatItCannotFind(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]holdfast.Code{"show nothing": holdfast.NotFound, "show q7 --html": holdfast.NotFound} {
		if _, err := outboxRun(t, strings.Fields(args)...); holdfast.CodeOf(err) != want {
			t.Errorf("%s: got %v, want code %s", args, err, want)
		}
	}
}
