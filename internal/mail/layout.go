package mail

import (
	_ "embed"
	"errors"
	"fmt"
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
func (r *Renderer) dress(content, subject string, st style, data map[string]any) (string, error) {
	src, err := r.slurp(layoutFile)
	if errors.Is(err, fs.ErrNotExist) {
		src, err = builtIn, nil
	}
	if err != nil {
		return "", err
	}
	bound := maps.Clone(data)
	bound["content"], bound["subject"], bound["lang"] = raw(content), subject, st.locale
	bound["unsubscribe"] = st.calendar().unsubscribe
	page, err := newRun(htmlText, st).render(src, layoutFile, 1, bound)
	if err != nil {
		return "", err
	}
	if !strings.Contains(page, content) {
		return "", mistake(layoutFile, 1, "the layout shows no {{ content }}")
	}
	out, err := inliner.Inline(page)
	if err != nil {
		return "", fmt.Errorf("inline the styles of %s: %w", layoutFile, err)
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
