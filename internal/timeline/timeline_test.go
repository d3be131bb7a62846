package timeline_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"holdfast/internal/store"
	"holdfast/internal/timeline"
)

func story() timeline.Story {
	at := func(d int) time.Time { return time.Date(2026, 2, 2+d, 9, 0, 0, 0, time.UTC) }
	return timeline.Story{Title: "<a> & b", Zone: time.FixedZone("there", 3600), Note: "it goes on", Lines: []store.Line{
		{At: at(0), Kind: "enroll", Reason: "half_year"},
		{At: at(0), Path: "hello", Kind: "shift", To: "dana", Local: at(1).Format(time.RFC3339), Reason: "send_window"},
		{At: at(1), Path: "hello", Kind: "email", To: "dana", Outcome: "sent"},
		{At: at(1), Path: "settle", Kind: "wait", Local: at(9).Format(time.RFC3339), Reason: `waits "8" days`},
		{At: at(9), Path: "top[<x>]/call", Kind: "task", To: "sam", Outcome: "opened"},
		{At: at(11), Path: "top[<x>]/call", Kind: "task", To: "sam", Outcome: "done"},
		{At: at(11), Path: "late", Kind: "task", Outcome: "opened"},
		{At: at(12), Path: "why", Kind: "branch", Outcome: "taken"},
		{At: at(12), Path: "last", Kind: "skip", Outcome: "skipped", Reason: "cap"},
	}}
}

func TestAPictureIsWellFormedAndSaysItAll(t *testing.T) {
	t.Parallel()
	svg := story().SVG()
	said := ""
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if text, ok := tok.(xml.CharData); ok {
			said += string(text) + "\n"
		}
	}
	for _, want := range []string{
		"<a> & b", "Mon 2 Feb 2026 10:00 to Tue 3 Feb 2026 10:00: to dana; at Tue 3 Feb 09:00 +00:00; send_window", `waits "8" days`,
		"Wed 11 Feb 2026 10:00 to Fri 13 Feb 2026 10:00: to sam; done", "top[<x>]/call", "skip: skipped; cap", "it goes on", "open",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("the picture does not say %q:\n%s", want, said)
		}
	}
}

func TestAPageHoldsEveryLine(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	if err := timeline.HTML(&b, "All", []timeline.Story{story(), {Title: "nothing happened"}}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<title>All</title>", "&lt;a&gt; &amp; b", "day 9", "<td>to sam; done</td>", "nothing happened"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page does not hold %q", want)
		}
	}
	if strings.Contains(b.String(), "<x>") {
		t.Error("a path became markup")
	}
}
