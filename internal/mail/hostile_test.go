package mail

import (
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/net/html"
)

// hostile are names that real forms and real attackers send.
var hostile = []string{
	`<script>alert(1)</script>`,
	`"><img src=x onerror=alert(1)>`,
	`[click](https://evil.example)`,
	"![x](https://evil.example/p.png)",
	"<!channel> <https://evil.example|click>",
	"# Heading\n\n- list\n\n    code",
	"`code` *bold* _it_ ~s~ \\",
	"{{ contact.email }}{% include 'x' %}",
	"Bcc: a@b.example\r\nBcc: c@d.example",
	"hfx0z hfxx1z",
	"a\u202egpj.exe\x00\x1b[31m",
	"&lt;b&gt; &amp; &#91;x&#93;",
	"javascript:alert(1)",
	strings.Repeat("A", 5000),
}

const hostileTemplate = `---
subject: "For {{ contact.name }}"
---
# {{ contact.name }}

Hi {{ contact.name }}, *{{ contact.name }}* and ` + "`{{ contact.name }}`" + `:
[go](https://ours.example/{{ contact.name }}?n={{ contact.name }} "{{ contact.name }}")

- {{ contact.name }}

    {{ contact.name }}
`

func TestHostileNamesStayTextInEveryTarget(t *testing.T) {
	t.Parallel()
	r := files("x.md", hostileTemplate)
	plainNames, err := r.Mail("x", "", map[string]any{"contact": map[string]any{"name": "Dana"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range hostile {
		if len(name) > maxSubject {
			continue
		}
		data := map[string]any{"contact": map[string]any{"name": name}}
		got, err := r.Mail("x", "", data)
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		if want, got := elements(t, plainNames.HTML), elements(t, got.HTML); got != want {
			t.Errorf("%q changes the page:\ngot  %s\nwant %s", name, got, want)
		}
		shown := clean(name)
		if !strings.Contains(got.Text, "Hi "+shown+", ") {
			t.Errorf("%q is not itself in the text:\n%s", name, got.Text)
		}
		if strings.ContainsAny(got.Subject, "\r\n\x00\u202e") {
			t.Errorf("%q breaks the subject: %q", name, got.Subject)
		}
		if n, want := strings.Count(got.Text, "\n"), strings.Count(plainNames.Text, "\n"); n != want {
			t.Errorf("%q changes the lines of the text: got %d, want %d", name, n, want)
		}
		brief, err := r.Brief("x", "", data)
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		if strings.Count(brief, "<") != 1 || strings.Contains(brief, "<!") {
			t.Errorf("%q speaks Slack's language: %s", name, brief)
		}
		note, err := r.Line("Call {{ contact.name }}", data)
		if err != nil || strings.ContainsAny(note, "<>\r\n") {
			t.Errorf("%q: line %q, %v", name, note, err)
		}
	}
}

// elements is the page's structure: names, and addresses' hosts, without text.
func elements(t *testing.T, page string) string {
	t.Helper()
	var b strings.Builder
	for z := html.NewTokenizer(strings.NewReader(page)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return b.String()
		case html.StartTagToken, html.SelfClosingTagToken:
			tok := z.Token()
			b.WriteString("<" + tok.Data)
			for _, a := range tok.Attr {
				v := ""
				if a.Key == "href" || a.Key == "src" {
					v, _, _ = strings.Cut(strings.TrimPrefix(a.Val, "https://"), "/")
				}
				b.WriteString(" " + a.Key + "=" + v)
			}
			b.WriteString(">")
		default:
		}
	}
}

func TestALinkFromDataMustBeAWebAddress(t *testing.T) {
	t.Parallel()
	r := files("x.md", "---\nsubject: x\n---\n[go]({{ account.site }}) <https://a.example/{{ account.id }}>")
	for site, ok := range map[string]bool{
		"https://acme.example/?a=1": true, "mailto:a@b.example": true,
		"javascript:alert(1)": false, "JAVASCRIPT:alert(1)": false,
		" javascript:x":    false, //nolint:gocritic // the space in front is the attack
		"data:text/html,x": false, "//evil.example": false, "acme": false, "https:///x": false,
	} {
		data := map[string]any{"account": map[string]any{"site": site, "id": "7"}}
		got, err := r.Mail("x", "", data)
		if (err == nil) != ok {
			t.Errorf("%q: got error %v, want one: %v", site, err, !ok)
		}
		if _, berr := r.Brief("x", "", data); (berr == nil) != ok {
			t.Errorf("%q: brief: got error %v, want one: %v", site, berr, !ok)
		}
		if ok && !strings.Contains(got.HTML, `href="https://a.example/7"`) {
			t.Errorf("%q: the second link is gone: %s", site, got.HTML)
		}
	}
}

func TestATemplateCannotRunAway(t *testing.T) {
	t.Parallel()
	big := make([]any, 2000)
	for i := range big {
		big[i] = "x"
	}
	data := map[string]any{"account": map[string]any{"seats": 2_000_000_000, "list": big}}
	for src, want := range map[string]string{
		"{% for i in (1..10000000) %}x{% endfor %}":                                                                  "a loop over 10000000 items",
		"{% for i in (1..account.seats) %}{% endfor %}":                                                              "a loop over 2000000000 items",
		"{% for i in account.list %}{% endfor %}":                                                                    "a loop over 2000 items",
		"{% for i in (1..1000) %}{% for j in (1..1000) %}{% endfor %}{% endfor %}":                                   "loops take over 10000 passes",
		"{{ (1..account.seats) | join }}":                                                                            "not a list",
		"{{ (1..account.seats) }}":                                                                                   "has several values",
		"{% assign s = 'xxxxxxxxxxxxxxxx' %}{% for i in (1..100) %}{% assign s = s | append: s %}{% endfor %}":       "the result is over 256 KB",
		"{% assign s = 'xxxxxxxxxxxxxxxx' %}{% for i in (1..100) %}{% assign s = s | replace: 'x', s %}{% endfor %}": "the result is over 256 KB",
		"{% for i in (1..1000) %}" + strings.Repeat("long ", 100) + "{% endfor %}":                                   "the result is over 256 KB",
		"{{ 5 | divided_by: 0 }}":                                                                                    "division by zero",
	} {
		_, err := New(fstest.MapFS{}).Plain(src, data)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: got error %v, want %q in it", src, err, want)
		}
	}
	if _, err := files("x.md", strings.Repeat("x", maxTemplate+1)).Check("x"); err == nil {
		t.Error("a template over 64 KB passed")
	}
}

func FuzzLine(f *testing.F) {
	for _, s := range append([]string{"{{ a.b | default: 'x' }}", "{% if a %}{% endif %}", "{% for i in (1..3) %}{{ i }}{% endfor %}"}, hostile...) {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, src, value string) {
		got, err := New(fstest.MapFS{}).Line(src, map[string]any{"a": map[string]any{"b": value}})
		if err == nil && strings.ContainsAny(got, "\r\n") {
			t.Errorf("%q with %q: more than one line: %q", src, value, got)
		}
	})
}

