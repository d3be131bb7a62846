package slack_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
)

const cardID = "aaaaaaaaaaaaaaaaaaaaaaaaaa"

// drawn is a card as Slack gets it: a line a block, buttons in brackets.
func drawn(t *testing.T, c holdfast.TaskCard) (lines []string, raw string) {
	t.Helper()
	base, last := saying(t, http.StatusOK, `{"ok":true,"channel":"C1","ts":"1.2"}`)
	m := message("t1")
	m.Task = &c
	if _, err := open(t, base).Deliver(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	raw = last().Get("blocks")
	var blocks []struct {
		Type     string
		Text     struct{ Text string }
		Fields   []struct{ Text string }
		Elements []json.RawMessage
	}
	if err := json.Unmarshal([]byte(raw), &blocks); err != nil {
		t.Fatal(err)
	}
	for _, b := range blocks {
		line := b.Type + ": " + b.Text.Text
		for _, f := range b.Fields {
			line += " | " + f.Text
		}
		for _, e := range b.Elements {
			line += element(t, e)
		}
		lines = append(lines, line)
	}
	return lines, raw
}

func element(t *testing.T, raw json.RawMessage) string {
	t.Helper()
	var e struct {
		Type, Value, Style string
		Action             string `json:"action_id"`
		Text               json.RawMessage
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		t.Fatal(err)
	}
	if e.Type != "button" {
		return strings.Trim(string(e.Text), `"`)
	}
	var text struct{ Text string }
	if err := json.Unmarshal(e.Text, &text); err != nil || e.Value != cardID {
		t.Errorf("button %s carries %q (%v), want the task's id", e.Action, e.Value, err)
	}
	return strings.TrimSpace(fmt.Sprintf("[%s %s %s", text.Text, e.Action, e.Style)) + "]"
}

func TestCardsShowWhatTheyAskFor(t *testing.T) {
	t.Parallel()
	due := time.Date(2026, 3, 5, 9, 0, 0, 0, time.UTC)
	date := fmt.Sprintf("<!date^%d^{date_short_pretty} {time}|5 Mar 2026 09:00 UTC>", due.Unix())
	base := holdfast.TaskCard{ID: cardID, Title: "Call Dana", Brief: "*Why* it fell", Account: "A<B>", Playbook: "save", Owner: "Mira", Due: due, Why: "usage < 50"}
	work := []string{"header: Call Dana", `context: A\u0026lt;B\u0026gt; · save · Mira`, `context: Why: usage \u0026lt; 50`}
	with := func(change func(c *holdfast.TaskCard)) holdfast.TaskCard {
		c := base
		change(&c)
		return c
	}
	for name, c := range map[string]struct {
		card holdfast.TaskCard
		want []string
	}{
		"work": {base, append(work[:3:3], "section: *Due* "+date, "section: *Why* it fell",
			"actions: [Done holdfast_done primary][Snooze holdfast_snooze][Can't do holdfast_cannot][Reassign holdfast_reassign]")},
		"late, put off, with a form": {with(func(c *holdfast.TaskCard) { c.Overdue, c.Form, c.Snoozed = true, true, due }), append(work[:3:3],
			"section: :warning: *Overdue* since "+date+" · put off until "+date, "section: *Why* it fell",
			"actions: [Done … holdfast_done primary][Snooze holdfast_snooze][Can't do holdfast_cannot][Reassign holdfast_reassign]")},
		"an approval": {with(func(c *holdfast.TaskCard) {
			c.Kind, c.Amount, c.InExchange, c.AskedBy = holdfast.ApprovalCard, "15 %", "a <year>", "U0123ABCD"
		}), append(work[:3:3], "section: *Due* "+date, "section:  | *Amount*\n15 % | *In exchange*\na &lt;year&gt; | *Asked by*\n<@U0123ABCD>", "section: *Why* it fell",
			"actions: [Approve holdfast_approve primary][Deny holdfast_deny danger]")},
		"a draft": {with(func(c *holdfast.TaskCard) { c.Kind, c.Subject = holdfast.DraftCard, "Hello <Dana>" }), append(work[:3:3],
			"section: *Due* "+date, "section: *Subject* Hello &lt;Dana&gt;", "section: *Why* it fell",
			"actions: [Send holdfast_send primary][Edit holdfast_edit][Don't send holdfast_withhold danger]")},
		"done": {with(func(c *holdfast.TaskCard) {
			c.Status, c.ClosedBy, c.ClosedAt, c.Overdue = "done", "Max <M>", due, true
		}), append(work[:3:3], "section: *Due* "+date, "section: *Why* it fell",
			`context: :white_check_mark: *Done* by Max \u0026lt;M\u0026gt; on `+jsonOf(date))},
		"denied": {with(func(c *holdfast.TaskCard) {
			c.Kind, c.Amount, c.Status, c.ClosedBy, c.ClosedAt, c.ClosedReason = holdfast.ApprovalCard, "15 %", "cannot", "Max", due, "too much"
		}), append(work[:3:3], "section: *Due* "+date, "section:  | *Amount*\n15 %", "section: *Why* it fell",
			`context: :x: *Denied* by Max on `+jsonOf(date)+" · too much")},
		"expired": {with(func(c *holdfast.TaskCard) {
			c.Status, c.ClosedAt, c.ClosedReason = "expired", due, "nobody did it in time"
		}), append(work[:3:3],
			"section: *Due* "+date, "section: *Why* it fell", `context: :heavy_minus_sign: *Expired* on `+jsonOf(date)+" · nobody did it in time")},
	} {
		lines, _ := drawn(t, c.card)
		if diff := cmp.Diff(c.want, lines); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// jsonOf is s as it stands inside a JSON text.
func jsonOf(s string) string {
	p, err := json.Marshal(s)
	if err != nil {
		return err.Error()
	}
	return strings.Trim(string(p), `"`)
}

func TestACardStaysBelowWhatSlackTakes(t *testing.T) {
	t.Parallel()
	for name, long := range map[string]string{
		"letters": strings.Repeat("a", 60_000), "markup": strings.Repeat("<&>", 20_000), "emoji": strings.Repeat("😀", 20_000),
		"quotes": strings.Repeat(`"\`, 20_000), "lines": strings.Repeat("\n.", 20_000),
	} {
		for _, kind := range []holdfast.CardKind{holdfast.WorkCard, holdfast.ApprovalCard, holdfast.DraftCard} {
			for _, status := range []string{"open", "done"} {
				lines, raw := drawn(t, holdfast.TaskCard{
					ID: cardID, Kind: kind, Title: long, Brief: long, Account: long, Playbook: long, Owner: long, Why: long, Amount: long,
					InExchange: long, AskedBy: long, Subject: long, Status: status, ClosedBy: long, ClosedReason: long, Due: time.Unix(1, 0),
				})
				if len(raw) > 10_000 || len(lines) < 5 {
					t.Errorf("%s %s %s: %d bytes in %d blocks", name, kind, status, len(raw), len(lines))
				}
				if status == "open" != strings.HasPrefix(lines[len(lines)-1], "actions") {
					t.Errorf("%s %s %s ends with %s", name, kind, status, lines[len(lines)-1])
				}
			}
		}
	}
}

func TestAMessageIsChangedInPlace(t *testing.T) {
	t.Parallel()
	base, last := saying(t, http.StatusOK, `{"ok":true,"channel":"D1","ts":"1.2","text":"x"}`)
	m := message("t1")
	m.Task.Status, m.Task.ClosedBy = "done", "Mira"
	if err := open(t, base).Redraw(t.Context(), "D1/1.2", m); err != nil {
		t.Fatal(err)
	}
	got := last()
	if got.Get("channel") != "D1" || got.Get("ts") != "1.2" || !strings.Contains(got.Get("metadata"), `"t1"`) ||
		!strings.Contains(got.Get("blocks"), "*Done* by Mira") || !strings.HasPrefix(got.Get("text"), "Done: Call Dana") {
		t.Errorf("got %v", got)
	}
	for word, permanent := range map[string]bool{"message_not_found": true, "cant_update_message": true, "edit_window_closed": true, "internal_error": false, "ratelimited": false} {
		base, _ := saying(t, http.StatusOK, fmt.Sprintf(`{"ok":false,"error":%q}`, word))
		if d := failure(t, open(t, base).Redraw(t.Context(), "D1/1.2", m)); d.Permanent != permanent {
			t.Errorf("%s: %+v, want permanent %v", word, d, permanent)
		}
	}
	for _, at := range []string{"", "D1", "/1.2", "D1/"} {
		if d := failure(t, open(t, "http://127.0.0.1:1").Redraw(t.Context(), at, m)); !d.Permanent {
			t.Errorf("at %q: %+v", at, d)
		}
	}
}

func failure(t *testing.T, err error) holdfast.DeliveryError {
	t.Helper()
	d, ok := err.(*holdfast.DeliveryError) //nolint:errorlint // the channel's own word
	if !ok {
		t.Fatalf("got %v, want a delivery error", err)
	}
	return *d
}
