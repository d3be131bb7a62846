package mail_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/mail"
)

const kept = `---
subject: For {{ contact.first_name }}
---
# {{ contact.first_name }} & co

hfx0z hfy0z {{ contact.first_name }}*{{ account.note | default: "none" }}* [site]({{ account.site }}) <b>{{ account.note | default: "-" }}</b>
{% if account.note == "long" %}
| a | b |

1. {{ account.note }}
{% endif %}
`

// The built-in layout is inlined before values are put in, a layout of the
// project's after. With the same layout in both places the mails are the same.
func TestAMailIsTheSameHoweverItsStylesAreInlined(t *testing.T) {
	t.Parallel()
	file := &fstest.MapFile{Data: []byte(kept)}
	before := mail.New(fstest.MapFS{"templates/hi.md": file})
	after := mail.New(fstest.MapFS{"templates/hi.md": file, mail.LayoutFile: {Data: []byte(mail.BuiltIn())}})
	for _, value := range []string{
		"Dana", "<script>alert(1)</script>", "\"'&<>`", "&amp; &#39;", "hfx0z", "hfy1z hfx", "a\u00a0b\u2028c\x00d\xff", "</title>", "</style>",
		"{{ x }}", "*a* _b_ [c](d)", "  two  ", "long", "é\u202e", "</p></div></body>",
	} {
		data := map[string]any{
			"contact": map[string]any{"first_name": "Dana" + value}, "account": map[string]any{"note": value, "site": "https://a.example/?q=" + fmt.Sprint(len(value))},
			"project":         map[string]any{"name": "P" + value, "locale": "en", "sender": map[string]any{"name": value + "S"}},
			"unsubscribe_url": "https://u.example/?a=1&b=" + value,
		}
		for range 2 { // made, and kept
			got, err := before.Mail("hi", "en", data)
			want, errWant := after.Mail("hi", "en", data)
			if err != nil || errWant != nil {
				t.Fatalf("%q: %v, %v", value, err, errWant)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%q (-after +before):\n%s", value, d)
			}
		}
	}
}

func TestARendererServesManyAtOnce(t *testing.T) {
	t.Parallel()
	r := mail.New(fstest.MapFS{"templates/hi.md": {Data: []byte(kept)}})
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for j := range 20 {
				name := fmt.Sprintf("N%d-%d", i, j)
				data := map[string]any{"contact": map[string]any{"first_name": name}, "account": map[string]any{"site": "https://a.example"}}
				got, err := r.Mail("hi", "en", data)
				if err != nil || got.Subject != "For "+name {
					t.Errorf("%s: got %q, %v", name, got.Subject, err)
				}
			}
		})
	}
	wg.Wait()
}
