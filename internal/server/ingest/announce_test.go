package ingest_test

import (
	"strings"
	"testing"

	"holdfast/internal/intake"
	"holdfast/internal/server/ingest"
)

// What reaches all accounts needs no user, and a source that names it; a * that lets
// through what concerns one account is not enough.
func TestAnAnnouncementComesFromWhoMaySayIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := map[string]string{
		"nobody": `{"type":"track","messageId":"m1","event":"Feature Shipped","properties":{"topics":["sso"]},"timestamp":"2026-11-22T15:36:00Z"}`,
		"a user": `{"type":"track","messageId":"m2","anonymousId":"browser-7","event":"Feature Shipped","properties":{"topics":["sso"]},"timestamp":"2026-11-22T15:36:00Z"}`,
	}
	for name, text := range who {
		_, answer, _ := w.call("/v1/track", text, "Authorization", "Bearer "+w.keys["app"])
		if !strings.Contains(answer, ingest.NotAllowed) || !strings.Contains(answer, "must name it") {
			t.Errorf("%s, by a source that allows *: %s", name, answer)
		}
	}
	if n := len(w.announced()); n != 0 {
		t.Fatalf("%d announcements by who may not", n)
	}
	for name, text := range who {
		if _, answer, _ := w.call("/v1/track", text, "Authorization", "Bearer "+w.keys["narrow"]); answer != `{"success":true}` {
			t.Errorf("%s, by a source that names it: %s", name, answer)
		}
	}
	all := w.announced()
	if len(all) != 2 {
		t.Fatalf("%d announcements, want 2", len(all))
	}
	for _, a := range all {
		if a.Message.Contact != "" || a.Message.Account != "" || a.Message.Source != "narrow" {
			t.Errorf("%+v", a.Message)
		}
	}
	if _, answer, _ := w.call("/v1/track", `{"type":"track","messageId":"m3","event":"Login"}`, "Authorization", "Bearer "+w.keys["narrow"]); !strings.Contains(answer, ingest.NoUser) {
		t.Errorf("an event of one account that names nobody: %s", answer)
	}
}

func (w *world) announced() []intake.Announcement {
	w.t.Helper()
	all, err := intake.Announcements(w.t.Context(), w.store)
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}
