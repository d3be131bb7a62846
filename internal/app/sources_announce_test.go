package app_test

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"holdfast/internal/intake"
)

// What reaches all accounts needs no account, and a source that names it; a * that
// lets through what concerns one is not enough.
func TestAnAnnouncementComesThroughSourcesOfOtherKinds(t *testing.T) {
	t.Parallel()
	o := openOutside(t)
	said := func() (from []string) {
		all, err := intake.Announcements(t.Context(), o.Store)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range all {
			if a.Message.Event != "Feature Shipped" || a.Message.Account != "" || fmt.Sprint(a.Message.Props["topics"]) != "[sso]" {
				t.Errorf("%+v", a.Message)
			}
			from = append(from, a.Message.Source)
		}
		return from
	}
	cloud := func(source, event string) string {
		status, answer := o.post(source, `{"specversion":"1.0","id":"1","source":"s","type":"`+event+`","data":{"topics":["sso"]}}`,
			"Content-Type", "application/cloudevents+json", "Authorization", "Bearer bus")
		return fmt.Sprint(status, answer)
	}
	if got := cloud("bus", "Feature.Shipped"); !strings.Contains(got, "must name it") || len(said()) != 0 {
		t.Errorf("by a source that allows *: %s, %v", got, said())
	}
	if got := cloud("news", "Account.Saved"); !strings.HasPrefix(got, "400") || !strings.Contains(got, "names no account") {
		t.Errorf("of one account, whose is not said: %s", got)
	}
	release := `{"type":"release","id":"r-1","topics":["sso"]}`
	for range 2 { // each is taken once
		if got := cloud("news", "Feature.Shipped"); got != `200{"success":true}` {
			t.Errorf("by a source that names it: %s", got)
		}
		status, answer := o.post("shop", release, "X-Hub-Signature-256", "sha256="+hex.EncodeToString(sum256("shop", release)))
		if status != http.StatusOK || strings.Contains(answer, "dropped") {
			t.Errorf("by a mapping: %d %s", status, answer)
		}
	}
	if got := fmt.Sprint(said()); got != "[news shop]" {
		t.Errorf("announcements of %s", got)
	}
}

// Each kind by its own signature, once right, once wrong.
