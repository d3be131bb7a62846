package standin

import (
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

func eyesForTest(t testing.TB) eyes {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	return eyes{
		zone: zone, now: time.Date(2026, 6, 1, 15, 0, 0, 0, time.UTC),
		user: func(id string) string { return map[string]string{"U0MIRA": "Mira"}[id] },
		room: func(id string) string { return map[string]string{"C1": "saves"}[id] },
	}
}

func TestMrkdwnIsShownAsSlackShowsIt(t *testing.T) {
	t.Parallel()
	e := eyesForTest(t)
	for in, want := range map[string]string{
		"*bold* _it_ ~gone~ `*code*`": "<b>bold</b> <i>it</i> <del>gone</del> <code>*code*</code>",
		"*_both_*":                    "<b><i>both</i></b>",
		"*a _b* c_":                   "<b>a _b</b> c_",
		"2*3*4 a_b_c * no * x":        "2*3*4 a_b_c * no * x",
		"*two\nlines*":                "*two<br>lines*",
		"AT&amp;T &lt;b&gt;":          "AT&amp;T &lt;b&gt;",
		"<b>":                         "&lt;b&gt;",
		"```a\n*b* &lt;c&gt;```":      "<pre><code>a\n*b* &lt;c&gt;</code></pre>",
		"*<https://x.example/a?b=1&amp;c|the *x>*":               `<b><a href="https://x.example/a?b=1&amp;c" rel="noreferrer noopener">the *x</a></b>`,
		"<mailto:dana@acme.example|Dana>":                        `<a href="mailto:dana@acme.example" rel="noreferrer noopener">Dana</a>`,
		"<javascript:alert(1)|x>":                                "&lt;javascript:alert(1)&gt;",
		"see https://x.example/a_b_c.":                           `see <a href="https://x.example/a_b_c" rel="noreferrer noopener">https://x.example/a_b_c</a>.`,
		"<@U0MIRA> <@U0WHO|sam> <#C1> <!here>":                   `<span class="mention">@Mira</span> <span class="mention">@sam</span> <span class="mention">#saves</span> <span class="mention">@here</span>`,
		"<!subteam^S1|@cs> <!channel>":                           `<span class="mention">@cs</span> <span class="mention">@channel</span>`,
		"<!date^1780326000^{date_short_pretty} at {time}|later>": `<time datetime="2026-06-01T15:00:00Z" title="later">today at 11:00 AM</time>`,
		"<!date^1780500000^{date} {ago}|x>":                      `<time datetime="2026-06-03T15:20:00Z" title="x">June 3, 2026 in 2 days</time>`,
		"<!date^soon^{date}|next week>":                          "next week",
		":white_check_mark: done :shrug:":                        "✅ done :shrug:",
		"<!date>":                                                `<span class="mention">@date</span>`,
		"<!date^>":                                               "",
		"&gt; quoted\n&gt; twice\nafter":                         "<blockquote>quoted<br>twice</blockquote>after",
		"• one\n• *two*\nafter":                                  "<ul><li>one</li><li><b>two</b></li></ul>after",
	} {
		if got := string(e.mrkdwn(in, false)); got != want {
			t.Errorf("%q:\n got %s\nwant %s", in, got, want)
		}
	}
	if got := e.mrkdwn("https://x.example", true); got != "https://x.example" {
		t.Errorf("a verbatim text makes links: %s", got)
	}
}

// Whatever a customer is called, the page holds no other tags than these, and
// no other addresses than of the web and of mail.
func FuzzMrkdwnHoldsNoTagsOfOthers(f *testing.F) {
	for _, seed := range []string{
		"*a* <script>", "<https://x.example|\"><img>", "```<b>", "`a`*`b`*", "<!date^1^{date}^javascript:x|\"'>", "> _x_ ~*y*~", "\ue000<\ue000>", "&lt;i&gt;",
		"*<@U1|*_>_*", "<javascript:x>", "<data:text/html,<b>|x>", "https://x.example/\"onclick=1",
	} {
		f.Add(seed)
	}
	e := eyesForTest(f)
	allowed := []string{"html", "head", "body", "b", "i", "del", "code", "pre", "a", "span", "time", "br", "ul", "li", "blockquote"}
	keys := []string{"href", "rel", "class", "datetime", "title"}
	f.Fuzz(func(t *testing.T, in string) {
		root, err := html.Parse(strings.NewReader(string(e.mrkdwn(in, false))))
		if err != nil {
			t.Fatal(err)
		}
		for n := range root.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			if !slices.Contains(allowed, n.Data) {
				t.Errorf("%q made <%s>", in, n.Data)
			}
			for _, a := range n.Attr {
				scheme, _, _ := strings.Cut(a.Val, ":")
				if !slices.Contains(keys, a.Key) || (a.Key == "href" && !slices.Contains([]string{"http", "https", "mailto"}, scheme)) {
					t.Errorf("%q made %s=%q", in, a.Key, a.Val)
				}
			}
		}
	})
}
