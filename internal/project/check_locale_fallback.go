package project

import (
	"slices"

	"holdfast/internal/diag"
	"holdfast/internal/mail"
)

var localeFallback = check{
	Check: diag.Check{
		Name: "locale-fallback", Severity: diag.Warning,
		Summary: "A template stands in some languages only, and none without a language is there for all others.",
		Why:     "A contact whose language has no file gets the file without a language. Where that is missing too, the message is not sent.",
	},
	run: func(ld *loader, r reporter) {
		for _, name := range ld.templateNames() {
			vs := ld.variants(name)
			if len(vs) > 0 && !slices.ContainsFunc(vs, func(v mail.Variant) bool { return v.Locale == "" }) {
				at := diag.Span{File: ld.shown(vs[0].File), Line: 1, Col: 1, End: 2}
				r.say(at, "add templates/"+name+".md", "a contact of any language but %s gets no message", vs[0].Locale)
			}
		}
	},
}