// A template that a stranger wrote is refused or rendered, within its bounds.
func FuzzMail(f *testing.F) {
	for _, body := range append([]string{
		"Hi {{ a.b }}", "{% for i in (1..999999999) %}{{ i }}{% endfor %}", "{% assign x = a.b %}{% for i in a.list %}{% assign x = x | append: x %}{% endfor %}{{ x }}",
		"{% if a.b == 'x' %}# T{% else %}- l{% endif %}", "[l]({{ a.b }})", "{{ a.b | default: a.c | date: '%Y' }}", "{% comment %}{{ no }}{% endcomment %}",
	}, hostile...) {
		f.Add("Hi {{ a.b }}", body, "value")
	}
	f.Fuzz(func(t *testing.T, subject, body, value string) {
		r := files("x.md", "---\nsubject: "+strconv.Quote(subject)+"\n---\n"+body)
		vs, checked := r.Variants("x")
		got, err := r.Mail("x", "en", map[string]any{"a": map[string]any{"b": value, "c": 5, "list": []any{value, "y"}}})
		if err == nil && checked != nil {
			t.Errorf("a template that lint refuses was rendered: %v", checked)
		}
		if err == nil && (len(vs) != 1 || strings.ContainsAny(got.Subject, "\r\n") || len(got.HTML) > maxOutput || len(got.Text) > maxOutput) {
			t.Errorf("got subject %q, %d and %d bytes", got.Subject, len(got.HTML), len(got.Text))
		}
	})
}
