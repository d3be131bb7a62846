package app_test

import (
	"fmt"
	"strings"
	"testing"

	"holdfast"
	"holdfast/internal/config"
	"holdfast/internal/store"
	"holdfast/internal/temporal/temporaltest"
)

const (
	keyA  = "a:QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
	keyB  = "b:QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI="
	keyA2 = "a:Q0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0M=" // another of that id
)

// TestElsewhereNothingIsReadableInTemporal turns keys round while workflows run on a
// real server, whose histories are then read by somebody without keys.
func TestElsewhereNothingIsReadableInTemporal(t *testing.T) {
	t.Parallel()
	if !*elsewhere {
		t.Skip("starts other processes: give -elsewhere")
	}
	engine := temporaltest.Start(t, "holdfast")
	w := newWorld(t, asked)
	w.env.Temporal = config.Temporal{Address: engine.Address()}

	plain := w.live()
	plain.open("acme")
	plain.end()

	// What began in plain text goes on, and what begins now is encrypted.
	first := w.live(keyA)
	first.open("globex")
	first.close("acme")
	clear, hidden := first.raw("acme"), first.raw("globex")
	first.end()
	words := []string{"patience", w.project.Playbooks[0].Digest}
	for _, word := range words {
		if !strings.Contains(clear, word) {
			t.Errorf("a history without keys does not have %q: the test sees nothing\n%s", word, clear)
		}
		if strings.Contains(hidden, word) {
			t.Errorf("%q is readable:\n%s", word, hidden)
		}
	}
	if !strings.Contains(hidden, "encryption-key-id") {
		t.Errorf("nothing is encrypted:\n%s", hidden)
	}

	// The other key encrypts; the first one is still read.
	second := w.live(keyB, keyA)
	second.open("initech")
	second.end()
	for name, c := range map[string]struct {
		keys []string
		want string
	}{
		"without the old key":        {[]string{keyB}, "lacks key a, with which histories of running enrollments are encrypted"},
		"without any":                {nil, "lacks key "},
		"another key of that id":     {[]string{keyB, keyA2}, "key a of HOLDFAST_PAYLOAD_KEYS is not the key that it was"},
		"no key":                     {[]string{"a:"}, "key 1 of HOLDFAST_PAYLOAD_KEYS (a) has 0 bytes; a key has 32"},
		"a new one without the rest": {[]string{"c:" + strings.TrimPrefix(keyA2, "a:")}, "lacks key "},
	} {
		w.env.PayloadKeys = c.keys
		a := w.open(0, production)
		if err := a.Start(t.Context()); !strings.Contains(fmt.Sprint(err), c.want) || holdfast.CodeOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}

	// When nothing needs it any more it may go, and is forgotten.
	third := w.live(keyB, keyA)
	third.close("globex")
	third.end()
	last := w.live(keyB)
	last.close("initech")
	last.end()
	again := w.live(keyB)
	known := ""
	if err := again.app.Store.View(t.Context(), func(tx store.Tx) (err error) {
		known, err = tx.MetaGet("payload_keys")
		return err
	}); err != nil || strings.Contains(known, `"a"`) || !strings.Contains(known, `"b"`) {
		t.Errorf("it knows of keys %s, %v", known, err)
	}
	again.end()
}
