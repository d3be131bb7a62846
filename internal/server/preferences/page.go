package preferences

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"strings"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var style string

var page = template.Must(template.New("page").Parse(pageHTML))

// policy lets the page be itself and post to itself: no script, nothing from
// elsewhere, in nobody's frame.
var policy = func() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}()

// view is what the page shows.
type view struct {
	person
	Company     string
	Known, Done bool
	Lang        string
	Words       sentences
	Style       template.CSS
}

// Now says what is chosen.
func (v view) Now() string {
	switch v.Choice() {
	case Stop:
		return v.Words.stopped
	case Pause:
		return strings.ReplaceAll(v.Words.paused, "%s", v.Until())
	case Receive:
	}
	return v.Words.receives
}

// Offers are the choices that would change something.
func (v view) Offers() []offer {
	all := []offer{{Stop, v.Words.stop}, {Pause, v.Words.pause}, {Receive, v.Words.receive}}
	out := all[:0]
	for _, o := range all {
		if o.Choice != v.Choice() {
			out = append(out, o)
		}
	}
	return out
}

type offer struct {
	Choice Choice
	Words  string
}

func render(v view, locale string) ([]byte, error) {
	v.Lang, v.Words = wordsOf(locale)
	v.Style = template.CSS(style) //nolint:gosec // it is our own file
	var out bytes.Buffer
	err := page.Execute(&out, v)
	return out.Bytes(), err
}
