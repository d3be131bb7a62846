package activities_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/activities"
	"holdfast/internal/store"
)

func TestARepliedMailStopsEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoMails)
	listens(w)
	r := w.enroll("1")
	r.rest()
	r.sleep()
	h := r.touched("again")
	known, err := w.a.TakeReply(t.Context(), activities.Reply{Kind: holdfast.Replied, ID: "<r1@acme>", From: "someone@else.test", Proven: h.ID, Text: "Stop please"})
	if err != nil || !known {
		t.Fatalf("known %v, %v", known, err)
	}
	// The exit is a row already: the enrollment claims nothing more, whenever it wakes.
	w.update(func(tx store.Tx) error {
		exit, err := tx.ExitOf(r.id)
		if err == nil && exit.Outcome != "answered" {
			err = errors.New("the exit is " + exit.Outcome)
		}
		return err
	})
	if p := r.rest(); !p.Over || p.State.Outcome != "answered" {
		t.Errorf("after the reply: %+v", p)
	}
	w.clock.Move(w.clock.Now().AddDate(0, 1, 0))
	r.rest()
	if len(w.email.sent) != 2 {
		t.Errorf("%d mails, want the 2 before the reply", len(w.email.sent))
	}
	if diff := cmp.Diff([]string{"email.replied"}, w.told()); diff != "" {
		t.Error(diff)
	}
	if m := w.emitted[0]; m.Contact != "dana" || m.Props["text"] != "Stop please" || m.Props["step"] != "again" {
		t.Errorf("told %+v", m)
	}
}

func TestAReplyCountsByTokenOrFromItsRecipientAlone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		reply activities.Reply
		known bool
		want  []string
	}{
		"by token":             {activities.Reply{Kind: holdfast.Replied, From: "colleague@acme.test", Proven: "T"}, true, []string{"email.replied"}},
		"by its recipient":     {activities.Reply{Kind: holdfast.Replied, From: "dana@acme.test", Named: []string{"x", "T"}}, true, []string{"email.replied"}},
		"by somebody else":     {activities.Reply{Kind: holdfast.Replied, From: "eve@evil.test", Named: []string{"T"}}, false, nil},
		"by nobody":            {activities.Reply{Kind: holdfast.Replied, Named: []string{"T"}}, false, nil},
		"out of office":        {activities.Reply{Kind: holdfast.AutoReplied, From: "dana@acme.test", Proven: "T"}, true, []string{"email.auto_replied"}},
		"a bounce":             {activities.Reply{Kind: holdfast.Bounced, From: "dana@acme.test", Proven: "T"}, false, nil},
		"to the opt-out":       {activities.Reply{Kind: holdfast.AutoReplied, From: "dana@acme.test", OptOut: "T"}, true, []string{"contact.opted_out"}},
		"about nothing":        {activities.Reply{Kind: holdfast.Replied, From: "dana@acme.test"}, false, nil},
		"a touch that is none": {activities.Reply{Kind: holdfast.Replied, From: "dana@acme.test", Proven: "x"}, false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, twoMails)
			listens(w)
			r := w.enroll("1")
			r.rest()
			h := r.touched("opening")
			c.reply.ID = "<r1>"
			for _, id := range []*string{&c.reply.Proven, &c.reply.OptOut} {
				if *id == "T" {
					*id = h.ID
				}
			}
			for i, id := range c.reply.Named {
				if id == "T" {
					c.reply.Named[i] = h.ID
				}
			}
			for range 2 { // the provider posts it again when our answer was lost
				known, err := w.a.TakeReply(t.Context(), c.reply)
				if err != nil || known != c.known {
					t.Errorf("known %v, %v; want %v", known, err, c.known)
				}
				w.clock.Move(w.clock.Now().Add(time.Minute))
			}
			if diff := cmp.Diff(c.want, w.told()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
