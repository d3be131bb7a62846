package mail

import (
	"fmt"
	"strings"

	"golang.org/x/net/html"
)

// Clip is where Gmail cuts a message's HTML off and offers the rest behind a link.
const Clip = 102 << 10

// Inspect says what readers or their mail clients will not like about a mail, in
// sentences; nil when there is nothing. It is what a preview warns of.
func (r Rendered) Inspect() []string {
	var out []string
	say := func(format string, args ...any) {
		if s := fmt.Sprintf(format, args...); !strings.Contains("\n"+strings.Join(out, "\n")+"\n", "\n"+s+"\n") {
			out = append(out, s)
		}
	}
	if n := len(r.HTML); n > Clip {
		say("the HTML has %d KB: Gmail shows the first %d", n>>10, Clip>>10)
	}
	doc, err := html.Parse(strings.NewReader(r.HTML))
	if err != nil {
		return append(out, "the HTML cannot be read: "+err.Error())
	}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch at := attributes(n); n.Data {
		case "html":
			if at["lang"] == "" {
				say("the HTML says no language: write lang in templates/layout.html")
			}
		case "img":
			if strings.TrimSpace(at["alt"]) == "" {
				say("an image has no words for those who do not see it: ![words](%s)", ellipsis(at["src"], 60))
			}
			if src := at["src"]; !strings.HasPrefix(src, "https://") {
				say("an image is not loaded over https: %s", ellipsis(src, 60))
			}
		case "a":
			switch href := at["href"]; {
			case href == "":
				say("a link leads nowhere: %s", ellipsis(strings.TrimSpace(wordsIn(n)), 60))
			case strings.HasPrefix(href, "http://"):
				say("a link is not https: %s", ellipsis(href, 60))
			}
		case "script", "iframe", "form", "object":
			say("mail clients take <%s> away", n.Data)
		}
	}
	return out
}

func attributes(n *html.Node) map[string]string {
	all := map[string]string{}
	for _, a := range n.Attr {
		all[a.Key] = a.Val
	}
	return all
}

// wordsIn is the text below a node.
func wordsIn(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}
