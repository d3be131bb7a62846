package mail

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/util"
)

// flavour is how a document looks without HTML.
type flavour struct {
	bold, italic, code string
	bullet, rule       string
	escape             func(string) string
	link               func(text, target string) string
	heading            func(text string, level int) string
}

// mailText is the plain part: links as "text (target)", underlined headings.
var mailText = flavour{
	bullet: "- ", rule: "---",
	escape: func(s string) string { return s },
	link: func(text, target string) string {
		if bare := strings.TrimPrefix(target, "mailto:"); text == "" || text == target || text == bare {
			return bare
		}
		return text + " (" + target + ")"
	},
	heading: func(text string, level int) string {
		under := "-"
		if level == 1 {
			under = "="
		}
		return text + "\n" + strings.Repeat(under, min(utf8.RuneCountInString(text), 72))
	},
}

// slackTarget escapes a link's target for Slack.
var slackTarget = strings.NewReplacer("<", "%3C", ">", "%3E", "|", "%7C", "&", "&amp;")

// slackText is Slack mrkdwn.
var slackText = flavour{
	bold: "*", italic: "_", code: "`", bullet: "• ", rule: "———",
	escape: escapeSlack,
	link: func(text, target string) string {
		target = slackTarget.Replace(target)
		return "<" + target + "|" + text + ">"
	},
	heading: func(text string, _ int) string { return "*" + strings.ReplaceAll(text, "*", "") + "*" },
}

// text renders the document in flavour f, blocks parted by an empty line.
func (d *document) text(f flavour) string {
	return strings.Join(d.blocks(d.root, f), "\n\n") + "\n"
}

func (d *document) blocks(parent ast.Node, f flavour) []string {
	var out []string
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		if s := d.block(n, f); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func (d *document) block(n ast.Node, f flavour) string {
	switch n := n.(type) {
	case *ast.Heading:
		return f.heading(d.inline(n, f), n.Level)
	case *ast.Paragraph, *ast.TextBlock:
		return strings.TrimSpace(d.inline(n, f))
	case *ast.List:
		return d.list(n, f)
	case *ast.Blockquote:
		return indent(strings.Join(d.blocks(n, f), "\n\n"), "> ", "> ")
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		code := strings.TrimRight(d.holes.put(f.escape(string(n.Lines().Value(d.src))), f.escape), "\n")
		if f.code != "" {
			return "```\n" + code + "\n```"
		}
		return indent(code, "    ", "    ")
	case *ast.ThematicBreak:
		return f.rule
	case *ast.HTMLBlock:
		return ""
	}
	return strings.Join(d.blocks(n, f), "\n\n")
}

func (d *document) list(l *ast.List, f flavour) string {
	var items []string
	number := l.Start
	for item := l.FirstChild(); item != nil; item = item.NextSibling() {
		mark := f.bullet
		if l.IsOrdered() {
			mark = fmt.Sprintf("%d. ", number)
			number++
		}
		parts := "\n"
		if !l.IsTight {
			parts = "\n\n"
		}
		body := strings.Join(d.blocks(item, f), parts)
		items = append(items, indent(body, mark, strings.Repeat(" ", utf8.RuneCountInString(mark))))
	}
	return strings.Join(items, "\n")
}

func indent(s, first, rest string) string {
	return first + strings.ReplaceAll(s, "\n", "\n"+rest)
}

func (d *document) inline(parent ast.Node, f flavour) string {
	var b strings.Builder
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			b.WriteString(d.literal(n.Segment.Value(d.src), f))
			if n.HardLineBreak() {
				b.WriteString("\n")
			} else if n.SoftLineBreak() {
				b.WriteString(" ")
			}
		case *ast.String:
			b.WriteString(d.literal(n.Value, f))
		case *ast.Emphasis:
			mark := f.italic
			if n.Level == 2 {
				mark = f.bold
			}
			b.WriteString(mark + d.inline(n, f) + mark)
		case *ast.CodeSpan:
			b.WriteString(f.code + d.inline(n, f) + f.code)
		case *ast.Link:
			b.WriteString(d.link(n, f))
		case *ast.Image:
			b.WriteString(d.inline(n, f))
		case *ast.AutoLink:
			address := string(n.URL(d.src))
			b.WriteString(f.link(f.escape(string(n.Label(d.src))), address))
		case *ast.RawHTML:
		default:
			b.WriteString(d.inline(n, f))
		}
	}
	return b.String()
}

func (d *document) link(n *ast.Link, f flavour) string {
	text := d.inline(n, f)
	if len(n.Destination) == 0 {
		return text
	}
	return f.link(text, string(n.Destination))
}

// literal is author's text: Markdown's escapes and entities resolved, values put in.
func (d *document) literal(src []byte, f flavour) string {
	s := util.ResolveNumericReferences(util.ResolveEntityNames(util.UnescapePunctuations(src)))
	return d.holes.put(f.escape(string(s)), f.escape)
}
