package mail

import (
	_ "embed"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"maps"
	"strings"

	"github.com/aymerick/douceur/inliner"
)

const layoutFile = "templates/layout.html"

//go:embed layout.html
var builtIn string

// dress puts the body into the layout and inlines its styles, which is all that
// many mail clients keep. The layout is Liquid: content, subject,
// lang, unsubscribe (the word), and data.
//
// Inlining costs more than all else of a mail. In our own layout every value
// stands in a text or in a quoted attribute, so that the styles are inlined with
// placeholders in place of them, once for all mails of the same structure. In
// another layout a value may be anything: it is in place before.
func (r *Renderer) dress(content string, body *holes, subject string, st style, data map[string]any) (string, error) {
	t := text{file: layoutFile, line: 1, to: htmlText}
	var err error
	t.src, err = r.slurp(layoutFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		t.src, t.to = builtIn, layout
	case err != nil:
		return "", err
	default:
		content = body.put(content, html.EscapeString)
	}
	bound := maps.Clone(data)
	bound["content"], bound["subject"], bound["lang"] = raw(content), subject, st.locale
	bound["unsubscribe"] = st.calendar().unsubscribe
	page, head, err := r.render(t, st, bound)
	if err != nil {
		return "", err
	}
	if !strings.Contains(page, content) {
		return "", mistake(layoutFile, 1, "the layout shows no {{ content }}")
	}
	out, err := r.pages.get(page, func() (string, error) { return inliner.Inline(page) })
	if err != nil {
		return "", fmt.Errorf("inline the styles of %s: %w", layoutFile, err)
	}
	if t.to == layout {
		out = head.put(body.put(out, html.EscapeString), html.EscapeString)
	}
	return out, nil
}

// footer ends the plain part as the built-in layout ends the HTML.
func footer(st style, data map[string]any) string {
	var lines []string
	for _, key := range []string{"sender.name", "name", "address"} {
		if s := projectText(data, key); s != "" {
			lines = append(lines, oneLine(clean(s)))
		}
	}
	if u, ok := data["unsubscribe_url"].(string); ok && u != "" {
		lines = append(lines, st.calendar().unsubscribe+": "+oneLine(clean(u)))
	}
	if len(lines) == 0 {
		return ""
	}
	return "\n-- \n" + strings.Join(lines, "\n") + "\n"
}
