package project

import (
	"slices"

	"holdfast/internal/diag"
	"holdfast/internal/mail"
)

var localeFallback = check{
	Check: diag.Check{
		Name: "locale-fallback", Severity: diag.Warning,
		Summary: "A template stands in some languages only, and none in the project's language, or without one, is there for all others.",
		Why:     "A contact whose language has no file gets the one in the account's language, then in the project's, then the file without a language. Where all are missing, the message is not sent.",
	},
	run: func(ld *loader, r reporter) {
		for _, name := range ld.templateNames() {
			vs := ld.variants(name)
			all := append(mail.Chain(ld.p.Settings.Locale), "")
			if len(vs) > 0 && !slices.ContainsFunc(vs, func(v mail.Variant) bool { return slices.Contains(all, v.Locale) }) {
				at := diag.Span{File: ld.shown(vs[0].File), Line: 1, Col: 1, End: 2}
				r.say(at, "add templates/"+name+".md", "a contact of any language but %s gets no message", vs[0].Locale)
			}
		}
	},
}
