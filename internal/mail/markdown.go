package mail

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	gmhtml "github.com/yuin/goldmark/renderer/html"
	mdtext "github.com/yuin/goldmark/text"
)

// document is parsed Markdown whose values are still placeholders.
type document struct {
	src   []byte
	root  ast.Node
	holes *holes
}

// Both are safe for concurrent use once they are made.
var (
	markdownParser = goldmark.DefaultParser()
	htmlRenderer   = goldmark.DefaultRenderer()
)

func parseMarkdown(src string, h *holes) *document {
	b := []byte(src)
	return &document{src: b, root: markdownParser.Parse(mdtext.NewReader(b)), holes: h}
}

// html renders the body, its values yet to be put in. Raw HTML is left out by
// goldmark.
func (d *document) html() (string, error) {
	if err := d.links(); err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := htmlRenderer.Render(&b, d.src, d.root); err != nil {
		return "", fmt.Errorf("render Markdown: %w", err)
	}
	return strings.ReplaceAll(b.String(), "<!-- raw HTML omitted -->", ""), nil
}

// links resolves the placeholders in link and image targets, where a value is
// either a whole web address or one escaped part of the author's. Scripted
// targets are emptied.
func (d *document) links() error {
	var autos []*ast.AutoLink
	err := ast.Walk(d.root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		var err error
		switch n := n.(type) {
		case *ast.Link:
			n.Destination, err = d.target(n.Destination)
		case *ast.Image:
			n.Destination, err = d.target(n.Destination)
		case *ast.AutoLink:
			autos = append(autos, n)
		}
		if err != nil {
			return ast.WalkStop, err
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		return err
	}
	for _, n := range autos { // an autolink cannot carry another target than its text
		if !d.holes.in(n.URL(d.src)) {
			continue
		}
		link, err := d.linkTo(n)
		if err != nil {
			return err
		}
		n.Parent().ReplaceChild(n.Parent(), n, link)
	}
	return nil
}

func (d *document) linkTo(n *ast.AutoLink) (ast.Node, error) {
	dest, err := d.target(n.URL(d.src))
	if err != nil {
		return nil, err
	}
	link := ast.NewLink()
	link.Destination = dest
	link.AppendChild(link, ast.NewString(n.Label(d.src)))
	return link, nil
}

func (d *document) target(dest []byte) ([]byte, error) {
	s := string(dest)
	if !d.holes.in(dest) {
		if gmhtml.IsDangerousURL(dest) {
			return nil, nil
		}
		return dest, nil
	}
	if value, ok := d.holes.all(s); ok {
		address := strings.TrimSpace(value)
		if !webAddress(address) {
			return nil, errors.New("a link's value is no web address: " + shorten(address))
		}
		return []byte(address), nil
	}
	before, _, _ := strings.Cut(s, d.holes.prefix)
	escape := url.PathEscape
	if strings.Contains(before, "?") {
		escape = url.QueryEscape
	}
	s = d.holes.put(s, escape)
	if !webAddress(s) {
		return nil, errors.New("a link is no web address: " + shorten(s))
	}
	return []byte(s), nil
}

// webAddress reports an address that a mail client may open.
func webAddress(s string) bool {
	u, err := url.Parse(s)
	if err != nil {
		return false
	}
	if u.Scheme == "mailto" || u.Scheme == "tel" {
		return u.Opaque != ""
	}
	return slices.Contains([]string{"https", "http"}, u.Scheme) && u.Host != ""
}

func shorten(s string) string { return fmt.Sprintf("%q", ellipsis(s, 60)) }
