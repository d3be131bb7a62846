package mail

import (
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"holdfast"
	"holdfast/playbooks/library"
)

// shippedTemplates are the templates of the library, by name: with a subject, and
// without, which are briefs.
func shippedTemplates(t *testing.T) (mails, briefs []string) {
	t.Helper()
	err := fs.WalkDir(library.Files, "templates", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name := strings.TrimSuffix(strings.TrimPrefix(path, "templates/"), ".md")
		vs, err := New(library.Files).Variants(name)
		if err != nil {
			return err
		}
		if vs[0].Subject == "" {
			briefs = append(briefs, name)
		} else {
			mails = append(mails, name)
		}
		return nil
	})
	if err != nil || len(mails) < 5 || len(briefs) < 5 {
		t.Fatalf("%d mails and %d briefs, %v", len(mails), len(briefs), err)
	}
	return mails, briefs
}

// customer is data for every shipped template, with a name wherever a customer
// can write one.
func customer(name, locale string) map[string]any {
	return map[string]any{
		"account": map[string]any{
			"id": "acme", "name": name, "arr": holdfast.Money(8_000_050), "renewal_date": time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC),
			"churn.reason": name, "churn.missing_features": []any{name, "audit log"}, "country": "DE", "owner": "olga",
		},
		"contact":         map[string]any{"id": "dana", "first_name": name, "last_name": name, "email": "dana@acme.example"},
		"owner":           map[string]any{"id": "olga", "name": "Olga Owner", "email": "olga@ours.example"},
		"project":         map[string]any{"name": "Ours & Co", "currency": "EUR", "locale": locale, "timezone": "UTC", "sender": map[string]any{"name": "Success", "email": "s@ours.example"}},
		"steps":           map[string]any{},
		"event":           map[string]any{},
		"unsubscribe_url": "https://retention.ours.example/u/abc",
	}
}

// unrendered are what a mail must not show: Liquid, our placeholders, Go's nil.
var unrendered = []string{"{{", "}}", "{%", "%}", "hfx", "hfy", "<nil>", "%!", "raw HTML omitted"}

func TestEveryShippedMailIsFitToSend(t *testing.T) {
	t.Parallel()
	mails, _ := shippedTemplates(t)
	locales := append(slices.Collect(maps.Keys(languages)), "en-US", "pt-BR", "ja")
	for _, name := range mails {
		for _, locale := range locales {
			r, err := New(library.Files).Mail(name, locale, customer("Acme & Söhne", locale))
			if err != nil {
				t.Errorf("%s in %s: %v", name, locale, err)
				continue
			}
			for _, finding := range slices.Concat(r.Inspect(), wellFormed(r.HTML), inlined(r.HTML), whole(r), localised(r, locale)) {
				t.Errorf("%s in %s: %s", name, locale, finding)
			}
			for _, mark := range unrendered {
				if strings.Contains(r.Subject+r.HTML+r.Text, mark) {
					t.Errorf("%s in %s shows %q", name, locale, mark)
				}
			}
			if t.Failed() {
				t.Fatalf("%s\n%s", r.HTML, r.Text)
			}
		}
	}
}

// The judges above can find what they look for.
func TestTheJudgesOfAMailAreNotBlind(t *testing.T) {
	t.Parallel()
	const page = `<!DOCTYPE html><html lang="en"><head><title>x</title></head><body><p style="margin: 0">Hello <a href="https://a.example" style="color: red">you</a></p></body></html>`
	if got := slices.Concat(wellFormed(page), inlined(page), whole(Rendered{HTML: page, Text: "Hello you (https://a.example)"})); len(got) > 0 {
		t.Errorf("a good page: %q", got)
	}
	for what, bad := range map[string]string{
		"no doctype": strings.Replace(page, "<!DOCTYPE html>", "", 1), "never closed": strings.Replace(page, "</p>", "", 1),
		"crossed": strings.Replace(page, "</a></p>", "</p></a>", 1), "twice": strings.Replace(page, "<p ", `<p style="x" `, 1),
		"a stray &": strings.Replace(page, "Hello", "A & B", 1),
	} {
		if len(wellFormed(bad)) == 0 {
			t.Errorf("%s is well-formed", what)
		}
	}
	if len(inlined(strings.Replace(page, ` style="margin: 0"`, "", 1))) == 0 || len(whole(Rendered{HTML: page, Text: "Hello"})) == 0 {
		t.Error("a paragraph without a style, or a text without its link, passes")
	}
}

