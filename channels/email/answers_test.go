package email_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestAnAnswerReachesTheSenderAndUs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ to, copy, want string }{
		{"", "", ""},
		{"owner@ours.example", "", `"reply_to":{"email":"owner@ours.example"}`},
		{"", "reply+x@in.ours.example", `"reply_to_list":[{"email":"robin@northwind.example"},{"email":"reply+x@in.ours.example"}]`},
		{"owner@ours.example", "reply+x@in.ours.example", `"reply_to_list":[{"email":"owner@ours.example"},{"email":"reply+x@in.ours.example"}]`},
	} {
		base, last := answering(t, http.StatusAccepted, nil, "")
		m := message("t1")
		m.ReplyTo, m.ReplyCopy = c.to, c.copy
		if _, err := open(t, base, false).Deliver(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		if got := last(); !strings.Contains(got, c.want) || strings.Count(got, "reply_to") != strings.Count(c.want, "reply_to") {
			t.Errorf("%q and %q: got %s, want %s in it", c.to, c.copy, got, c.want)
		}
	}
	m := message("t1")
	m.ReplyCopy = "reply@in.ours.example, evil@else.example"
	if _, err := open(t, "http://127.0.0.1:1", false).Deliver(t.Context(), m); err == nil || !strings.Contains(err.Error(), "reply address") {
		t.Errorf("two addresses in one: got %v", err)
	}
}
