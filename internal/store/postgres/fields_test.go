package postgres

import (
	"encoding/json"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/store"
)

// What the fast reader takes, it reads as the slow one does.
func FuzzFieldsReadTheSame(f *testing.F) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 1000, time.UTC)
	for _, fields := range []map[string]store.Field{
		{}, {"name": {Value: "Dänä & <Co>\u2028\x00\"\\", At: at, Message: "m-1"}},
		{"arr": {Value: json.Number("12.50"), At: at}, "ok": {Value: true}, "no": {Value: false, Message: "x"}, "none": {At: at}},
		{"tags": {Value: []any{"a", json.Number("1")}}, "of": {Value: map[string]any{"a": nil}}},
	} {
		text, err := fieldsText(fields)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, odd := range []string{`{`, `{"a":{"v":1,"v":2}}`, `{"a":{}}`, `{"a":{"v":1}} `, `{"a":{"v":--1}}`, `null`, `{"a":{"v":01}}`, `{"a":{"v":1,"t":1e3}}`, `{"a":{"v":"x","t":-5}}`, "{\"a\xff\":{\"v\":\"\xff\"}}"} {
		f.Add(odd)
	}
	f.Fuzz(func(t *testing.T, text string) {
		fast, ok := plainFields([]byte(text))
		if !ok || !utf8.ValidString(text) { // PostgreSQL keeps no other
			return
		}
		var read map[string]field
		if err := decode([]byte(text), &read); err != nil {
			t.Skip() // fieldsText writes no such thing
		}
		slow := map[string]store.Field{}
		for name, d := range read {
			v := store.Field{Value: d.Value, Message: d.Message}
			if d.At != 0 {
				v.At = time.UnixMicro(d.At).UTC()
			}
			slow[name] = v
		}
		if diff := cmp.Diff(slow, fast); diff != "" {
			t.Errorf("%s\n%s", text, diff)
		}
	})
}
