package app_test

import (
	"strings"
	"testing"
	"time"

	"holdfast/channels/standin"
	"holdfast/internal/clock"
	"holdfast/internal/config"
)

// TestWorkIsPutOffAndGivenOnInSlack: the card follows its task to another person.
func TestWorkIsPutOffAndGivenOnInSlack(t *testing.T) {
	t.Parallel()
	w := newSlackWorld(t, config.Environment{})
	w.walk()
	card := w.last("U00000SAM")

	// Later than the playbook waits for it: the form says so.
	w.click("U00000SAM", card, "holdfast_snooze")
	w.submit("U00000SAM", standin.Values{"until/answer": {"date"}, "date/answer": {"2027-03-01"}, "reason/answer": {"Dana is away"}})
	if open := w.slack.Slack.Modals("U00000SAM"); len(open) != 1 || !strings.Contains(open[0].Errors["date"], "the playbook waits for it until") {
		t.Fatalf("the form says %+v", open)
	}
	w.submit("U00000SAM", standin.Values{"until/answer": {"tomorrow"}, "reason/answer": {"Dana is away"}})
	w.redraw()
	contains(t, "the card", w.last("U00000SAM").Blocks, "put off until", "holdfast_done")

	w.click("U00000SAM", w.last("U00000SAM"), "holdfast_reassign")
	w.submit("U00000SAM", standin.Values{"to/answer": {"lea"}, "reason/answer": {"I am away"}})
	w.walk()
	old, fresh := w.last("U00000SAM"), w.last("U00000LEA")
	contains(t, "the card of who had it", old.Blocks, "Somebody else has it now", "Lea Lead")
	if strings.Contains(string(old.Blocks), `"actions"`) {
		t.Errorf("who had it can still click: %s", old.Blocks)
	}
	contains(t, "the card of who has it", fresh.Blocks, "Lea Lead", "put off until", "holdfast_done")

	// When it falls due the card says so by itself.
	w.a.Clock.(*clock.Virtual).Move(w.a.Clock.Now().Add(48 * time.Hour))
	w.redraw()
	contains(t, "the late card", w.last("U00000LEA").Blocks, "*Overdue*")

	// Who clicks on the old card hears that it is not theirs, and nothing changes.
	w.click("U00000LEA", fresh, "holdfast_cannot")
	w.submit("U00000LEA", standin.Values{"reason/answer": {"nobody answers"}})
	w.redraw()
	contains(t, "the closed card", w.last("U00000LEA").Blocks, "*Cannot be done* by Lea Lead", "nobody answers")
}
