package project

import (
	"regexp"
	"strings"

	"holdfast/internal/diag"
	"holdfast/internal/source"
	"holdfast/steps"
)

// Claims are what a project adds to the words that its e-mails should not say.
type Claims struct {
	Banned      []string // phrases, in any case
	Competitors []string // names not to be spoken ill of
}

func (ld *loader) claims(n *source.Node) Claims {
	n.Strict(&ld.diags, "claims", "banned", "competitors")
	return Claims{
		Banned:      n.Get("banned").Words(&ld.diags, "banned"),
		Competitors: n.Get("competitors").Words(&ld.diags, "competitors"),
	}
}

// phrase matches one of some phrases as whole words, however their words are spaced.
func phrase(phrases ...string) *regexp.Regexp {
	alts := make([]string, len(phrases))
	for i, p := range phrases {
		words := strings.Fields(p)
		for j, w := range words {
			words[j] = regexp.QuoteMeta(w)
		}
		alts[i] = strings.Join(words, `[\s\x{a0}]+`)
	}
	return regexp.MustCompile(`(?i)(^|[^\pL\pN])(` + strings.Join(alts, "|") + `)($|[^\pL\pN])`)
}

var hidden = regexp.MustCompile(`(?s)\{%-?\s*comment\s*-?%\}.*?\{%-?\s*endcomment\s*-?%\}`)

// mails visits the text of each e-mail template in use, in every language, once.
// Comments are blanked.
func (ld *loader) mails(visit func(file, text string)) {
	seen := map[string]bool{}
	for _, c := range ld.compiled {
		for _, st := range c.book.Program.Steps {
			e, ok := st.Spec.(*steps.Email)
			if !ok || seen[e.Template] {
				continue
			}
			seen[e.Template] = true
			for _, v := range ld.variants(e.Template) {
				visit(v.File, hidden.ReplaceAllStringFunc(ld.files[v.File], blank))
			}
		}
	}
}

// blank is as long as s and has its lines.
func blank(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' {
			return r
		}
		return ' '
	}, s)
}

// spot is the span of text[from:to] in a file; what goes on in the next line is cut.
func (ld *loader) spot(file, text string, from, to int) diag.Span {
	line := 1 + strings.Count(text[:from], "\n")
	start := strings.LastIndexByte(text[:from], '\n') + 1
	if i := strings.IndexByte(text[from:to], '\n'); i >= 0 {
		to = from + i
	}
	return in(ld.shown(file), line, text[start:], from-start, to-start)
}

// find is each place of a word in a template.
func (ld *loader) find(file, word string) []diag.Span {
	text := ld.files[file]
	var out []diag.Span
	for _, m := range regexp.MustCompile(`(^|[^\w.])(`+regexp.QuoteMeta(word)+`)($|[^\w])`).FindAllStringSubmatchIndex(text, -1) {
		out = append(out, ld.spot(file, text, m[4], m[5]))
	}
	return out
}
