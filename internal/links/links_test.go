package links_test

import (
	"strings"
	"testing"

	"holdfast"
	"holdfast/internal/links"
)

func TestATokenOpensForItsPurposeUnderAnyKeptKey(t *testing.T) {
	t.Parallel()
	touch := holdfast.TouchID("e1", "opening", "email", "dana")
	old := links.Keys{[]byte("old")}
	rotated := links.Keys{[]byte("new"), []byte("old")}
	token := old.Token(links.Reply, touch)
	if got, ok := rotated.Open(links.Reply, strings.ToUpper(token)); !ok || got != touch {
		t.Errorf("got %q %v, want the touch", got, ok)
	}
	if rotated.Token(links.Reply, touch) == token {
		t.Error("the newest key must sign")
	}
	if n := len("reply+" + token); n > 64 {
		t.Errorf("a local part of %d characters: 64 is the most (RFC 5321, 4.5.3.1.1)", n)
	}
	for name, bad := range map[string]string{
		"another purpose": old.Token(links.Unsubscribe, touch), "a key that is gone": links.Keys{[]byte("gone")}.Token(links.Reply, touch),
		"cut": token[:51], "longer": token + "a", "another touch": "a" + token[1:], "empty": "", "no letters": strings.Repeat("ä", 26),
	} {
		if got, ok := rotated.Open(links.Reply, bad); ok || got != "" {
			t.Errorf("%s: opened as %q", name, got)
		}
	}
	if (links.Keys{}).Token(links.Reply, touch) != "" {
		t.Error("without a key there is no token")
	}
}
