package project

import (
	"regexp"
	"slices"
	"strings"

	"holdfast/internal/diag"
	"holdfast/internal/source"
)

var unusedRule = check{
	Check: diag.Check{
		Name: "unused-rule", Severity: diag.Note,
		Summary: "A segment, decision, score or metric of the project that nothing reads.",
		Why:     "It is kept up to date for nobody, and whoever reads the rules believes that it decides something.",
	},
	run: func(ld *loader, r reporter) {
		if ld.only != "" {
			return
		}
		mine := slices.ContainsFunc(ld.ruleDocs, func(doc *source.Node) bool {
			return rootOf[doc.Pairs()[0].Key.Text()] != "" && !strings.HasPrefix(doc.File(), "library/")
		})
		if !mine {
			return // most projects have the library's alone: nothing to look for
		}
		read := map[string]bool{}
		for file, text := range ld.p.Sources {
			if !strings.HasSuffix(file, ".test.yaml") {
				for _, m := range rulesRead.FindAllString(text, -1) {
					read[m] = true
				}
			}
		}
		for _, doc := range ld.ruleDocs {
			kind := doc.Pairs()[0]
			root := rootOf[kind.Key.Text()]
			if root == "" || strings.HasPrefix(doc.File(), "library/") || read[root+"."+kind.Value.Text()] {
				continue
			}
			r.say(kind.Value.Span(), "read it as "+root+"."+kind.Value.Text()+", or delete it", "nothing reads %s %q", kind.Key.Text(), kind.Value.Text())
		}
	},
}

var rulesRead = regexp.MustCompile(`\b(segment|decide|score|metric)\.[A-Za-z_][A-Za-z0-9_]*`)

// rootOf is the name below which expressions find a kind of rule.
var rootOf = map[string]string{"segment": "segment", "decision": "decide", "score": "score", "metric": "metric"}
