package mail

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAPreviewNamesWhatReadersWillNotLike(t *testing.T) {
	t.Parallel()
	const head = "---\nsubject: x\n---\n"
	for _, c := range []struct {
		body string
		want []string
	}{
		{"Hello [there](https://a.example) and <https://b.example>, ![a chart](https://a.example/c.png)", nil},
		{"![](https://a.example/c.png)", []string{"an image has no words for those who do not see it: ![words](https://a.example/c.png)"}},
		{"![chart](http://a.example/c.png)", []string{"an image is not loaded over https: http://a.example/c.png"}},
		{"[go](http://a.example) [go](http://a.example)", []string{"a link is not https: http://a.example"}},
		{"[go](javascript:alert(1))", []string{"a link leads nowhere: go"}},
		{"{% for i in (1..500) %}" + strings.Repeat("word ", 50) + "{% endfor %}", []string{"the HTML has 123 KB: Gmail shows the first 102"}},
	} {
		r, err := files("x.md", head+c.body).Mail("x", "en", nil)
		if err != nil {
			t.Fatalf("%.40s: %v", c.body, err)
		}
		if d := cmp.Diff(c.want, r.Inspect()); d != "" {
			t.Errorf("%.40s: (-want +got):\n%s", c.body, d)
		}
	}
	bad := Rendered{HTML: "<html><body>{{ content }}<script></script></body></html>"}
	if got := bad.Inspect(); len(got) != 2 || !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, "no language") }) {
		t.Errorf("got %q", got)
	}
}
