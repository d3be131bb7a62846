package slack_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/channels/slack"
)

func TestADigestIsOneShortMessage(t *testing.T) {
	t.Parallel()
	base, last := saying(t, http.StatusOK, `{"ok":true,"channel":"D1","ts":"1.2"}`)
	late := []holdfast.TaskCard{{Title: "Call <Dana>", Account: "Acme", Due: time.Unix(1, 0), Overdue: true}}
	var many []holdfast.TaskCard
	for range 500 {
		many = append(many, holdfast.TaskCard{Title: strings.Repeat("&", 300), Account: strings.Repeat("é", 300), Due: time.Unix(1, 0)})
	}
	d := slack.Digest{Open: 501, Done: 3, Overdue: late, Coming: many}
	for range 40 {
		d.Reports = append(d.Reports, slack.Report{Name: "Kim <K>", Overdue: many})
	}
	if err := open(t, base).PostDigest(t.Context(), "U00000SAM", "2026-03-02", d, time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	got := last()
	if got.Get("text") != "Your week: 501 tasks open, 1 overdue, 3 done last week" || got.Get("channel") != "U00000SAM" || strings.Contains(got.Get("metadata"), `"touch":`) || !strings.Contains(got.Get("metadata"), `{"digest":"2026-03-02"}`) {
		t.Errorf("got %v", got)
	}
	blocks := got.Get("blocks")
	for _, want := range []string{`Call \u0026lt;Dana\u0026gt;`, `*Overdue with Kim \u0026lt;K\u0026gt;*`, "… and late work with"} {
		if !strings.Contains(blocks, want) {
			t.Errorf("the digest does not say %s:\n%s", want, blocks)
		}
	}
	if len(blocks) > 10_000 {
		t.Errorf("%d bytes of blocks", len(blocks))
	}
	if !(slack.Digest{}).Empty() || d.Empty() {
		t.Error("what is empty is mistaken")
	}
}