// void elements have no end (HTML standard, 13.1.2).
var void = []string{"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}

// wellFormed reads a page strictly: what is opened is closed in order, attributes
// stand once, and every & and < in a text is written as what it is.
func wellFormed(page string) (bad []string) {
	if !strings.HasPrefix(page, "<!DOCTYPE html>") {
		bad = append(bad, "the page does not begin with <!DOCTYPE html>")
	}
	var open []string
	for z := html.NewTokenizer(strings.NewReader(page)); ; {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			if len(open) > 0 {
				bad = append(bad, "never closed: "+strings.Join(open, " "))
			}
			return bad
		case html.StartTagToken, html.SelfClosingTagToken:
			raw := string(z.Raw())
			tok := z.Token()
			for _, a := range tok.Attr { // the tokenizer keeps the first of two
				if strings.Count(raw, " "+a.Key+"=") > 1 {
					bad = append(bad, "<"+tok.Data+"> has "+a.Key+" twice")
				}
			}
			if kind == html.StartTagToken && !slices.Contains(void, tok.Data) {
				open = append(open, tok.Data)
			}
		case html.EndTagToken:
			tok := z.Token()
			if len(open) == 0 || open[len(open)-1] != tok.Data {
				return append(bad, "</"+tok.Data+"> closes "+strings.Join(open, " "))
			}
			open = open[:len(open)-1]
		case html.TextToken:
			raw := string(z.Raw())
			if len(open) > 0 && open[len(open)-1] == "style" {
				continue
			}
			for rest := raw; ; {
				_, after, found := strings.Cut(rest, "&")
				if !found {
					break
				}
				if name, _, ok := strings.Cut(after, ";"); !ok || strings.ContainsAny(name, " \n") || name == "" {
					bad = append(bad, "a bare & in "+raw)
				}
				rest = after
			}
		case html.CommentToken, html.DoctypeToken:
		}
	}
}

// inlined reports elements that mail clients without <style> would show bare.
func inlined(page string) (bad []string) {
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return []string{err.Error()}
	}
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && slices.Contains([]string{"p", "a", "h1", "h2", "h3", "ul", "ol", "img", "blockquote"}, n.Data) && attributes(n)["style"] == "" {
			bad = append(bad, "<"+n.Data+"> has no style of its own: "+wordsIn(n))
		}
	}
	return bad
}

// whole reports what the HTML says and the plain part does not.
func whole(r Rendered) (bad []string) {
	doc, err := html.Parse(strings.NewReader(r.HTML))
	if err != nil {
		return []string{err.Error()}
	}
	flat := strings.Join(strings.Fields(r.Text), " ")
	for n := range doc.Descendants() {
		switch {
		case n.Type == html.TextNode && n.Parent.Data != "style" && n.Parent.Data != "title":
			if words := strings.Join(strings.Fields(n.Data), " "); !strings.Contains(flat, words) {
				bad = append(bad, "the plain part does not say "+words)
			}
		case n.Type == html.ElementNode && n.Data == "a":
			if href := strings.TrimPrefix(attributes(n)["href"], "mailto:"); !strings.Contains(r.Text, href) {
				bad = append(bad, "the plain part does not lead to "+href)
			}
		}
	}
	return bad
}

// localised reports a page whose language is not said, or whose footer speaks another.
func localised(r Rendered, locale string) (bad []string) {
	if !strings.Contains(r.HTML, `<html lang="`+locale+`">`) {
		bad = append(bad, "the page's language is not "+locale)
	}
	if word := (style{locale: locale}).calendar().unsubscribe; !strings.Contains(r.HTML, ">"+html.EscapeString(word)+"</a>") || !strings.Contains(r.Text, word+": https://") {
		bad = append(bad, "the footer does not say "+word)
	}
	return bad
}

func TestHostileNamesStayTextInEveryShippedTemplate(t *testing.T) {
	t.Parallel()
	mails, briefs := shippedTemplates(t)
	for _, name := range mails {
		calm, err := New(library.Files).Mail(name, "en", customer("Dana", "en"))
		if err != nil {
			t.Fatal(err)
		}
		for _, who := range hostile {
			if len(who) > 100 {
				continue // it makes a subject too long, which is an error of its own
			}
			r, err := New(library.Files).Mail(name, "en", customer(who, "en"))
			if err != nil {
				t.Errorf("%s for %q: %v", name, who, err)
				continue
			}
			if got, want := elements(t, r.HTML), elements(t, calm.HTML); got != want {
				t.Errorf("%s: %q changes the page:\ngot  %s\nwant %s", name, who, got, want)
			}
			if bad := wellFormed(r.HTML); len(bad) > 0 {
				t.Errorf("%s: %q: %q", name, who, bad)
			}
			if strings.ContainsAny(r.Subject, "\r\n\x00\u202e\x1b") || strings.ContainsAny(r.Text, "\r\x00\u202e\x1b") {
				t.Errorf("%s: %q steers whoever reads it: %q", name, who, r.Subject)
			}
			if got, want := strings.Count(r.Text, "\n"), strings.Count(calm.Text, "\n"); got != want {
				t.Errorf("%s: %q changes the lines of the plain part: %d, want %d", name, who, got, want)
			}
		}
	}
	for _, name := range briefs {
		calm, err := New(library.Files).Brief(name, "en", customer("Dana", "en"))
		if err != nil {
			t.Fatal(err)
		}
		for _, who := range hostile {
			got, err := New(library.Files).Brief(name, "en", customer(who, "en"))
			if err != nil {
				t.Errorf("%s for %.40q: %v", name, who, err)
				continue
			}
			if strings.Count(got, "<") != strings.Count(calm, "<") || strings.Contains(got, "<!") || strings.Count(got, "\n") != strings.Count(calm, "\n") {
				t.Errorf("%s: %.40q speaks Slack's language:\n%s", name, who, got)
			}
		}
	}
}
