package intake_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"holdfast/internal/calendar"
)

// silentFor sets how long the source of all messages may say nothing: off, or a span.
func (w *world) silentFor(text string) {
	w.t.Helper()
	after := calendar.Span{}
	if text != "off" {
		var err error
		if after, err = calendar.ParseSpan(text); err != nil {
			w.t.Fatal(err)
		}
	}
	w.Silence = func(source string) (calendar.Span, bool) {
		if source != "test" {
			return calendar.Span{}, false
		}
		return after, text == "off"
	}
}

func TestSettingsSayWhenASourceIsSilent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		silence string
		learned bool   // for three weeks; else for four days
		dies    int    // days
		want    string // who enters, and what is held
	}{
		"off":                             {"off", true, 2, "a003 []"},
		"sooner than anything is learned": {"6h", false, 2, ` [gone gone true 1 nothing of source "test" has come from anybody since 2026-03-09 09:00 UTC, and silence: says 6h]`},
		"not before it":                   {"3d", false, 2, "a003 []"},
		"later than is usual, for its events as well": {"4d", true, 2, "a003 []"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, onGone)
			w.silentFor(c.silence)
			w.people(0, 4)
			if c.learned {
				w.days(21, 7, upTo(4)...)
			} else {
				w.days(4, 7, upTo(4)...)
			}
			w.days(3, 7, 0, 1, 2) // a003 is quiet for three days
			w.days(c.dies, 7)
			held := fmt.Sprint(w.heldTriggers())
			if got := w.active() + " " + held; got != c.want {
				t.Errorf("got %s\nwant %s", got, c.want)
			}
		})
	}
}

// A trigger that is suspended goes on when the settings say that its feed is not silent.
func TestAnotherSettingLetsGoOnWhoWaits(t *testing.T) {
	t.Parallel()
	for _, silence := range []string{"off", "30d"} {
		w := newWorld(t, onGone)
		w.people(0, 4)
		w.days(21, 7, upTo(4)...)
		w.days(3, 7, 0, 1, 2)
		w.days(2, 7)
		if len(w.heldTriggers()) != 1 || w.active() != "" {
			t.Fatalf("held %v, %q entered", w.heldTriggers(), w.active())
		}
		if _, err := w.Publish(context.Background(), w.Playbooks()); err != nil {
			t.Fatal(err)
		}
		w.run(time.Hour)
		if len(w.heldTriggers()) != 1 {
			t.Errorf("%s: the same settings again let it go on", silence)
		}
		w.silentFor(silence)
		if _, err := w.Publish(context.Background(), w.Playbooks()); err != nil {
			t.Fatal(err)
		}
		w.run(25 * time.Hour)
		if got := w.active(); !strings.Contains(got, "a003") || len(w.heldTriggers()) != 0 {
			t.Errorf("%s: %q entered, held %v", silence, got, w.heldTriggers())
		}
	}
}
