package activities_test

import (
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/activities"
	"holdfast/channels"
)

// late is a request that nobody has answered by its day, and the card by which the
// approver's own manager hears of it.
func late(t *testing.T) (r *run, slack *room, at string) {
	t.Helper()
	ivo := activities.Person{ID: "ivo", Name: "Ivo", Role: "manager"}
	under := boss
	under.Manager = "ivo"
	w := staffed(t, head+"\nsteps: [{id: ask, approve: Training, by: manager}, {id: close, end: told}]\n", nil, olga, under, ivo)
	slack = &room{post: post{name: "slack"}}
	w.config.Channels = map[string]channels.Channel{"email": w.email, "slack": slack}
	w.wire()
	r = w.enroll("1")
	r.rest()
	w.fire(monday.AddDate(0, 0, 8))
	r.rest()
	for at, m := range slack.shown {
		if m.Task != nil && strings.HasPrefix(m.Task.Title, "Late: ") {
			return r, slack, at
		}
	}
	t.Fatalf("nobody was told: %v", slack.shown)
	return nil, nil, ""
}

func TestALateRequestIsAnsweredWhereItIsHeardOf(t *testing.T) {
	t.Parallel()
	r, slack, at := late(t)
	c := slack.shown[at].Task
	var ask string
	for _, k := range r.tasks() {
		if k.Path == "ask" {
			ask = k.ID
		}
	}
	if c.Kind != holdfast.ApprovalCard || c.ID != ask || c.AskedBy != "Olga Owner" || !strings.Contains(c.Brief, "it was due on") || !c.Overdue {
		t.Fatalf("the card is %+v; want the buttons of request %s", c, ask)
	}
	if err := r.w.a.CloseTask(t.Context(), c.ID, "done", "ivo", nil, r.w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	r.w.redraw()
	for at, m := range slack.shown {
		if m.Task.Status != "done" || m.Task.ClosedBy != "Ivo" {
			t.Errorf("card %s is %q by %q, want done by Ivo", at, m.Task.Status, m.Task.ClosedBy)
		}
	}
	if err := r.w.a.CloseTask(t.Context(), c.ID, "done", "max", nil, r.w.clock.Now()); holdfast.CodeOf(err) != holdfast.Conflict || !strings.Contains(err.Error(), "done by ivo") {
		t.Errorf("a second click: %v", err)
	}
	if r.rest(); r.last.State.Outcome != "told" {
		t.Errorf("the playbook goes on to %q", r.last.State.Outcome)
	}
}

// TestALateRequestOfOneselfIsRefusedThere: where it is answered changes nothing
// about who may.
func TestALateRequestOfOneselfIsRefusedThere(t *testing.T) {
	t.Parallel()
	r, slack, at := late(t)
	err := r.w.a.CloseTask(t.Context(), slack.shown[at].Task.ID, "done", "olga", nil, r.w.clock.Now().Add(time.Minute))
	if holdfast.CodeOf(err) != holdfast.Unauthorized {
		t.Errorf("who asked says yes: %v", err)
	}
}
